"""How the check-up strip looks."""

import reflex as rx

from security_app.cards.check_up.state import Advice, CheckUpState
from security_app.ui import theme
from security_app.ui.skeleton import skeleton_lines
from security_app.ui.skip_link import in_page_link


def _advice(item: rx.Var[Advice]) -> rx.Component:
    return rx.el.li(in_page_link(item.text, item.card), key=item.text)


def _strip(icon: str, status: str, *words: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.icon(icon, size=theme.ICON_PX, aria_hidden="true"),
        rx.el.div(*words, class_name="check-up-words"),
        class_name=f"check-up check-up-{status}",
    )


def check_up_strip() -> rx.Component:
    """Build the strip at the top of the Security page."""
    count = CheckUpState.advice.length()
    todo = rx.el.p(
        rx.cond(
            count == 1,
            "1 thing would make your account safer",
            f"{count} things would make your account safer",
        ),
        class_name="check-up-title",
    )
    good = rx.el.p("Your account is well protected", class_name="check-up-title")
    return rx.el.section(
        rx.cond(
            CheckUpState.is_loaded,
            rx.cond(
                count == 0,
                _strip("shield-check", "good", good),
                _strip(
                    "shield-alert",
                    "todo",
                    todo,
                    rx.el.ul(rx.foreach(CheckUpState.advice, _advice), role="list"),
                ),
            ),
            rx.el.div(skeleton_lines(1), class_name="check-up"),
        ),
        aria_label="Security check-up",
    )
