"""A mailbox in place of the mail server, for codes somebody waits for, and people who use them."""

import asyncio
import re
from email.message import EmailMessage
from typing import Any

import pytest

from security_app.accounts import email_codes, sign_in, sign_in_code, step_up, totp
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.methods import methods_of
from security_app.accounts.step_up import Proofs
from security_app.db.engine import reading
from security_app.db.tables import Account
from security_app.mail import direct
from security_app.mail.errors import DeliveryFailed
from security_app.mail.outbox import Sender, sender_address
from tests.accounts import phone
from tests.accounts.cast import EMAIL, OWNER, PASSWORD, outcome_of

_CODE = re.compile(r"(?m)^ {4}([0-9]{6})\r?$")


class Postbox:
    """Takes every message, or none.

    Attributes:
        mails: what was taken, oldest first.
        failure: what to answer from now on; None takes messages again.
        gate: messages wait until it is open.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.failure: DeliveryFailed | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, message: EmailMessage) -> None:
        """As a transport does."""
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.mails.append(message)

    @property
    def codes(self) -> list[str]:
        """The code of every mail, oldest first."""
        return [code_in(mail) for mail in self.mails]

    @property
    def code(self) -> str:
        """The newest code."""
        return self.codes[-1]


def code_in(mail: EmailMessage) -> str:
    """The code a person would read."""
    body = mail.get_body(("plain",))
    assert body is not None
    (found,) = _CODE.findall(body.get_content())
    return found


def wrong(code: str) -> str:
    """A code that is certainly another one."""
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Postbox:
    """Where codes somebody waits for arrive; what the outbox holds stays there."""
    box = Postbox()
    sender = Sender(box, sender_address("noreply@example.org"))
    monkeypatch.setattr(direct, "sender", lambda: sender)
    return box


async def start(actor: Actor, password: str = PASSWORD) -> None:
    """Confirm identity and begin turning it on; nothing is mailed yet."""
    await step_up.prove(actor, "enable_email_code", Proofs(password))
    await email_codes.start_set_up(actor)


async def enable(actor: Actor, postbox: Postbox) -> str:
    """Turn it on; returns the code that did."""
    await start(actor)
    await email_codes.send_for_set_up(actor)
    await email_codes.confirm_set_up(actor, postbox.code)
    return postbox.code


async def code_for(actor: Actor, action: str, postbox: Postbox) -> str:
    """Ask for the code of an action and read it."""
    await email_codes.send_for_step_up(actor, action)
    return postbox.code


async def give_password(who: Visitor = OWNER, *, email: str = EMAIL) -> tuple[str, ...]:
    """The first half of a sign-in in a browser; returns the methods that serve."""
    answer = await sign_in.sign_in(who, email=email, password=PASSWORD)
    assert answer.code_needed is not None
    return answer.code_needed.methods


async def prove(actor: Actor, action: str, code: str) -> Any:  # noqa: ANN401 - what it ends with
    """What giving the proofs of an action ends with; None when they count."""
    asks_password = (await step_up.needed(actor, action)).password
    proofs = Proofs(PASSWORD if asks_password else "", code, "email_code")
    return await outcome_of(step_up.prove(actor, action, proofs))


async def verify(code: str, who: Visitor = OWNER) -> Any:  # noqa: ANN401 - what it ends with
    """What the second half of a sign-in in a browser ends with."""
    return await outcome_of(sign_in_code.verify_browser(who, code=code, method="email_code"))


async def on(account: Account) -> tuple[str, ...]:
    """The methods that are on, as they are offered."""
    async with reading() as db:
        return (await methods_of(db, account.id)).on


async def add_app(actor: Actor, postbox: Postbox) -> str:
    """Turn the authenticator app on beside the e-mail code; returns its secret."""
    code = await code_for(actor, "enable_totp", postbox)
    assert await prove(actor, "enable_totp", code) is None
    secret = (await totp.start_set_up(actor)).secret
    await totp.confirm_set_up(actor, phone.code(secret))
    return secret
