"""The style sheets of Radix, without the colours the product does not use."""

from typing import Any, Final

import reflex as rx

from security_app.ui import theme

_PACKAGE: Final = "@radix-ui/themes"


class LeanRadixThemes(rx.plugins.RadixThemesPlugin):
    """Radix Themes with the colour scales ``theme.py`` names, instead of all thirty.

    The parts are those of
    https://www.radix-ui.com/themes/docs/theme/color#individual-css-files: every
    visitor's browser loads them, and computes their variables for every page.
    """

    def get_stylesheet_paths(self, **context: Any) -> tuple[str, ...]:
        """The parts of Radix's style sheet, in its own order."""
        del context
        scales = (f"tokens/colors/{scale}" for scale in theme.colour_scales())
        parts = (*scales, "tokens/base", "components", "utilities")
        return tuple(f"{_PACKAGE}/{part}.css" for part in parts)
