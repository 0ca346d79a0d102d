"""How the build cuts its scripts (B-6)."""

import pytest
from reflex.utils.frontend_skeleton import _compile_vite_config
from reflex_base.config import get_config

from security_app.web.bundle import with_few_files


def test_what_reflex_writes_gets_one_more_group() -> None:
    written = _compile_vite_config(get_config())
    ours = with_few_files(written)
    assert ours.count('name: "shared"') == 1
    assert ours.index('name: "reflex-env"') < ours.index('name: "shared"') < ours.index("server: {")
    assert ours.replace(" ", "").count("{") == ours.replace(" ", "").count("}")


def test_it_is_added_once() -> None:
    once = with_few_files(_compile_vite_config(get_config()))
    assert with_few_files(once) == once


def test_another_way_of_writing_it_is_told() -> None:
    with pytest.raises(RuntimeError, match=r"vite\.config\.js"):
        with_few_files("export default defineConfig({});")
