"""API keys of these tests: made, tried and looked at."""

from datetime import datetime, timedelta
from typing import Any

from security_app.accounts import api_key_changes, api_keys, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.api_key_changes import NewKey
from security_app.accounts.api_key_list import ShownKey, list_keys
from security_app.accounts.step_up import Proofs
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, ApiKey, new_id
from tests.accounts.cast import OWNER, PASSWORD, outcome_of, rows

READ = ("account:read",)


async def make(
    actor: Actor,
    name: str = "Backup",
    scopes: tuple[str, ...] = READ,
    *,
    expires_at: datetime | None = None,
    proofs: Proofs | None = None,
) -> NewKey:
    """A key."""
    proofs = proofs or Proofs(PASSWORD)
    return await api_key_changes.create(
        actor, name=name, scopes=scopes, expires_at=expires_at, proofs=proofs
    )


async def plant(account: Account, count: int) -> None:
    """Keys nobody has, straight into the database, each a second younger than the last."""
    at = now()
    async with transaction() as db:
        for number in range(count):
            db.add(
                ApiKey(
                    id=new_id(),
                    account_id=account.id,
                    name=f"Key {number}",
                    secret_hash=digest(f"{account.id} {number}"),
                    prefix="sapp_0000",
                    last_four="0000",
                    scopes="account:read",
                    created_at=at - timedelta(days=40) + timedelta(seconds=number),
                    expires_at=at + timedelta(days=9),
                )
            )


async def refusal(actor: Actor, **values: Any) -> Any:  # noqa: ANN401 - what it ends with
    """What making a key ends with."""
    return await outcome_of(make(actor, **values))


async def rotate(actor: Actor, key_id: str, *, cut: bool = False, code: str = "") -> NewKey:
    """The key that takes the place of another."""
    proofs = Proofs(PASSWORD, code)
    return await api_key_changes.rotate(actor, key_id, cut_at_once=cut, proofs=proofs)


async def grant_revoking(actor: Actor, key_id: str, *, pin: str = "") -> None:
    """What the prompt in front of revoking does."""
    target = await api_key_changes.find_target(actor, key_id)
    proofs = Proofs(pin=pin, confirmation="" if pin else target.name)
    await step_up.prove(actor, "revoke_api_key", proofs, target)


async def revoke(actor: Actor, key_id: str) -> None:
    """Confirm, and revoke."""
    await grant_revoking(actor, key_id)
    await api_key_changes.revoke(actor, key_id)


async def works(key: str) -> bool:
    """Whether a key opens anything now."""
    return await api_keys.find_actor(key, OWNER) is not None


async def listed(actor: Actor) -> list[ShownKey]:
    """The list, all of it."""
    async with reading() as db:
        return list((await list_keys(db, actor, limit=100)).items)


async def row_of(made: NewKey) -> ApiKey:
    """The row of a key as it is now."""
    return (await rows(ApiKey, ApiKey.id == made.shown.id))[0]
