"""How the Activity page's cards look: the whole sign-in history and the security log."""

import reflex as rx

from security_app.cards.activity.state import ActivityState, EventRow
from security_app.cards.sign_ins.view import no_sign_ins, sign_in_row
from security_app.ui.card import card
from security_app.ui.empty_state import empty_state
from security_app.ui.relative_time import relative_time
from security_app.ui.show_more import show_more
from security_app.ui.skeleton import skeleton_rows


def _event_row(row: rx.Var[EventRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.text, class_name="row-title"),
            rx.el.p(row.title, rx.cond(row.place, f" · {row.place}", ""), class_name="row-line"),
            class_name="row-words",
        ),
        rx.el.span(relative_time(row.at), class_name="row-time"),
        key=row.id,
        data_testid="event-row",
        class_name="row row-plain",
    )


def _sign_ins() -> rx.Component:
    return rx.cond(
        ActivityState.sign_ins.length() > 0,
        rx.fragment(
            rx.el.ul(
                rx.foreach(ActivityState.sign_ins, sign_in_row),
                role="list",
                aria_label="Sign-in history",
                class_name="rows",
            ),
            show_more(
                ActivityState.has_more_sign_ins,
                ActivityState.sign_ins,
                ActivityState.more_sign_ins,
            ),
        ),
        no_sign_ins(),
    )


def _events() -> rx.Component:
    return rx.cond(
        ActivityState.events.length() > 0,
        rx.fragment(
            rx.el.ul(
                rx.foreach(ActivityState.events, _event_row),
                role="list",
                aria_label="Security log",
                class_name="rows",
            ),
            show_more(
                ActivityState.has_more_events, ActivityState.events, ActivityState.more_events
            ),
        ),
        empty_state("Nothing here yet", "Each change to your account's security appears here."),
    )


def sign_in_history_card() -> rx.Component:
    """Build the Sign-in history card."""
    return card(
        "sign_in_history",
        "Sign-in history",
        rx.cond(ActivityState.is_loaded, _sign_ins(), skeleton_rows(5)),
        status="Every attempt to sign in to your account, latest first.",
    )


def security_log_card() -> rx.Component:
    """Build the Security log card."""
    return card(
        "security_log",
        "Security log",
        rx.cond(ActivityState.is_loaded, _events(), skeleton_rows(3)),
        status="What changed, and from where.",
    )
