"""The one dialog that asks for proof again; every card uses it."""

import reflex as rx
from reflex_base.event import EventHandler

from security_app.accounts import email_codes, step_up
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.errors import NotOn
from security_app.accounts.step_up import Needed, Proofs
from security_app.policy import get_policy
from security_app.web.access import Events, RawForm, SignedIn
from security_app.web.code_proof import CodeProof, what_is_left
from security_app.web.context import current_actor
from security_app.web.forms import Form, Line, Secret, parse, refusals

#: action → what runs once it is granted, in the same tab.
_continuations: dict[str, EventHandler] = {}
#: action → title, explanation, name of the button, whether it turns protection off.
_WORDS: dict[str, tuple[str, str, str, bool]] = {}


def ask_before(
    action: str,
    continuation: EventHandler,
    *,
    title: str,
    explanation: str,
    button: str = "Continue",
    is_danger: bool = False,
) -> None:
    """Say what the dialog says before an action, and what it runs once granted.

    Args:
        action: a row of the step-up table.
        continuation: a handler without arguments that does the action; it spends
            the grant, so calling it without one does nothing.
    """
    _continuations[action] = continuation
    _WORDS[action] = (title, explanation, button, is_danger)


class ProofForm(Form):
    """Both fields of the dialog; which of them are shown the table says."""

    password: Secret = ""
    code: Line = ""


class StepUpState(SignedIn, CodeProof, rx.State):
    """Browser: which action is asked for, and which proofs. Proofs are never kept."""

    action: str = ""
    title: str = ""
    explanation: str = ""
    button: str = "Continue"
    is_danger: bool = False
    needs_password: bool = False
    needs_code: bool = False

    @rx.event
    async def ask(self, action: str) -> Events:
        """Open the dialog for an action; mails the code where it is the one asked.

        Policy: signed in. Limit: one mail a minute, 5 an hour, 10 a day an account.
        """
        if action not in _continuations:
            return
        wanted = await step_up.needed(current_actor(), action)
        self.title, explanation, self.button, self.is_danger = _WORDS[action]
        self.explanation = f"{explanation}{_what_goes(action, wanted)} {_what_to_enter(wanted)}"
        self.needs_password = wanted.password
        self.needs_code = bool(wanted.methods)
        self._offer(wanted.methods)
        self.errors = {}
        self.action = action
        if self.mode == "email_code":
            self.is_mailing = True
            yield
            await self._mail()

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Close the dialog. Policy: signed in."""
        if not is_open:
            self.action = ""
            self.errors = {}

    @rx.event
    async def submit(self, form: RawForm) -> Events:
        """Check the proofs; once granted, go on with the action.

        Policy: signed in, the proofs of the step-up table. Limit: 5 wrong passwords in
        5 minutes a session, 10 wrong codes in 15 minutes an account.
        """
        action = self.action
        if action not in _continuations:
            return
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(ProofForm, form)
            proofs = Proofs(filled.password, filled.code, self.mode)
            await step_up.prove(current_actor(), action, proofs)
            self.action = ""
        if not self.errors:
            yield _continuations[action]

    async def _send(self) -> MailedCode:
        if self.action not in _continuations:
            # The dialog was closed meanwhile, or granted.
            raise NotOn
        return await email_codes.send_for_step_up(current_actor(), self.action)

    async def _standing(self) -> MailedCode:
        return await email_codes.standing_for_step_up(current_actor(), self.action)


def _what_goes(action: str, wanted: Needed) -> str:
    """What turning a method on or off does to the others."""
    kind, _, method = action.partition("_")
    others = tuple(each for each in wanted.on if each != method)
    if kind == "enable" and others and get_policy().methods == "exclusive":
        return " It takes the place of the method that is on now."
    if kind == "disable" and others:
        return f" {what_is_left(others)}"
    if kind == "disable":
        return (
            " That leaves the account protected by the password alone. We recommend keeping "
            "at least one method on."
        )
    return ""


def _what_to_enter(wanted: Needed) -> str:
    """What the dialog asks for, as the table and the policy have it."""
    names = {"totp": "from your authenticator app", "email_code": "sent to you by e-mail"}
    code = f"a code {' or '.join(names[each] for each in wanted.methods if each in names)}"
    if "recovery_code" in wanted.methods:
        code += ", or one of your recovery codes"
    if wanted.password and wanted.methods:
        return f"Enter your password and {code}."
    return f"Enter {code}." if wanted.methods else "Enter your password."
