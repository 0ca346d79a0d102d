"""The buttons of other providers, above or below a form of the public pages."""

import reflex as rx

from security_app.ui.button import plain_button
from security_app.ui.form_field import form_error
from security_app.ui.submit_button import action_button
from security_app.web.entry.provider_door import Choice, ProviderDoorState


def provider_mark(key: rx.Var[str] | str) -> rx.Component:
    """Build the little sign of a provider; its name stands beside it."""
    mark = rx.match(
        key,
        ("google", rx.el.span("G", class_name="provider-mark", aria_hidden="true")),
        ("apple", rx.icon("apple", size=16, aria_hidden="true")),
        rx.icon("building-2", size=16, aria_hidden="true"),
    )
    return rx.fragment(mark)


def _button(choice: rx.Var[Choice]) -> rx.Component:
    return action_button(
        choice.label,
        settled=ProviderDoorState.errors,
        mark=provider_mark(choice.key),
        on_click=ProviderDoorState.go_on(choice.key),
        disabled=~rx.State.is_hydrated,
        class_name="provider-button",
        key=choice.key,
    )


def provider_buttons(*, with_sso: bool = True) -> rx.Component:
    """Build the buttons, with a line that sets them off from the form.

    Args:
        with_sso: Whether the way through an organization's provider is among them.

    Returns:
        The buttons, and why the last attempt failed.
    """
    sso = plain_button(
        provider_mark("sso"),
        "Continue with SSO",
        on_click=ProviderDoorState.choose_sso,
        disabled=~rx.State.is_hydrated,
        class_name="provider-button",
    )
    return rx.el.div(
        rx.el.p("or", class_name="or-line"),
        form_error(ProviderDoorState.errors),
        rx.foreach(ProviderDoorState.choices, _button),
        sso if with_sso else rx.fragment(),
        class_name="provider-buttons",
    )
