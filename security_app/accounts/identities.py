"""Identities an account has at other providers: which there are, and whom they sign in.

The key is issuer and subject, unique in the database (S-63). Nothing here looks
an account up by its address: accounts are never merged (S-65).
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import providers, sso, sso_domains
from security_app.accounts.activity_words import PROVIDER_NAMES
from security_app.accounts.provider_types import Identity, Provider
from security_app.clock import now
from security_app.db.tables import Account, Connection, SsoConnection


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected account, as its owner sees it.

    Attributes:
        provider: "google", "apple" or "sso-<id>".
        name: what people call the provider.
        subject: the id the provider knows the person by.
    """

    id: str
    provider: str
    name: str
    email: str = field(repr=False)
    subject: str = field(repr=False)
    connected_at: datetime
    last_used_at: datetime | None


async def offered(db: AsyncSession, account_id: str) -> tuple[Provider, ...]:
    """The providers an account may connect: the public ones, and its organization's own.

    Where the latter manages the account it is the only one: no other way leads around it.
    Before a domain of it is proven nobody could sign in through it, so it is not offered.
    """
    own = await sso.of_account(db, account_id)
    if own is None:
        return providers.public_providers()
    if await sso.manager_of(db, account_id) is not None:
        return (providers.sso_provider(own),)
    is_found = bool(await sso_domains.of(db, own.id))
    return (*providers.public_providers(), *((providers.sso_provider(own),) if is_found else ()))


async def of_account(db: AsyncSession, account_id: str) -> tuple[Connected, ...]:
    """The connected accounts, oldest first."""
    statement = (
        select(Connection, SsoConnection.name)
        .outerjoin(SsoConnection, col(SsoConnection.id) == col(Connection.sso_connection_id))
        .where(col(Connection.account_id) == account_id)
        .order_by(col(Connection.connected_at), col(Connection.id))
    )
    return tuple(
        Connected(
            row.id,
            row.provider,
            name or PROVIDER_NAMES.get(row.provider, row.provider),
            row.email,
            row.subject,
            row.connected_at,
            row.last_used_at,
        )
        for row, name in (await db.exec(statement)).all()
    )


async def ways_in(db: AsyncSession, account_id: str) -> list[tuple[Connection, Provider]]:
    """The connections that sign an account in, oldest first; one nobody can use is none."""
    usable = {each.key: each for each in await offered(db, account_id)}
    statement = (
        select(Connection)
        .where(Connection.account_id == account_id)
        .order_by(col(Connection.connected_at), col(Connection.id))
    )
    return [
        (row, provider)
        for row in (await db.exec(statement)).all()
        if (provider := usable.get(row.provider)) and provider.issuer == row.issuer
    ]


async def add(db: AsyncSession, account: Account, provider: Provider, who: Identity) -> Connection:
    """Write the row; whether it may be, the caller has asked.

    Raises:
        IntegrityError: the identity signs another account in.
    """
    row = Connection(
        account_id=account.id,
        provider=provider.key,
        sso_connection_id=provider.sso_connection_id,
        issuer=who.issuer,
        subject=who.subject,
        email=who.email[:254],
        connected_at=now(),
    )
    db.add(row)
    await db.flush()
    return row


async def recognise(db: AsyncSession, provider: Provider, who: Identity) -> Connection | None:
    """The connection of an identity, None where it has none at this provider."""
    statement = select(Connection).where(
        Connection.issuer == who.issuer,
        Connection.subject == who.subject,
        Connection.provider == provider.key,
    )
    return (await db.exec(statement)).first()


async def note_use(db: AsyncSession, who: Identity) -> None:
    """Keep the last use of an identity that signs somebody in, and its address, up to date."""
    shown = {"email": who.email[:254]} if who.email else {}
    await db.exec(
        update(Connection)
        .where(col(Connection.issuer) == who.issuer, col(Connection.subject) == who.subject)
        .values(last_used_at=now(), **shown)
    )


async def remove_untrusted(db: AsyncSession, account_id: str, *, since: datetime) -> int:
    """Disconnect what somebody else may have connected; returns how many there were.

    An organization's own stays if it was there before: without it a mailbox alone would
    get past the provider that manages the account.

    Args:
        since: what was connected from then on may be theirs.
    """
    gone = await db.exec(
        delete(Connection).where(
            col(Connection.account_id) == account_id,
            or_(col(Connection.sso_connection_id).is_(None), col(Connection.connected_at) >= since),
        )
    )
    return gone.rowcount
