"""How the Sessions card looks."""

import reflex as rx

from security_app.cards.sessions.state import SessionRow, SessionsState
from security_app.ui import theme
from security_app.ui.badge import badge
from security_app.ui.button import plain_button
from security_app.ui.card import card
from security_app.ui.empty_state import empty_state
from security_app.ui.form_field import form_field
from security_app.ui.inline_form import inline_focus
from security_app.ui.relative_time import relative_time
from security_app.ui.show_more import show_more
from security_app.ui.skeleton import skeleton_lines, skeleton_rows
from security_app.ui.submit_button import action_button, submit_button


def _status() -> rx.Component:
    others = rx.match(
        SessionsState.others,
        (0, "You are signed in here only."),
        (1, "You are signed in here and in 1 other place."),
        f"You are signed in here and in {SessionsState.others} other places.",
    )
    return rx.cond(SessionsState.is_loaded, rx.el.p(others), skeleton_lines(1))


def _device_icon(row: rx.Var[SessionRow]) -> rx.Component:
    icons = [(kind, rx.icon(name, size=theme.ICON_PX)) for kind, name in theme.DEVICE_ICONS.items()]
    unknown = rx.icon(theme.DEVICE_ICONS["unknown"], size=theme.ICON_PX)
    return rx.el.span(
        rx.match(row.kind, *icons, unknown), class_name="row-icon", aria_hidden="true"
    )


def _title(row: rx.Var[SessionRow]) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            rx.cond(
                row.name,
                rx.fragment(
                    rx.el.strong(row.name), rx.el.span(" · ", row.title, class_name="row-soft")
                ),
                rx.el.strong(row.title),
            ),
            id=f"session-{row.id}",
            class_name="row-title",
        ),
        rx.cond(row.is_current, badge("Current session", "success")),
        class_name="row-title-line",
    )


def _actions(row: rx.Var[SessionRow]) -> rx.Component:
    return rx.el.div(
        rx.el.button(
            rx.icon("pencil", size=theme.SMALL_ICON_PX, aria_hidden="true"),
            type="button",
            id=f"rename-{row.id}",
            title="Rename",
            aria_label="Rename",
            aria_describedby=f"session-{row.id}",
            on_click=SessionsState.start_renaming(row.id),
            class_name="icon-button",
        ),
        action_button(
            "Sign out",
            settled=SessionsState.rows,
            on_click=SessionsState.sign_out(row.id),
            aria_describedby=f"session-{row.id}",
        ),
        class_name="row-action",
    )


def _rename_form(row: rx.Var[SessionRow]) -> rx.Component:
    return rx.el.form(
        rx.el.input(type="hidden", name="session_id", value=row.id, read_only=True),
        form_field(
            "Name of this session",
            "name",
            errors=SessionsState.errors,
            scope="rename-session",
            is_required=False,
            default_value=row.name,
            auto_complete="off",
            size="2",
        ),
        rx.el.div(
            submit_button("Save name", is_busy=SessionsState.is_busy, errors=SessionsState.errors),
            plain_button(
                "Cancel",
                on_click=SessionsState.stop_renaming,
                custom_attrs={"data-cancel": "true"},
            ),
            class_name="inline-actions",
        ),
        inline_focus(f"rename-{row.id}"),
        on_submit=SessionsState.rename,
        method="post",
        no_validate=True,
        class_name="inline-form",
    )


@rx.memo
def session_row(row: rx.Var[SessionRow], is_renaming: rx.Var[bool]) -> rx.Component:
    """A session; drawn again when it changes itself, not with each change in the card."""
    return rx.el.li(
        _device_icon(row),
        rx.el.div(
            _title(row),
            rx.el.p(row.place, " · Opened with ", row.opened_by, class_name="row-line"),
            rx.el.p(
                rx.el.span("Signed in ", relative_time(row.opened_at), class_name="unbroken"),
                rx.el.span(" · ", class_name="separator"),
                rx.el.span(
                    "Last active ", relative_time(row.last_active_at), class_name="unbroken"
                ),
                class_name="row-line",
            ),
            rx.cond(is_renaming, _rename_form(row)),
            class_name="row-words",
        ),
        _actions(row),
        data_testid="session-row",
        class_name="row",
    )


def _row(row: rx.Var[SessionRow]) -> rx.Component:
    return session_row(row=row, is_renaming=SessionsState.renaming == row.id, key=row.id)


def _body() -> rx.Component:
    return rx.fragment(
        rx.el.ul(
            rx.foreach(SessionsState.rows, _row),
            role="list",
            aria_label="Sessions",
            class_name="rows",
        ),
        rx.cond(
            SessionsState.others == 0,
            empty_state(
                "No other sessions",
                "When you sign in on another device or with the API, it appears here.",
            ),
        ),
        show_more(SessionsState.has_more, SessionsState.rows, SessionsState.show_more),
    )


def sessions_card() -> rx.Component:
    """Build the Sessions card."""
    return card(
        "sessions",
        "Sessions",
        rx.cond(SessionsState.is_loaded, _body(), skeleton_rows()),
        status=_status(),
        actions=rx.cond(
            SessionsState.is_loaded & (SessionsState.others > 0),
            action_button(
                "Sign out all other sessions",
                settled=SessionsState.others,
                on_click=SessionsState.sign_out_others,
            ),
        ),
    )
