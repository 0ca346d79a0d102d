"""How the Members card looks."""

import reflex as rx

from security_app.cards.members.state import MemberRow, MembersState
from security_app.ui import theme
from security_app.ui.badge import badge
from security_app.ui.button import plain_button
from security_app.ui.card import card
from security_app.ui.choice import choice
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.relative_time import relative_time
from security_app.ui.show_more import show_more
from security_app.ui.skeleton import skeleton_rows
from security_app.ui.submit_button import action_button


def _title(row: rx.Var[MemberRow]) -> rx.Component:
    return rx.el.div(
        rx.el.span(
            rx.el.strong(row.title),
            rx.cond(row.is_self, rx.el.span(" (you)", class_name="row-soft")),
            id=f"member-{row.id}",
            class_name="row-title",
        ),
        badge(row.role_name),
        rx.match(
            row.two_factor,
            ("on", badge("2FA on", "success")),
            ("off", badge("2FA off", "warning")),
            ("managed", badge("Managed by SSO", "info")),
            rx.fragment(),
        ),
        class_name="row-title-line",
    )


def _lines(row: rx.Var[MemberRow]) -> rx.Component:
    return rx.fragment(
        rx.cond(row.email, rx.el.p(row.email, class_name="row-line")),
        rx.el.p(
            rx.el.span("Joined ", relative_time(row.joined_at), class_name="unbroken"),
            rx.cond(
                row.reminded_at,
                rx.fragment(
                    rx.el.span(" · ", class_name="separator"),
                    rx.el.span("Reminded ", relative_time(row.reminded_at), class_name="unbroken"),
                ),
            ),
            class_name="row-line",
        ),
    )


def _actions(row: rx.Var[MemberRow]) -> rx.Component:
    about = {"aria_describedby": f"member-{row.id}"}
    return rx.cond(
        row.may_change | row.may_remove | row.may_remind,
        rx.el.div(
            rx.cond(
                row.may_remind,
                action_button(
                    "Remind",
                    settled=MembersState.rows,
                    on_click=MembersState.remind(row.id),
                    **about,
                ),
            ),
            rx.cond(
                row.may_change,
                plain_button("Change role", on_click=MembersState.ask_role(row.id), **about),
            ),
            rx.cond(
                row.may_remove,
                plain_button("Remove", on_click=MembersState.ask_removal(row.id), **about),
            ),
            class_name="row-action row-actions",
        ),
    )


def _row(row: rx.Var[MemberRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.icon("user-round", size=theme.ICON_PX), class_name="row-icon", aria_hidden="true"
        ),
        rx.el.div(_title(row), _lines(row), class_name="row-words"),
        _actions(row),
        key=row.id,
        data_testid="member-row",
        class_name="row",
    )


def _role_dialog() -> rx.Component:
    errors = MembersState.errors
    return dialog(
        None,
        dialog_form(
            choice(
                "Role",
                "role",
                MembersState.roles,
                chosen=MembersState.subject_role,
                errors=errors,
                scope="change-role",
            ),
            on_submit=MembersState.change_role,
            submit_label="Save",
            is_busy=MembersState.is_busy,
            errors=errors,
        ),
        title="Change role",
        description=rx.fragment(
            rx.el.strong(MembersState.subject_name),
            " is told by mail and can do from now on what the role allows.",
        ),
        is_open=MembersState.dialog == "role",
        on_open_change=MembersState.toggle,
    )


def _removal_dialog() -> rx.Component:
    return dialog(
        None,
        dialog_form(
            on_submit=MembersState.remove,
            submit_label="Remove",
            is_busy=MembersState.is_busy,
            errors=MembersState.errors,
            is_danger=True,
        ),
        title="Remove member",
        description=rx.fragment(
            rx.el.strong(MembersState.subject_name),
            " loses access at once and is told by mail. Invitations they sent are withdrawn.",
        ),
        is_open=MembersState.dialog == "remove",
        on_open_change=MembersState.toggle,
    )


def _body() -> rx.Component:
    return rx.fragment(
        rx.el.ul(
            rx.foreach(MembersState.rows, _row),
            role="list",
            aria_label="Members",
            class_name="rows",
        ),
        show_more(MembersState.has_more, MembersState.rows, MembersState.show_more),
    )


def members_card() -> rx.Component:
    """Build the Members card with its dialogs."""
    return card(
        "members",
        "Members",
        rx.cond(MembersState.is_loaded, _body(), skeleton_rows()),
        _role_dialog(),
        _removal_dialog(),
        status="Who belongs to the organization, and as what.",
    )
