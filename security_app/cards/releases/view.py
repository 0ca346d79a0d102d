"""How the Releases card looks."""

import dataclasses
from typing import Final

import reflex as rx

from security_app.cards.releases.state import ReleaseRow, ReleasesState
from security_app.ui import theme
from security_app.ui.badge import badge
from security_app.ui.button import danger_button, plain_button
from security_app.ui.card import card
from security_app.ui.choice import choice
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.empty_state import empty_state
from security_app.ui.form_field import form_field
from security_app.ui.relative_time import relative_time
from security_app.ui.show_more import show_more
from security_app.ui.skeleton import skeleton_rows
from security_app.ui.submit_button import action_button
from security_app.web.step_up_state import StepUpState

#: State -> its badge, its colour, and the words before the time it is about.
_STATES: Final = {
    "draft": ("Draft", "neutral", "Drafted "),
    "scheduled": ("Scheduled", "info", "Starts "),
    "processing": ("Processing", "warning", "Ships "),
    "shipped": ("Shipped", "success", "Shipped "),
    "cancelled": ("Cancelled", "neutral", "Cancelled "),
}


@dataclasses.dataclass(frozen=True)
class StartChoice:
    """One time to start."""

    value: str
    label: str
    help: str


_STARTS: Final = [
    StartChoice("now", "Now", "Processing takes ten minutes."),
    StartChoice("in_1_hour", "In 1 hour", "Until then it can be cancelled freely."),
    StartChoice("in_24_hours", "In 24 hours", "Until then it can be cancelled freely."),
]


def _actions(row: rx.Var[ReleaseRow]) -> rx.Component:
    about = {"aria_describedby": f"release-{row.id}"}

    def waiting(label: str) -> rx.Component:
        return rx.el.div(
            plain_button(label, on_click=ReleasesState.ask_start(row.id), **about),
            action_button(
                "Cancel", settled=ReleasesState.rows, on_click=ReleasesState.cancel(row.id), **about
            ),
            class_name="row-action row-actions",
        )

    running = danger_button(
        "Force-cancel", on_click=StepUpState.ask_about("cancel_release", row.id), **about
    )
    return rx.cond(
        ReleasesState.may_release,
        rx.match(
            row.state,
            ("draft", waiting("Schedule")),
            ("scheduled", waiting("Reschedule")),
            ("processing", rx.el.div(running, class_name="row-action row-actions")),
            rx.fragment(),
        ),
    )


def _row(row: rx.Var[ReleaseRow]) -> rx.Component:
    badges = [(state, badge(words, look)) for state, (words, look, _) in _STATES.items()]
    times = [(state, before) for state, (_, _, before) in _STATES.items()]
    return rx.el.li(
        rx.el.div(
            rx.icon("package", size=theme.ICON_PX), class_name="row-icon", aria_hidden="true"
        ),
        rx.el.div(
            rx.el.div(
                rx.el.strong(row.name, id=f"release-{row.id}", class_name="row-title"),
                rx.match(row.state, *badges, rx.fragment()),
                class_name="row-title-line",
            ),
            rx.el.p(rx.match(row.state, *times, ""), relative_time(row.at), class_name="row-line"),
            class_name="row-words",
        ),
        _actions(row),
        key=row.id,
        data_testid="release-row",
        class_name="row",
    )


def _name_dialog() -> rx.Component:
    errors = ReleasesState.errors
    return dialog(
        None,
        dialog_form(
            form_field(
                "Release name",
                "name",
                errors=errors,
                scope="new-release",
                auto_complete="off",
                auto_focus=True,
                help_text="At most 100 characters.",
            ),
            on_submit=ReleasesState.create,
            submit_label="Create",
            is_busy=ReleasesState.is_busy,
            errors=errors,
        ),
        title="New release",
        description="It begins as a draft; nothing happens until you schedule it.",
        is_open=ReleasesState.dialog == "create",
        on_open_change=ReleasesState.toggle,
    )


def _start_dialog() -> rx.Component:
    errors = ReleasesState.errors
    return dialog(
        None,
        dialog_form(
            choice(
                "Start", "start", _STARTS, chosen="now", errors=errors, scope="schedule-release"
            ),
            on_submit=ReleasesState.schedule,
            submit_label="Schedule release",
            is_busy=ReleasesState.is_busy,
            errors=errors,
        ),
        title="Schedule release",
        description=rx.fragment("When does ", rx.el.strong(ReleasesState.subject_name), " start?"),
        is_open=ReleasesState.dialog == "schedule",
        on_open_change=ReleasesState.toggle,
    )


def _body() -> rx.Component:
    return rx.fragment(
        rx.cond(
            ReleasesState.rows.length() > 0,
            rx.el.ul(
                rx.foreach(ReleasesState.rows, _row),
                role="list",
                aria_label="Releases",
                class_name="rows",
            ),
            empty_state("No releases yet", "A release is drafted, scheduled, and then ships."),
        ),
        show_more(ReleasesState.has_more, ReleasesState.rows, ReleasesState.show_more),
    )


def releases_card() -> rx.Component:
    """Build the Releases card with its dialogs."""
    return card(
        "releases",
        "Releases",
        rx.cond(ReleasesState.is_loaded, _body(), skeleton_rows(2)),
        _name_dialog(),
        _start_dialog(),
        status="What the organization ships, latest first.",
        actions=rx.cond(
            ReleasesState.may_release,
            plain_button("New release", on_click=ReleasesState.ask_name),
        ),
    )
