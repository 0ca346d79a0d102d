"""Notices: what just happened, announced, dismissable, never over a control."""

from typing import Any

import reflex as rx

from security_app.ui import theme
from security_app.web.notices import NoticesState


def _notice(notice: rx.Var[Any]) -> rx.Component:
    icon = rx.match(
        notice.kind,
        *(
            (kind, rx.icon(name, size=theme.ICON_PX, aria_hidden="true"))
            for kind, name in theme.STATUS_ICONS.items()
        ),
        rx.icon(theme.STATUS_ICONS["info"], size=theme.ICON_PX, aria_hidden="true"),
    )
    return rx.el.div(
        rx.el.span(icon, class_name="notice-icon"),
        rx.el.p(
            notice.text,
            rx.cond(
                notice.path,
                rx.fragment(" ", rx.el.a(notice.link, href=notice.path, class_name="text-link")),
            ),
            class_name="notice-text",
        ),
        rx.el.button(
            rx.icon("x", size=theme.SMALL_ICON_PX, aria_hidden="true"),
            type="button",
            aria_label="Dismiss",
            on_click=NoticesState.dismiss(notice.id),
            class_name="icon-button",
        ),
        key=notice.id,
        data_kind=notice.kind,
        data_testid="notice",
        class_name="notice",
    )


def notices() -> rx.Component:
    """Build the two live regions: polite for news, assertive for errors.

    Returns:
        The regions; both are always in the page, so that screen readers watch them.
    """
    return rx.el.div(
        rx.el.div(
            rx.foreach(
                NoticesState.notices,
                lambda notice: rx.cond(notice.kind == "error", _notice(notice)),
            ),
            role="alert",
        ),
        rx.el.div(
            rx.foreach(
                NoticesState.notices,
                lambda notice: rx.cond(notice.kind != "error", _notice(notice)),
            ),
            role="status",
            aria_live="polite",
        ),
        class_name="notices",
    )
