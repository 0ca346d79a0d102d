"""Every design decision of the product, in one place.

Change a value here and every card, dialog and page follows. The values reach
the stylesheet ``assets/ui.css`` as CSS variables; that file holds layout only.
"""

from typing import Final

import reflex as rx

#: The name people see, in the header, in page titles and in the browser tab.
PRODUCT_NAME: Final = "Security Centre"
PRODUCT_ICON: Final = "shield-check"

#: Radix scales. Indigo keeps white button text above AA contrast (4.5:1) in both modes.
ACCENT: Final = "indigo"
GRAY: Final = "slate"
RADIUS: Final = "medium"
SCALING: Final = "100%"

#: Status word -> Radix scale. Red is for turning protection off, nothing else.
STATUS_COLOURS: Final = {
    "neutral": "gray",
    "info": "indigo",
    "success": "green",
    "warning": "amber",
    "error": "red",
}
STATUS_ICONS: Final = {
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "error": "circle-alert",
}

#: Card slug -> icon. A new card is one line here.
CARD_ICONS: Final = {
    "name": "user-round",
    "email": "at-sign",
    "delete_account": "user-round-x",
    "password": "key-round",
    "two_factor": "shield-check",
    "totp": "smartphone",
    "email_code": "mail",
    "pin": "lock-keyhole",
    "connected_accounts": "link",
    "coverage": "list-checks",
    "api_keys": "square-terminal",
    "sessions": "monitor-smartphone",
    "sign_ins": "history",
    "sign_in_history": "history",
    "security_log": "scroll-text",
    "organization": "building-2",
    "members": "users-round",
    "invitations": "user-round-plus",
    "releases": "package",
    "single_sign_on": "id-card",
    "mail": "mail",
}
#: Kind of device -> icon.
DEVICE_ICONS: Final = {
    "desktop": "monitor",
    "phone": "smartphone",
    "tablet": "tablet",
    "api": "terminal",
    "unknown": "circle-help",
}
ICON_PX: Final = 18
SMALL_ICON_PX: Final = 16

#: CSS variables: what ``assets/ui.css`` builds on. Colours are Radix steps, so both modes follow.
VARIABLES: Final = {
    "page-width": "64rem",
    "card-width": "45rem",
    "entry-width": "25rem",
    "dialog-width": "28rem",
    "nav-width": "13rem",
    "header-height": "3.5rem",
    "space-card": "1.5rem",
    "space-between-cards": "1.25rem",
    "space-edge": "1.5rem",
    "space-edge-phone": "1rem",
    "radius-card": "var(--radius-4)",
    "radius-control": "var(--radius-2)",
    "font": "var(--default-font-family)",
    "font-mono": "var(--code-font-family)",
    "text": "var(--gray-12)",
    "text-muted": "var(--gray-11)",
    "text-link": "var(--accent-11)",
    "text-error": "var(--red-11)",
    "line": "var(--gray-a5)",
    "line-soft": "var(--gray-a4)",
    "hover": "var(--gray-a3)",
    "selected": "var(--accent-a3)",
    "focus": "var(--accent-8)",
    "shadow-card": "0 1px 2px rgb(0 0 0 / 4%)",
    "shadow-float": "0 8px 24px rgb(0 0 0 / 14%), 0 2px 6px rgb(0 0 0 / 8%)",
    "strength-0": "var(--red-9)",
    "strength-1": "var(--red-9)",
    "strength-2": "var(--amber-9)",
    "strength-3": "var(--green-9)",
    "strength-4": "var(--green-10)",
    "motion": "120ms",
}
#: What differs between the modes and is no Radix step.
LIGHT_VARIABLES: Final = {"surface": "var(--gray-2)", "panel": "#ffffff"}
DARK_VARIABLES: Final = {"surface": "var(--gray-1)", "panel": "var(--gray-2)"}

_STYLESHEET: Final = "ui.css"


def page_title(name: str) -> str:
    """Name a page in the browser tab.

    Args:
        name: What the page is about, e.g. "Sign in".

    Returns:
        The full title.
    """
    return f"{name} · {PRODUCT_NAME}"


def radix_theme() -> rx.Component:
    """Build the Radix theme the whole app stands in.

    Returns:
        The component to hand to ``RadixThemesPlugin(theme=...)``.
    """
    return rx.theme(
        accent_color=ACCENT,
        gray_color=GRAY,
        radius=RADIUS,
        scaling=SCALING,
        panel_background="solid",
        has_background=True,
    )


def colour_scales() -> list[str]:
    """List the Radix scales in use; another one has to be named above to have a colour.

    Returns:
        Names in alphabetical order.
    """
    return sorted({ACCENT, GRAY, "gray", *STATUS_COLOURS.values()})


def stylesheets() -> list[str]:
    """List the stylesheets of the app, relative to ``assets``.

    Returns:
        The list to hand to ``rx.App(stylesheets=...)``.
    """
    return [_STYLESHEET]


def _rule(selector: str, variables: dict[str, str]) -> str:
    body = "".join(f"--ui-{name}:{value};" for name, value in variables.items())
    return f"{selector}{{{body}}}"


def head_components() -> list[rx.Component]:
    """Build what stands in the head of every page: the variables and the icon.

    Returns:
        The list to hand to ``rx.App(head_components=...)``.
    """
    # Dialogs are drawn in a portal beside the root theme, so every theme node gets them.
    rules = (
        _rule(".radix-themes", VARIABLES | LIGHT_VARIABLES),
        _rule(":is(.dark,.dark-theme).radix-themes,.dark .radix-themes", DARK_VARIABLES),
    )
    return [
        rx.el.style("".join(rules)),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.meta(name="color-scheme", content="light dark"),
    ]
