"""The pages of docs/ say what the program does."""

import re
from pathlib import Path

from security_app.api.app import build_json_api
from security_app.policy import Policy
from security_app.settings import Settings

_DOCS = Path(__file__).parents[1] / "docs"
_NAME = re.compile(r"`([A-Z][A-Z_]+)`")
_ROUTE = re.compile(r"^\| `(GET|POST|PUT|DELETE|PATCH) ([^`?]+)[^`]*`", re.MULTILINE)


def _documented() -> set[str]:
    first_cells = [
        line.split("|")[1]
        for line in (_DOCS / "configure.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    return {name for cell in first_cells for name in _NAME.findall(cell)}


def test_every_variable_is_documented_and_none_is_made_up() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    policy = {f"POLICY_{name.upper()}" for name in Policy.model_fields}
    assert _documented() == settings | policy


def _defaults() -> dict[str, str]:
    """Every plain default the page gives, by variable."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:3]]
        for line in (_DOCS / "configure.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    return {
        name[1:-1]: default[1:-1] for name, default in rows if re.fullmatch(r"`[^` $]+`", default)
    }


def test_every_default_is_as_documented() -> None:
    fields = {name.upper(): field for name, field in Settings.model_fields.items()}
    fields |= {f"POLICY_{name.upper()}": field for name, field in Policy.model_fields.items()}
    documented = _defaults()
    assert len(documented) > 15
    live = {name: str(fields[name].default) for name in documented}
    assert documented == {
        name: value.lower() if value in {"True", "False"} else value for name, value in live.items()
    }


def test_every_route_of_the_api_is_documented_and_none_is_made_up() -> None:
    paths = build_json_api().openapi()["paths"]
    live = {
        (method.upper(), re.sub(r"\{\w+\}", "{id}", path.removeprefix("/v1")))
        for path, methods in paths.items()
        for method in methods
    }
    documented = set(_ROUTE.findall((_DOCS / "api.md").read_text()))
    assert documented == live
