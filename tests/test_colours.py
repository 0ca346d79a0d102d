"""Every colour scale of Radix that the product uses is in the build (B-6)."""

import re

from security_app.ui import theme
from security_app.ui.radix import LeanRadixThemes
from security_app.web import frontend

RADIX = frontend.WEB_DIR / "node_modules" / "@radix-ui" / "themes" / "tokens" / "colors"
USED = re.compile(r"var\(--([a-z]+)-a?(?:[1-9]|1[0-2])\)")
SCHEME = re.compile(r"""color_scheme["']?[=:] ?["']([a-z]+)["']""")


def test_every_scale_in_use_is_loaded() -> None:
    layout = (frontend.ROOT / "assets" / "ui.css").read_text()
    sources = "".join(file.read_text() for file in (frontend.ROOT / "security_app").rglob("*.py"))
    used = {*USED.findall(layout + sources), *SCHEME.findall(sources)}
    known = {file.stem for file in RADIX.glob("*.css")}
    assert {"amber", "gray", "red"} <= used & known
    assert used & known <= set(theme.colour_scales())


def test_the_parts_stand_in_radixs_own_order() -> None:
    sheets = [
        sheet.removeprefix("@radix-ui/themes/")
        for sheet in LeanRadixThemes().get_stylesheet_paths()
    ]
    assert sheets[-3:] == ["tokens/base.css", "components.css", "utilities.css"]
    assert sheets[:-3] == [f"tokens/colors/{scale}.css" for scale in theme.colour_scales()]
    assert all((RADIX.parents[1] / sheet).exists() for sheet in sheets)
