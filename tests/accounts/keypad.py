"""PINs of these tests: put in the database, guessed, entered before an action on one object."""

import functools
from typing import Any

from security_app.accounts import pins, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.hashing import _hash
from security_app.accounts.pins import PinStatus
from security_app.accounts.step_up import Proofs, Target
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Pin
from tests.accounts.cast import outcome_of

PIN = "2580"
OTHER_PIN = "961738"
WRONG_PIN = "7391"
#: An action that asks for nothing but the PIN, and two objects of it.
ACTION = "revoke_api_key"
KEY = Target("k" * 24, "Deploy key")
OTHER_KEY = Target("o" * 24, "Other key")


@functools.cache
def stored_pin(pin: str) -> str:
    """The stored form of a PIN, made once: hashing is slow on purpose."""
    return _hash(pin, "pin")


async def give_pin(account: Account, pin: str = PIN) -> None:
    """Let an account have a PIN, without the slow way through the password."""
    async with transaction() as db:
        db.add(Pin(account_id=account.id, pin_hash=stored_pin(pin), set_at=now()))


async def enter(actor: Actor, pin: str, target: Target = KEY) -> Any:  # noqa: ANN401 - any outcome
    """What entering a PIN before the action ends with; None when it counts."""
    return await outcome_of(step_up.prove(actor, ACTION, Proofs(pin=pin), target))


async def act(actor: Actor, target: Target = KEY) -> Any:  # noqa: ANN401 - any outcome
    """What the action ends with, as far as the grant goes; None when it is done."""

    async def spend() -> None:
        async with transaction() as db:
            await step_up.spend(db, actor, ACTION, target.id)

    return await outcome_of(spend())


async def status_of(account: Account) -> PinStatus:
    """What the card says."""
    async with reading() as db:
        return await pins.status(db, account.id)
