"""Round trips to a provider: begun here, continued in the same browser, ended once (S-61).

Each is bound to the browser's own cookie, the provider, what it is for, and, where
somebody is signed in, to their account and session.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import throttle
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.places import network_key
from security_app.accounts.provider_errors import TripDead
from security_app.accounts.provider_types import Provider
from security_app.accounts.providers import PROTOCOLS
from security_app.accounts.throttle import Budget
from security_app.accounts.tickets import safe_path
from security_app.accounts.tokens import digest
from security_app.clock import now
from security_app.db.engine import transaction
from security_app.db.sealing import CannotOpen, open_sealed, seal
from security_app.db.tables import ProviderTrip, known_id, new_id
from security_app.limits import TRIP_LIFE, TRIP_LIMITS_ADDRESS

#: A path of the backend; the browser goes on to the provider from there.
_GO_PATH = "/auth/go/"
#: What an answer carries; anything longer is none.
_ANSWER_MAX_CHARS = 4096


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a round trip is for.

    Attributes:
        kind: "sign_in", "connect" or "step_up".
        action: of a step-up, a row of the step-up table.
        target: the id of the object of that action, "" when it has none.
        next_path: where to go at the end; a path on this site.
        hint: the address somebody typed, to spare them typing it there.
    """

    kind: str
    action: str = ""
    target: str = ""
    next_path: str = ""
    hint: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SpentTrip:
    """A round trip whose browser is back.

    Attributes:
        secrets: what the protocol remembered.
        answer: what came by a cross-site POST before, {} when nothing did.
    """

    purpose: Purpose
    account_id: str | None
    session_id: str
    created_at: datetime
    secrets: dict[str, str] = field(repr=False)
    answer: dict[str, str] = field(repr=False)


async def reserve(visitor: Visitor) -> None:
    """Count a round trip that costs nothing to begin.

    Raises:
        TooManyAttempts: too many from this network.
    """
    key = f"trip:address:{network_key(visitor.ip)}"
    await throttle.reserve(Budget(key, TRIP_LIMITS_ADDRESS))


async def prepare(visitor: Visitor, provider: Provider, purpose: Purpose) -> ProviderTrip:
    """Make the row of a round trip; the caller adds it in a transaction of its own.

    Raises:
        ProviderUnavailable: it does not say where to send people.
    """
    protocol = PROTOCOLS[provider.type]
    secrets = protocol.new_secrets()
    url = await protocol.address(
        provider, secrets, is_fresh=purpose.kind == "step_up", hint=purpose.hint
    )
    trip_id, at = new_id(), now()
    return ProviderTrip(
        id=trip_id,
        state_hash=digest(secrets["state"]),
        provider=provider.key,
        purpose=purpose.kind,
        action=purpose.action,
        target=purpose.target,
        next_path=safe_path(purpose.next_path),
        browser_hash=visitor.browser_hash,
        sealed_secrets=_seal(trip_id, secrets | {"url": url}),
        created_at=at,
        expires_at=at + TRIP_LIFE,
    )


def bind(trip: ProviderTrip, actor: Actor) -> ProviderTrip:
    """Let only this session of this account finish it."""
    trip.account_id, trip.session_id = actor.account_id, actor.session_id
    return trip


def start_path(trip: ProviderTrip) -> str:
    """The path on this site that leads to the provider; good in the trip's browser only."""
    return f"{_GO_PATH}{trip.id}"


async def destination(db: AsyncSession, visitor: Visitor, trip_id: str) -> str:
    """Where at the provider a round trip leads.

    Raises:
        TripDead: unknown, over, or another browser's.
    """
    statement = select(ProviderTrip).where(
        ProviderTrip.id == known_id(trip_id),
        ProviderTrip.browser_hash == visitor.browser_hash,
        ProviderTrip.browser_hash != "",
        ProviderTrip.expires_at > now(),
    )
    trip = (await db.exec(statement)).first()
    if trip is None:
        raise TripDead
    return _open(trip.id, trip.sealed_secrets)["url"]


async def keep_answer(provider_key: str, state: str, answer: dict[str, str]) -> None:
    """Keep an answer that came by a cross-site POST, which carries no cookie of ours.

    It is looked at only when the trip's own browser asks, and only the first one counts.

    Raises:
        TripDead: no such trip waits for one.
    """
    if sum(map(len, answer.values())) > _ANSWER_MAX_CHARS:
        raise TripDead
    async with transaction() as db:
        statement = select(ProviderTrip.id).where(
            ProviderTrip.state_hash == digest(state),
            ProviderTrip.provider == known_id(provider_key),
        )
        trip_id = (await db.exec(statement)).first()
        if trip_id is None:
            raise TripDead
        kept = await db.exec(
            update(ProviderTrip)
            .where(
                col(ProviderTrip.id) == trip_id,
                col(ProviderTrip.sealed_answer).is_(None),
                col(ProviderTrip.expires_at) > now(),
            )
            .values(sealed_answer=_seal(trip_id, answer))
        )
        if kept.rowcount == 0:
            raise TripDead


async def spend(db: AsyncSession, visitor: Visitor, provider_key: str, state: str) -> SpentTrip:
    """Use a round trip up; the row count of one DELETE decides.

    Raises:
        TripDead: unknown, used, too old, of another browser or provider.
    """
    result = await db.exec(
        delete(ProviderTrip)
        .where(
            col(ProviderTrip.state_hash) == digest(state),
            col(ProviderTrip.provider) == known_id(provider_key),
            col(ProviderTrip.browser_hash) == visitor.browser_hash,
            col(ProviderTrip.browser_hash) != "",
            col(ProviderTrip.expires_at) > now(),
        )
        .returning(ProviderTrip)
    )
    row = result.scalar_one_or_none()
    if row is None:
        raise TripDead
    try:
        secrets = _open(row.id, row.sealed_secrets)
        answer = _open(row.id, row.sealed_answer) if row.sealed_answer else {}
    except CannotOpen:
        raise TripDead from None
    return SpentTrip(
        purpose=Purpose(row.purpose, row.action, row.target, row.next_path),
        account_id=row.account_id,
        session_id=row.session_id,
        created_at=row.created_at,
        secrets=secrets,
        answer=answer,
    )


async def revoke_of_account(db: AsyncSession, account_id: str) -> None:
    """Drop what somebody signed in has begun and has not come back from (S-05)."""
    await db.exec(delete(ProviderTrip).where(col(ProviderTrip.account_id) == account_id))


async def forget_of(db: AsyncSession, provider_key: str) -> None:
    """Drop the round trips to a provider that is another one now, or none."""
    await db.exec(delete(ProviderTrip).where(col(ProviderTrip.provider) == provider_key))


async def forget_old(db: AsyncSession) -> None:
    """Drop round trips nobody came back from."""
    await db.exec(delete(ProviderTrip).where(col(ProviderTrip.expires_at) < now()))


def seal_context(trip_id: str) -> str:
    """What the sealed columns of a round trip are bound to."""
    return f"trip:{trip_id}"


def _seal(trip_id: str, values: dict[str, str]) -> bytes:
    return seal(json.dumps(values).encode(), seal_context(trip_id))


def _open(trip_id: str, sealed: bytes) -> dict[str, str]:
    return json.loads(open_sealed(sealed, seal_context(trip_id)))
