"""How the API keys card looks."""

import reflex as rx

from security_app.cards.api_keys.dialogs import key_dialogs
from security_app.cards.api_keys.making import NewKeyState
from security_app.cards.api_keys.state import ApiKeysState, KeyRow
from security_app.ui.badge import badge
from security_app.ui.button import plain_button
from security_app.ui.card import card
from security_app.ui.copy_button import copy_button
from security_app.ui.relative_time import relative_time
from security_app.ui.show_more import show_more
from security_app.ui.skeleton import skeleton_lines, skeleton_rows
from security_app.ui.submit_button import action_button
from security_app.web.notices import NoticesState
from security_app.web.shell_state import ShellState
from security_app.web.step_up_state import StepUpState


def _status() -> rx.Component:
    words = rx.match(
        ApiKeysState.working,
        (0, rx.cond(ApiKeysState.rows.length() > 0, "No key works now.", "None yet.")),
        (1, "1 key works, without a second factor."),
        f"{ApiKeysState.working} keys work, without a second factor.",
    )
    return rx.cond(ApiKeysState.is_loaded, rx.el.p(words), skeleton_lines(1))


def _mark(row: rx.Var[KeyRow]) -> rx.Component:
    return rx.fragment(
        rx.match(
            row.status,
            ("replaced", badge("Replaced", "neutral")),
            ("expired", badge("Expired", "neutral")),
            rx.cond(row.ends_soon, badge("Expires soon", "warning")),
        )
    )


def _ends(row: rx.Var[KeyRow]) -> rx.Component:
    return rx.el.span(
        rx.match(
            row.status,
            ("replaced", "Stops working "),
            ("expired", "Expired "),
            "Expires ",
        ),
        relative_time(row.expires_at, is_day=(row.status == "active") & ~row.ends_soon),
        class_name="unbroken",
    )


def _last_used(row: rx.Var[KeyRow]) -> rx.Component:
    place = rx.cond(row.last_used_place, rx.fragment(", ", row.last_used_place))
    return rx.cond(
        row.last_used_at,
        rx.fragment("Last used ", relative_time(row.last_used_at), place),
        "Never used",
    )


def _words(row: rx.Var[KeyRow]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.strong(row.name, id=f"api-key-{row.id}", class_name="row-title"),
            _mark(row),
            class_name="row-title-line",
        ),
        rx.el.p(rx.el.code(row.hint, class_name="key-hint"), class_name="row-line"),
        rx.el.ul(
            rx.foreach(row.scopes, lambda scope: rx.el.li(scope, key=scope, class_name="scope")),
            role="list",
            aria_label="Scopes",
            class_name="scopes",
        ),
        rx.el.p(
            rx.el.span("Created ", relative_time(row.created_at), class_name="unbroken"),
            rx.el.span(" · ", class_name="separator"),
            _ends(row),
            rx.el.span(" · ", class_name="separator"),
            rx.el.span(_last_used(row)),
            class_name="row-line",
        ),
        class_name="row-words",
    )


def _actions(row: rx.Var[KeyRow]) -> rx.Component:
    rotate = plain_button(
        "Rotate",
        on_click=NewKeyState.start_rotation(row.id),
        aria_describedby=f"api-key-{row.id}",
    )
    revoke = plain_button(
        "Revoke",
        on_click=StepUpState.ask_about("revoke_api_key", row.id),
        aria_describedby=f"api-key-{row.id}",
    )
    return rx.cond(
        row.status != "expired",
        rx.el.div(
            rx.cond(row.status == "active", rotate),
            revoke,
            class_name="row-action row-actions",
        ),
    )


def _row(row: rx.Var[KeyRow]) -> rx.Component:
    return rx.el.li(
        _words(row),
        _actions(row),
        key=row.id,
        data_testid="api-key-row",
        class_name="row",
    )


def _empty() -> rx.Component:
    return rx.el.div(
        rx.el.p("No API keys", class_name="empty-title"),
        rx.el.p(
            "A key lets a script or another program use the API as you, as far as you allow, "
            "without your password and without a second factor. Create one, then try it:",
            class_name="empty-text",
        ),
        rx.el.div(
            rx.el.code(ApiKeysState.example, class_name="example"),
            copy_button(ApiKeysState.example, "Copy example"),
            class_name="example-line",
        ),
        class_name="empty",
    )


def _body() -> rx.Component:
    return rx.fragment(
        rx.cond(
            ApiKeysState.rows.length() > 0,
            rx.el.ul(
                rx.foreach(ApiKeysState.rows, _row),
                role="list",
                aria_label="API keys",
                class_name="rows",
            ),
            _empty(),
        ),
        show_more(ApiKeysState.has_more, ApiKeysState.rows, ApiKeysState.show_more),
    )


def _head_actions() -> rx.Component:
    create = rx.cond(
        ShellState.is_confirmed,
        plain_button("Create key", on_click=NewKeyState.start),
        action_button(
            "Send the confirmation again",
            settled=NoticesState.notices,
            on_click=ShellState.send_confirmation,
        ),
    )
    revoke_all = plain_button("Revoke all", on_click=StepUpState.ask("revoke_api_keys"))
    return rx.fragment(rx.cond(ApiKeysState.working > 1, revoke_all), create)


def api_keys_card() -> rx.Component:
    """Build the API keys card with its dialogs."""
    return card(
        "api_keys",
        "API keys",
        rx.cond(ApiKeysState.is_loaded, _body(), skeleton_rows()),
        key_dialogs(),
        status=_status(),
        actions=rx.cond(ApiKeysState.is_loaded, _head_actions()),
    )
