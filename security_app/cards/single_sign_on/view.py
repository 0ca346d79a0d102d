"""How the Single sign-on card looks."""

import reflex as rx

from security_app.cards.single_sign_on.domains import domains_to_prove
from security_app.cards.single_sign_on.state import SingleSignOnState
from security_app.ui.button import danger_button, plain_button
from security_app.ui.card import card
from security_app.ui.code_proof import proof_fields
from security_app.ui.copy_button import copy_button
from security_app.ui.dialog import dialog_form, steps_dialog
from security_app.ui.entry_frame import callout
from security_app.ui.form_field import form_field, username_hint
from security_app.ui.skeleton import skeleton_lines
from security_app.web.shell_state import ShellState


def _redirect_address(which: str) -> rx.Component:
    return rx.fragment(
        rx.el.label("Redirect address", html_for=f"{which}-redirect", class_name="label"),
        rx.el.div(
            rx.el.output(
                SingleSignOnState.redirect_uri, id=f"{which}-redirect", class_name="secret"
            ),
            copy_button(SingleSignOnState.redirect_uri, "Copy redirect address"),
            class_name="secret-line",
        ),
    )


def _head(title: str, description: str | rx.Component) -> rx.Component:
    return rx.fragment(
        rx.dialog.title(title, class_name="dialog-title"),
        rx.dialog.description(description, class_name="dialog-description"),
    )


def _description_fields(scope: str, *, is_new: bool) -> rx.Component:
    """The fields that describe the provider."""

    def field(label: str, name: str, now: rx.Var[str], help_text: str) -> rx.Component:
        return form_field(
            label,
            name,
            errors=SingleSignOnState.errors,
            scope=scope,
            help_text=help_text,
            default_value="" if is_new else now,
            auto_complete="off",
            auto_capitalize="none",
        )

    kept = "" if is_new else "Leave it empty to keep the present one."
    state = SingleSignOnState
    return rx.fragment(
        field("Name", "name", state.name, "What your people call the provider, like “Okta”."),
        field(
            "Issuer",
            "issuer",
            state.issuer,
            "As the provider shows it, like https://example.okta.com",
        ),
        field("Client ID", "client_id", state.client_id, ""),
        form_field(
            "Client secret",
            "client_secret",
            errors=state.errors,
            scope=scope,
            help_text=kept,
            is_required=is_new,
            type="password",
            auto_complete="off",
        ),
        form_field(
            "Domains",
            "domains",
            errors=state.errors,
            scope=scope,
            help_text=(
                "Whose addresses it signs in, like example.com. Each counts once it is "
                "proven to be yours; the card says how."
            ),
            default_value="" if is_new else state.described,
            max_length=3000,
            auto_complete="off",
            auto_capitalize="none",
        ),
    )


def _form(scope: str, *before: rx.Component, is_new: bool) -> rx.Component:
    return dialog_form(
        *before,
        username_hint(ShellState.email),
        _description_fields(scope, is_new=is_new),
        proof_fields(SingleSignOnState, scope=scope),
        on_submit=SingleSignOnState.save,
        submit_label="Save",
        is_busy=SingleSignOnState.is_busy,
        errors=SingleSignOnState.errors,
    )


def _set_up() -> rx.Component:
    return rx.fragment(
        _head(
            "Set up single sign-on",
            "Make a web application with OpenID Connect at your identity provider and copy "
            "its particulars here. The redirect address it asks for is shown next.",
        ),
        _form("set-up-sso", is_new=True),
    )


def _change() -> rx.Component:
    warning = rx.cond(
        SingleSignOnState.members,
        callout(
            f"{SingleSignOnState.members}. Another issuer disconnects them: each is told by "
            "mail and connects again.",
            "warning",
        ),
    )
    return rx.fragment(
        _head("Change single sign-on", "It holds from the next sign-in on."),
        _form("change-sso", warning, is_new=False),
    )


def _remove() -> rx.Component:
    members = SingleSignOnState.members
    after = ". They are told by mail, and sign in with a password from now on."
    return rx.fragment(
        _head(
            "Remove single sign-on",
            rx.fragment(
                "Nobody signs in through ",
                rx.el.strong(SingleSignOnState.name),
                " any more. ",
                rx.cond(members, rx.fragment(members, after), "So far nobody does."),
            ),
        ),
        dialog_form(
            username_hint(ShellState.email),
            proof_fields(SingleSignOnState, scope="remove-sso"),
            on_submit=SingleSignOnState.remove,
            submit_label="Remove",
            is_busy=SingleSignOnState.is_busy,
            errors=SingleSignOnState.errors,
            is_danger=True,
        ),
    )


def _done() -> rx.Component:
    return rx.fragment(
        _head(
            "Single sign-on is set up",
            "One thing is left: register this redirect address at your identity provider. "
            "Then members choose “Continue with SSO”.",
        ),
        rx.el.div(_redirect_address("dialog"), class_name="secret-block"),
        rx.cond(
            SingleSignOnState.waiting,
            callout(
                "Your domains are to be proven: the card shows the DNS record of each.", "warning"
            ),
        ),
        rx.el.div(
            rx.dialog.close(rx.button("Done", type="button", size="2")), class_name="dialog-actions"
        ),
    )


def _dialogs() -> rx.Component:
    return steps_dialog(
        SingleSignOnState.step,
        ("set_up", _set_up()),
        ("change", _change()),
        ("remove", _remove()),
        ("done", _done()),
        on_open_change=SingleSignOnState.toggle,
    )


def _status() -> rx.Component:
    through = rx.el.strong(SingleSignOnState.name)
    on = rx.cond(
        SingleSignOnState.domains,
        rx.fragment("Members sign in through ", through, f" ({SingleSignOnState.domains})."),
        rx.fragment("Nobody signs in through ", through, " yet: none of its domains is proven."),
    )
    off = rx.cond(
        SingleSignOnState.may_change,
        "Let members sign in through your organization's identity provider.",
        "Members sign in with passwords of their own.",
    )
    return rx.cond(
        SingleSignOnState.is_loaded,
        rx.el.p(rx.cond(SingleSignOnState.name, on, off)),
        skeleton_lines(1),
    )


def _actions() -> rx.Component:
    start = SingleSignOnState.start
    return rx.cond(
        SingleSignOnState.is_loaded & SingleSignOnState.may_change,
        rx.cond(
            SingleSignOnState.name,
            rx.fragment(
                plain_button("Change", on_click=start("change")),
                danger_button("Remove", on_click=start("remove")),
            ),
            plain_button("Set up single sign-on", on_click=start("set_up")),
        ),
    )


def single_sign_on_card() -> rx.Component:
    """Build the Single sign-on card with its dialogs."""
    return card(
        "single_sign_on",
        "Single sign-on",
        rx.cond(
            SingleSignOnState.redirect_uri,
            rx.el.div(
                rx.el.div(_redirect_address("card"), class_name="row-words"), class_name="row"
            ),
        ),
        domains_to_prove(),
        _dialogs(),
        status=_status(),
        actions=_actions(),
    )
