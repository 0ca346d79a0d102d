"""How the Invitations card looks."""

import reflex as rx

from security_app.cards.invitations.state import InvitationsState, OfferRow, SentRow
from security_app.ui import theme
from security_app.ui.badge import badge
from security_app.ui.button import plain_button
from security_app.ui.card import card
from security_app.ui.choice import choice
from security_app.ui.dialog import dialog, dialog_form
from security_app.ui.empty_state import empty_state
from security_app.ui.form_field import email_field
from security_app.ui.relative_time import relative_time
from security_app.ui.skeleton import skeleton_rows
from security_app.ui.submit_button import action_button
from security_app.web.notices import NoticesState
from security_app.web.shell_state import ShellState


def _icon(name: str) -> rx.Component:
    return rx.el.div(rx.icon(name, size=theme.ICON_PX), class_name="row-icon", aria_hidden="true")


def _offer(row: rx.Var[OfferRow]) -> rx.Component:
    about = {"aria_describedby": f"offer-{row.id}", "settled": NoticesState.notices}
    return rx.el.li(
        _icon("mail-open"),
        rx.el.div(
            rx.el.p(
                "You are invited to ",
                rx.el.strong(row.organization),
                " as ",
                rx.el.strong(row.role),
                " by ",
                row.by,
                ".",
                id=f"offer-{row.id}",
                class_name="row-title",
            ),
            rx.el.p("Expires ", relative_time(row.expires_at), class_name="row-line"),
            class_name="row-words",
        ),
        rx.el.div(
            action_button("Join", on_click=InvitationsState.join(row.id), **about),
            action_button("Decline", on_click=InvitationsState.decline(row.id), **about),
            class_name="row-action row-actions",
        ),
        key=row.id,
        data_testid="offer-row",
        class_name="row",
    )


def _sent(row: rx.Var[SentRow]) -> rx.Component:
    about = {"aria_describedby": f"invitation-{row.id}", "settled": NoticesState.notices}
    return rx.el.li(
        _icon("mail"),
        rx.el.div(
            rx.el.div(
                rx.el.span(row.email, id=f"invitation-{row.id}", class_name="row-title"),
                badge(row.role),
                class_name="row-title-line",
            ),
            rx.el.p(
                "Waiting for an answer · expires ",
                relative_time(row.expires_at),
                class_name="row-line",
            ),
            class_name="row-words",
        ),
        rx.cond(
            row.may_change,
            rx.el.div(
                action_button("Send again", on_click=InvitationsState.send_again(row.id), **about),
                action_button("Withdraw", on_click=InvitationsState.withdraw(row.id), **about),
                class_name="row-action row-actions",
            ),
        ),
        key=row.id,
        data_testid="invitation-row",
        class_name="row",
    )


def _dialog() -> rx.Component:
    errors = InvitationsState.errors
    return dialog(
        plain_button("Invite"),
        dialog_form(
            email_field(errors=errors, scope="invite", auto_complete="off", auto_focus=True),
            choice(
                "Role",
                "role",
                InvitationsState.roles,
                chosen="member",
                errors=errors,
                scope="invite",
            ),
            on_submit=InvitationsState.invite,
            submit_label="Send invitation",
            is_busy=InvitationsState.is_busy,
            errors=errors,
        ),
        title="Invite somebody",
        description="Whoever has this address, confirmed, can join within seven days.",
        is_open=InvitationsState.is_open,
        on_open_change=InvitationsState.toggle,
    )


def _empty() -> rx.Component:
    return rx.cond(
        InvitationsState.may_invite,
        empty_state("No invitations waiting", "Invite people by their e-mail address."),
        rx.cond(
            ShellState.is_confirmed,
            empty_state(
                "No invitations",
                f"When an organization invites {ShellState.email}, it appears here.",
            ),
            empty_state(
                "Confirm your e-mail address first",
                "Then invitations to it appear here.",
            ),
        ),
    )


def _body() -> rx.Component:
    offers, sent = InvitationsState.offers, InvitationsState.sent
    return rx.fragment(
        rx.cond(
            offers.length() > 0,
            rx.el.ul(
                rx.foreach(offers, _offer),
                role="list",
                aria_label="Invitations to you",
                class_name="rows",
            ),
        ),
        rx.cond(
            sent.length() > 0,
            rx.el.ul(
                rx.foreach(sent, _sent),
                role="list",
                aria_label="Invitations sent",
                class_name="rows",
            ),
        ),
        rx.cond((offers.length() == 0) & (sent.length() == 0), _empty()),
    )


def invitations_card() -> rx.Component:
    """Build the Invitations card with its dialog."""
    return card(
        "invitations",
        "Invitations",
        rx.cond(InvitationsState.is_loaded, _body(), skeleton_rows(1)),
        status="An invitation is good for one address, for seven days.",
        actions=rx.cond(InvitationsState.may_invite, _dialog()),
    )
