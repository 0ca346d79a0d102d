"""The one dialog that asks for proof again; every card uses it."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

import reflex as rx
from reflex_base.event import EventCallback, EventHandler

from security_app.accounts import email_codes, pins, provider_step_up, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.errors import NotOn, Refused
from security_app.accounts.needed_proofs import Needed
from security_app.accounts.step_up import NO_TARGET, Proofs, Target
from security_app.clock import countdown, now
from security_app.db.engine import reading
from security_app.policy import get_policy
from security_app.web.access import Events, NextEvent, RawForm, SignedIn
from security_app.web.code_proof import StepUpProof, what_is_left
from security_app.web.context import current_actor
from security_app.web.door import DoorState
from security_app.web.forms import Form, Line, Secret, parse, refusals, tell_refusal

#: Reads the object of an action, for this person; refuses what is none of theirs.
FindTarget = Callable[[Actor, str], Awaitable[Target]]


@dataclass(frozen=True, slots=True)
class Question:
    """What the dialog says before an action, and what it runs once granted."""

    continuation: EventHandler
    title: str
    explanation: str
    button: str
    is_danger: bool
    find_target: FindTarget | None


#: action → its question.
_questions: dict[str, Question] = {}


def ask_before(
    action: str,
    continuation: EventHandler | EventCallback[str],
    *,
    title: str,
    explanation: str,
    button: str = "Continue",
    is_danger: bool = False,
    find_target: FindTarget | None = None,
) -> None:
    """Say what the dialog says before an action, and what it runs once granted.

    Args:
        action: a row of the step-up table.
        continuation: a handler that does the action; it spends the grant, so calling it
            without one does nothing. It takes the id of the object where there is one,
            else nothing.
        find_target: reads the object the action is about, for actions that have one;
            ``{name}`` in the explanation is its name.
    """
    # To the checker a decorated handler stays a callback; the framework replaces it.
    handler = cast("EventHandler", continuation)
    _questions[action] = Question(handler, title, explanation, button, is_danger, find_target)


class ProofForm(Form):
    """All fields of the dialog; which of them are shown the table says."""

    password: Secret = ""
    code: Line = ""
    pin: Line = ""
    confirmation: Line = ""


class StepUpState(SignedIn, StepUpProof, rx.State):
    """Browser: which action is asked for, which proofs, and how long a locked PIN waits.

    Proofs are never kept.
    """

    action: str = ""
    title: str = ""
    explanation: str = ""
    button: str = "Continue"
    is_danger: bool = False
    needs_pin: bool = False
    needs_confirmation: bool = False
    is_pin_disabled: bool = False
    pin_wait: str = ""
    target_id: str = ""
    provider: str = ""

    @rx.event
    async def ask(self, action: str) -> Events:
        """Open the dialog for an action; mails the code where it is the one asked.

        Policy: signed in. Limit: one mail a minute, 5 an hour, 10 a day an account.
        """
        async for step in self._ask(action, ""):
            yield step

    @rx.event
    async def ask_about(self, action: str, target_id: str) -> Events:
        """Open the dialog for an action on one object: the PIN prompt.

        Policy: signed in, own objects only. Limit: one mail a minute, 5 an hour, 10 a
        day an account.
        """
        async for step in self._ask(action, target_id):
            yield step

    async def _ask(self, action: str, target_id: str) -> Events:
        question = _questions.get(action)
        if question is None:
            return
        async with refusals(self):
            target = await _target(question, target_id)
            wanted = await step_up.needed(current_actor(), action)
        if self.errors:
            await tell_refusal(self)
            return
        self.title, self.button, self.is_danger = (
            question.title,
            question.button,
            question.is_danger,
        )
        # No format string: what people name their things may hold braces.
        explanation = question.explanation.replace("{name}", target.name)
        parts = (
            explanation,
            target.consequence,
            _what_goes(action, wanted),
            _what_to_enter(wanted, target),
        )
        self.explanation = " ".join(part for part in parts if part)
        self.needs_pin = wanted.pin
        self.needs_confirmation = wanted.confirmation
        await self._read_pin()
        self._ask_for(wanted)
        self.provider = await _provider_of(action) if wanted.stands_in else ""
        self.target_id = target.id
        self.action = action
        async for step in self._mail_if_asked():
            yield step

    @rx.event
    async def prove_at_provider(self) -> Events:
        """Leave for a fresh sign-in at the connected provider, instead of a code.

        Policy: signed in, accounts without a password and a second factor.
        """
        question = _questions.get(self.action)
        if question is None:
            return
        self.is_busy = True
        yield
        async with refusals(self):
            target = await _target(question, self.target_id)
            query = urlencode({"granted": self.action, "target": target.id})
            path = await provider_step_up.begin(
                current_actor(),
                self.action,
                target,
                next_path=f"{self.router.url.path}?changed=proof&{query}",
            )
            door = await self.get_state(DoorState)
            door.leave_to = path

    @rx.event
    async def resume(self) -> NextEvent:
        """Go on with the action a fresh sign-in at the provider was for.

        Policy: signed in; nothing without a grant of this session.
        """
        query = self.router.url.query_parameters
        action, target_id = query.get("granted", ""), query.get("target", "")
        question = _questions.get(action)
        if question is None:
            return None
        async with reading() as db:
            if not await step_up.is_granted(db, current_actor(), action, target_id):
                return None
        go_on = question.continuation
        return go_on() if question.find_target is None else go_on(target_id)  # pyright: ignore[reportReturnType]

    @rx.event
    async def load_pin(self) -> None:
        """Read anew whether the PIN that is asked for is locked. Policy: signed in."""
        if self.action:
            await self._read_pin()

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
        5 minutes a session, 10 wrong codes in 15 minutes and 5 wrong PINs an account.
        """
        action, target_id = self.action, self.target_id
        question = _questions.get(action)
        if question is None:
            return
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(ProofForm, form)
            proofs = Proofs(
                filled.password, filled.code, self.mode, filled.pin, filled.confirmation
            )
            target = await _target(question, target_id)
            await step_up.prove(current_actor(), action, proofs, target)
            self.action = ""
        if "pin" in self.errors:
            await self._read_pin()
            if self.pin_wait:
                # How long, the countdown below the field says.
                self.errors = {"pin": "Too many wrong PINs in a row."}
        if not self.errors:
            go_on = question.continuation
            yield go_on if question.find_target is None else go_on(target_id)

    async def _read_pin(self) -> None:
        self.is_pin_disabled, self.pin_wait = False, ""
        if not self.needs_pin:
            return
        async with reading() as db:
            status = await pins.status(db, current_actor().account_id)
        self.is_pin_disabled = status.is_disabled
        self.pin_wait = countdown(status.locked_until - now() if status.locked_until else None)

    async def _send(self) -> MailedCode:
        if self.action not in _questions:
            # The dialog was closed meanwhile, or granted.
            raise NotOn
        return await email_codes.send_for_step_up(current_actor(), self.action)

    async def _standing(self) -> MailedCode:
        return await email_codes.standing_for_step_up(current_actor(), self.action)


async def _provider_of(action: str) -> str:
    """What the connected provider is called that proves an action; "" when none does."""
    async with reading() as db:
        with contextlib.suppress(Refused):
            return (await provider_step_up.provider_for(db, current_actor(), action)).name
    return ""


async def _target(question: Question, target_id: str) -> Target:
    if question.find_target is None:
        return NO_TARGET
    return await question.find_target(current_actor(), target_id)


def _what_goes(action: str, wanted: Needed) -> str:
    """What turning a method on or off does to the others."""
    kind, _, method = action.partition("_")
    others = tuple(each for each in wanted.on if each != method)
    if kind == "enable" and others and get_policy().methods == "exclusive":
        return "It takes the place of the method that is on now."
    if kind == "disable" and others:
        return what_is_left(others)
    if kind == "disable":
        return (
            "That leaves the account protected by the password alone. We recommend keeping "
            "at least one method on."
        )
    return ""


def _what_to_enter(wanted: Needed, target: Target) -> str:
    """What the dialog asks for, as the table and the policy have it."""
    if wanted.confirmation:
        return f"Type {target.name} to confirm."
    identity = _what_identifies(wanted)
    if not wanted.pin:
        return identity
    if not identity:
        return "Enter your PIN."
    return f"{identity[:-1]}{', ' if wanted.methods else ' '}and your PIN."


def _what_identifies(wanted: Needed) -> str:
    names = {"totp": "from your authenticator app", "email_code": "sent to you by e-mail"}
    code = f"a code {' or '.join(names[each] for each in wanted.methods if each in names)}"
    if "recovery_code" in wanted.methods:
        code += ", or one of your recovery codes"
    if wanted.password and wanted.methods:
        return f"Enter your password and {code}."
    if wanted.methods:
        return f"Enter {code}."
    return "Enter your password." if wanted.password else ""
