"""How the Connected accounts card looks."""

import reflex as rx

from security_app.cards.connected_accounts.state import ConnectedAccountsState, ProviderRow
from security_app.ui.button import danger_button, plain_button
from security_app.ui.card import card
from security_app.ui.dialog import dialog
from security_app.ui.empty_state import empty_state
from security_app.ui.provider_buttons import provider_mark
from security_app.ui.relative_time import relative_time
from security_app.ui.skeleton import skeleton_lines, skeleton_rows
from security_app.web.step_up_state import StepUpState


def _status() -> rx.Component:
    words = rx.match(
        ConnectedAccountsState.connected,
        (0, "No other account signs you in here."),
        (1, "1 other account signs you in here."),
        f"{ConnectedAccountsState.connected} other accounts sign you in here.",
    )
    return rx.cond(ConnectedAccountsState.is_loaded, rx.el.p(words), skeleton_lines(1))


def _facts(row: rx.Var[ProviderRow]) -> rx.Component:
    last_used = rx.fragment(
        rx.el.span(" · ", class_name="separator"),
        rx.el.span("Last used ", relative_time(row.last_used_at), class_name="unbroken"),
    )
    return rx.fragment(
        rx.cond(row.email, rx.el.p(row.email, class_name="row-line")),
        rx.el.p(
            f"{row.name} account ID ",
            rx.el.code(row.subject, class_name="provider-id"),
            class_name="row-line",
        ),
        rx.el.p(
            rx.el.span(
                "Connected ", relative_time(row.connected_at, is_day=True), class_name="unbroken"
            ),
            rx.cond(row.last_used_at, last_used),
            class_name="row-line",
        ),
        rx.cond(
            row.is_managing,
            rx.el.p("Your organization signs you in through it.", class_name="row-line"),
        ),
    )


def _what_it_brings(row: rx.Var[ProviderRow]) -> rx.Component:
    return rx.fragment(
        rx.el.p("Not connected.", class_name="row-line"),
        rx.cond(
            row.will_manage,
            rx.el.p(
                "Your organization's: once connected, it manages how you sign in.",
                class_name="row-line",
            ),
        ),
    )


def _action(row: rx.Var[ProviderRow]) -> rx.Component:
    connect = plain_button(
        f"Connect {row.name}",
        on_click=StepUpState.ask_about("connect_provider", row.key),
        loading=ConnectedAccountsState.leaving_for == row.key,
    )
    disconnect = danger_button(
        f"Disconnect {row.name}", on_click=ConnectedAccountsState.ask_to_disconnect(row.id)
    )
    return rx.el.div(
        rx.cond(row.is_managing, rx.fragment(), rx.cond(row.id, disconnect, connect)),
        class_name="row-action row-actions",
    )


def _row(row: rx.Var[ProviderRow]) -> rx.Component:
    return rx.el.li(
        rx.el.span(provider_mark(row.key), class_name="row-icon", aria_hidden="true"),
        rx.el.div(
            rx.el.div(rx.el.strong(row.name, class_name="row-title"), class_name="row-title-line"),
            rx.cond(row.id, _facts(row), _what_it_brings(row)),
            class_name="row-words",
        ),
        _action(row),
        key=row.key,
        data_testid="provider-row",
        class_name="row",
    )


def _body() -> rx.Component:
    return rx.cond(
        ConnectedAccountsState.rows.length() > 0,
        rx.el.ul(
            rx.foreach(ConnectedAccountsState.rows, _row),
            role="list",
            aria_label="Providers",
            class_name="rows",
        ),
        empty_state(
            "No provider to connect",
            "Where signing in with Google, Apple or your organization is set up, it appears here.",
        ),
    )


def _only_way_dialog() -> rx.Component:
    name = ConnectedAccountsState.only_way
    set_password = rx.button(
        "Set a password",
        type="button",
        size="2",
        on_click=[
            ConnectedAccountsState.toggle(False),
            StepUpState.ask_about("set_first_password", ConnectedAccountsState.only_way_id),
        ],
    )
    return dialog(
        None,
        rx.el.div(
            rx.dialog.close(plain_button("Cancel")), set_password, class_name="dialog-actions"
        ),
        title=f"{name} is your only way to sign in",
        description=(
            f"Without it nobody could open this account any more. Set a password first; then we "
            f"go on to disconnect {name}."
        ),
        is_open=ConnectedAccountsState.is_open,
        on_open_change=ConnectedAccountsState.toggle,
    )


def connected_accounts_card() -> rx.Component:
    """Build the Connected accounts card."""
    return card(
        "connected_accounts",
        "Connected accounts",
        rx.cond(ConnectedAccountsState.is_loaded, _body(), skeleton_rows()),
        _only_way_dialog(),
        status=_status(),
    )
