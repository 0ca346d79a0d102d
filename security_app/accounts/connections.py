"""Connected accounts: the owner connects an identity at another provider, and disconnects it."""

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    activity,
    identities,
    memberships,
    notices,
    provider_trips,
    sso,
    step_up,
)
from security_app.accounts.activity_words import PROVIDER_NAMES
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.errors import AlreadyOn, EmailNotConfirmed
from security_app.accounts.provider_errors import (
    ConnectedElsewhere,
    LastWayIn,
    NotConnected,
    ProviderUnknown,
)
from security_app.accounts.provider_trips import Purpose, SpentTrip
from security_app.accounts.provider_types import Identity, Provider
from security_app.accounts.sso import ManagedBySso
from security_app.accounts.step_up import NO_TARGET, Target
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Connection, SsoConnection, known_id
from security_app.live.hub import Change, announce

_CONNECT = "connect_provider"
_DISCONNECT = "disconnect_provider"
#: What ``policy.MANAGED_BY_SSO`` and :func:`disconnect` come to, in words.
_MANAGES = (
    "It is your organization's and becomes your only way to sign in: your password, two-factor "
    "authentication and e-mail address will be “Managed by SSO”, and you cannot disconnect it "
    "while you are a member."
)
#: Where the browser comes back to; the query asks for the notice.
_CARD_PATH = "/settings/personal/security?changed=connections#connected-accounts"


async def begin(actor: Actor, provider_key: str) -> str:
    """Begin to connect a provider; spends the grant of "connect_provider" for it.

    Returns:
        The path on this site that leads there.

    Raises:
        ProviderUnknown: it is not offered to this account.
        EmailNotConfirmed: the account's address was never confirmed.
        AlreadyOn: one of this provider is connected.
        StepUpRequired: identity was not confirmed for this.
        ProviderUnavailable: it does not answer.
    """
    async with reading() as db:
        provider = await _offered_one(db, actor, provider_key)
    purpose = Purpose("connect", next_path=_CARD_PATH)
    trip = provider_trips.bind(
        await provider_trips.prepare(actor.visitor, provider, purpose), actor
    )
    async with transaction() as db:
        await step_up.spend(db, actor, _CONNECT, provider_key)
        db.add(trip)
    return provider_trips.start_path(trip)


async def connect(visitor: Visitor, provider: Provider, trip: SpentTrip, who: Identity) -> None:
    """Connect the identity a round trip brought to the account that began it.

    Raises:
        ConnectedElsewhere: it signs another account in (S-64).
        AlreadyOn: another one of this provider is connected.
        ProviderUnknown: the provider is not offered to this account any more.
    """
    account_id = trip.account_id or ""
    try:
        async with transaction() as db:
            account = await accounts.locked(db, account_id)
            if provider.sso_connection_id is not None:
                # An owner may be taking its last proven domain at this moment.
                await memberships.hold(db, account_id)
            if provider.key not in {each.key for each in await identities.offered(db, account_id)}:
                raise ProviderUnknown
            await _refuse_taken(db, account_id, provider, who)
            # Before the row: the mail's link takes back what was connected since.
            await notices.tell(db, "provider_connected", account, visitor, provider=provider.name)
            await identities.add(db, account, provider, who)
            activity.record_for(db, account_id, visitor, "connection.added", provider.name)
            _announce(db, account_id, trip.session_id)
            await memberships.announce_to_colleagues(db, account_id, by=trip.session_id)
    except IntegrityError:
        raise ConnectedElsewhere(provider.name) from None


async def target_to_connect(actor: Actor, provider_key: str) -> Target:
    """The provider a step-up is about; says so where it manages the account from then on.

    Raises:
        ProviderUnknown, EmailNotConfirmed, AlreadyOn: as :func:`begin`.
    """
    async with reading() as db:
        provider = await _offered_one(db, actor, provider_key)
        manages = await sso.would_manage(db, actor.account_id, provider.sso_connection_id)
    return Target(provider.key, provider.name, _MANAGES if manages else "")


async def target_to_disconnect(actor: Actor, connection_id: str) -> Target:
    """The connection a step-up is about.

    Raises:
        NotConnected: none of this account.
        LastWayIn: nothing else would sign the account in.
        ManagedBySso: the organization manages it.
    """
    async with reading() as db:
        account = await accounts.existing(db, actor.account_id)
        row = await _removable(db, account, connection_id)
        name = await _name_of(db, row)
    return Target(row.id, name)


async def target_that_waits(actor: Actor, connection_id: str) -> Target:
    """The connection a first password is set for, to disconnect it then; "" for none.

    Raises:
        NotConnected: none of this account.
    """
    if not connection_id:
        return NO_TARGET
    async with reading() as db:
        row = await _own(db, actor.account_id, connection_id)
    return Target(row.id)


async def disconnect(actor: Actor, connection_id: str) -> str:
    """Disconnect; spends the grant of "disconnect_provider" for it. Returns the provider's name.

    Raises:
        NotConnected, LastWayIn, ManagedBySso: as :func:`target_to_disconnect`.
        StepUpRequired: identity was not confirmed for this.
    """
    async with transaction() as db:
        # Held: of two disconnects at once the second one sees what the first one left (S-66).
        account = await accounts.locked(db, actor.account_id)
        row = await _removable(db, account, connection_id)
        name = await _name_of(db, row)
        await step_up.spend(db, actor, _DISCONNECT, row.id)
        await db.exec(delete(Connection).where(col(Connection.id) == row.id))
        activity.record(db, actor, "connection.removed", name)
        await notices.tell(db, "provider_disconnected", account, actor.visitor, provider=name)
        _announce(db, account.id, actor.session_id)
    return name


async def _offered_one(db: AsyncSession, actor: Actor, provider_key: str) -> Provider:
    account = await accounts.existing(db, actor.account_id)
    if account.email_confirmed_at is None:
        raise EmailNotConfirmed
    for provider in await identities.offered(db, account.id):
        if provider.key == provider_key:
            await _refuse_second(db, account.id, provider)
            return provider
    raise ProviderUnknown


async def _refuse_second(db: AsyncSession, account_id: str, provider: Provider) -> None:
    second = select(Connection.id).where(
        Connection.account_id == account_id, Connection.provider == provider.key
    )
    if (await db.exec(second)).first() is not None:
        msg = f"{provider.name} is connected already. Disconnect it first."
        raise AlreadyOn(msg)


async def _refuse_taken(
    db: AsyncSession, account_id: str, provider: Provider, who: Identity
) -> None:
    taken = select(Connection.account_id).where(
        Connection.issuer == who.issuer, Connection.subject == who.subject
    )
    owner = (await db.exec(taken)).first()
    if owner is not None and owner != account_id:
        raise ConnectedElsewhere(provider.name)
    await _refuse_second(db, account_id, provider)


async def _removable(db: AsyncSession, account: Account, connection_id: str) -> Connection:
    """A connection that may go without locking anybody out."""
    row = await _own(db, account.id, connection_id)
    manager = await sso.manager_of(db, account.id)
    if manager is not None and row.sso_connection_id == manager.id:
        raise ManagedBySso(f"Your organization manages your sign-in through {manager.name}.")
    if account.password_hash is None and not await _other_ways(db, row):
        raise LastWayIn(await _name_of(db, row))
    return row


async def _own(db: AsyncSession, account_id: str, connection_id: str) -> Connection:
    row = await db.get(Connection, known_id(connection_id))
    if row is None or row.account_id != account_id:
        raise NotConnected
    return row


async def _other_ways(db: AsyncSession, row: Connection) -> bool:
    """Whether another connection would sign the account in."""
    return any(other.id != row.id for other, _ in await identities.ways_in(db, row.account_id))


async def _name_of(db: AsyncSession, row: Connection) -> str:
    if row.sso_connection_id is None:
        return PROVIDER_NAMES.get(row.provider, row.provider)
    return (await db.get_one(SsoConnection, row.sso_connection_id)).name


def _announce(db: AsyncSession, account_id: str, session_id: str) -> None:
    announce(db, Change(account_id, "connections", by=session_id))
