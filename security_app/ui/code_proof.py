"""The part of a form that asks for a second-factor code, of whichever method."""

import reflex as rx

from security_app.ui.button import plain_button
from security_app.ui.code_field import code_field
from security_app.ui.countdown import waiting_label
from security_app.ui.form_field import password_field
from security_app.web.code_proof import CodeProof, StepUpProof

#: Told wherever one chooses (Wevion guide).
TRADE_OFF = (
    "The app is faster, works offline and is safer; a code by e-mail is only as safe as "
    "your mailbox."
)


def code_proof(
    state: type[CodeProof], *, scope: str, submits: bool = False, takes_focus: bool = False
) -> rx.Component:
    """Build the field, where a code was mailed, and the way to another method.

    Args:
        state: What the form knows.
        scope: Name of the form.
        submits: Whether six digits submit the form by themselves.
        takes_focus: Whether the field has the focus as it appears.

    Returns:
        The part; the code is submitted as "code".
    """
    has_recovery = state.methods.contains("recovery_code")

    def field(help_text: str, *, is_numeric: bool = True, submits: bool = submits) -> rx.Component:
        return code_field(
            errors=state.errors,
            scope=scope,
            help_text=help_text,
            submits=submits,
            takes_focus=takes_focus,
            is_numeric=is_numeric,
        )

    return rx.fragment(
        rx.match(
            state.mode,
            (
                "recovery_code",
                field(
                    "One of the codes you saved, like ABCD-EFGH-IJKL-MNOP. Each works once.",
                    is_numeric=False,
                    submits=False,
                ),
            ),
            ("email_code", rx.fragment(field(""), mailed_code(state))),
            rx.cond(
                has_recovery,
                field(
                    "From your authenticator app, or one of your recovery codes.",
                    is_numeric=False,
                ),
                field("The 6 digits your authenticator app shows now."),
            ),
        ),
    )


def mailed_code(state: type[CodeProof]) -> rx.Component:
    """Build the line that says where a code was sent, with the button to ask again."""
    return rx.el.div(
        rx.el.p(
            rx.cond(
                state.is_mailing,
                "Sending a code …",
                rx.cond(
                    state.has_mailed_code,
                    f"We sent 6 digits to {state.sent_to}. They work once, for 5 minutes.",
                    "No code is on its way.",
                ),
            ),
            role="status",
            class_name="field-help",
        ),
        plain_button(
            waiting_label("Request code", state.again),
            on_click=state.request_code,
            size="1",
        ),
        class_name="mailed-code",
    )


def other_methods(state: type[CodeProof], *, offers_recovery: bool = False) -> rx.Component:
    """Build the buttons that switch to another method, where there is one.

    Args:
        state: What the form knows.
        offers_recovery: Whether a recovery code has a button of its own.

    Returns:
        The buttons, with what speaks for which where e-mail is one of them.
    """

    def switch(label: str, mode: str) -> rx.Component:
        return rx.cond(
            state.methods.contains(mode) & (state.mode != mode),
            plain_button(label, on_click=state.use(mode), size="1"),
        )

    both = state.methods.contains("totp") & state.methods.contains("email_code")
    return rx.el.div(
        rx.cond(both, rx.el.p(TRADE_OFF, class_name="field-help")),
        rx.el.div(
            switch("Use authenticator app", "totp"),
            switch("Use email code", "email_code"),
            switch("Use a recovery code", "recovery_code") if offers_recovery else rx.fragment(),
            class_name="method-switch",
        ),
        class_name="other-methods",
    )


def proof_fields(state: type[StepUpProof], *, scope: str, asks: str = "Password") -> rx.Component:
    """Build the fields of the proofs an action asks: the password, a code, or both.

    Args:
        state: What the form knows.
        scope: Name of the form.
        asks: What the password field is called.

    Returns:
        The fields, submitted as "password" and "code".
    """
    return rx.fragment(
        rx.cond(
            state.needs_password,
            password_field(asks, "password", errors=state.errors, scope=scope),
        ),
        rx.cond(
            state.mode != "",
            rx.fragment(code_proof(state, scope=scope), other_methods(state)),
        ),
    )
