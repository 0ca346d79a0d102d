"""Signing in, and up, through a provider; and what the browser brings back from one."""

from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    accounts,
    activity,
    connections,
    identities,
    memberships,
    notices,
    provider_step_up,
    provider_trips,
    providers,
    sign_in,
    sign_in_code,
    sign_up,
    sso,
)
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.addresses import address_key, parse_address
from security_app.accounts.errors import Conflict, EmailRefused, FieldRefused, Refused
from security_app.accounts.notices import notice_params
from security_app.accounts.provider_errors import (
    AddressTaken,
    AddressUnproven,
    OrganizationFull,
    ProviderRefused,
    ProviderUnknown,
    TripDead,
)
from security_app.accounts.provider_trips import Purpose
from security_app.accounts.provider_types import Identity, Provider
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import (
    Account,
    Membership,
    Organization,
    SsoConnection,
    SsoDomain,
    new_id,
)
from security_app.mail.queueing import enqueue


@dataclass(frozen=True, slots=True)
class Arrived:
    """Where a browser goes that came back from a provider.

    Attributes:
        kind: what the round trip was for: "sign_in", "connect" or "step_up".
        next_path: where to go, "" for the default page.
        ticket: brings the cookie of a new session; "" when there is none.
        needs_code: whether the account's second factor is asked first.
        refusal: why nothing was done, None when something was.
    """

    kind: str
    next_path: str = ""
    ticket: str = field(default="", repr=False)
    needs_code: bool = False
    refusal: Refused | None = None


async def begin(visitor: Visitor, provider_key: str, *, next_path: str = "") -> str:
    """Begin a sign-in with Google or Apple; returns the path on this site that leads there.

    Raises:
        ProviderUnknown: it is not offered.
        ProviderUnavailable: it does not answer.
        TooManyAttempts: too many from this network.
    """
    for provider in providers.public_providers():
        if provider.key == provider_key:
            return await _begin(visitor, provider, Purpose("sign_in", next_path=next_path))
    raise ProviderUnknown


async def begin_sso(visitor: Visitor, *, email: str, next_path: str = "") -> str:
    """Begin a sign-in with the provider of an address's organization.

    Which domains have one is no secret: their provider's page shows it to anybody.

    Raises:
        EmailRefused: not an address.
        FieldRefused: no organization signs this domain in; field "email".
        ProviderUnavailable, TooManyAttempts: as :func:`begin`.
    """
    address = parse_address(email)
    statement = (
        select(SsoConnection)
        .join(SsoDomain, col(SsoDomain.sso_connection_id) == col(SsoConnection.id))
        .where(SsoDomain.domain == address.key.rpartition("@")[2])
    )
    async with reading() as db:
        row = (await db.exec(statement)).first()
    if row is None:
        msg = "No organization here signs in addresses of this domain."
        raise FieldRefused(msg, field="email")
    purpose = Purpose("sign_in", next_path=next_path, hint=address.email)
    return await _begin(visitor, providers.sso_provider(row), purpose)


async def arrive(
    visitor: Visitor,
    actor: Actor | None,
    provider_key: str,
    *,
    state: str,
    answer: dict[str, str],
) -> Arrived:
    """Finish the round trip a browser came back from, whatever it was for.

    Args:
        actor: who is signed in in this browser, None when nobody is.
        answer: what came with the request; {} when a cross-site POST brought it before.

    Raises:
        TripDead: no such round trip of this browser; nothing was done.
    """
    async with transaction() as db:
        trip = await provider_trips.spend(db, visitor, provider_key, state)
    purpose = trip.purpose
    try:
        async with reading() as db:
            provider = await providers.provider_of(db, provider_key)
        protocol = providers.PROTOCOLS[provider.type]
        who = await protocol.identity(provider, trip.secrets, trip.answer or answer)
        if purpose.kind == "sign_in":
            return await _sign_in(visitor, provider, who, purpose)
        # The very session that began it, still alive (S-61, S-64).
        if actor is None or (actor.account_id, actor.session_id) != (
            trip.account_id,
            trip.session_id,
        ):
            raise TripDead
        if purpose.kind == "connect":
            await connections.connect(visitor, provider, trip, who)
        else:
            await provider_step_up.finish(actor, provider, trip, who)
    except Refused as refusal:
        return Arrived(purpose.kind, purpose.next_path, refusal=refusal)
    except IntegrityError:
        # The same newcomer in another tab, a moment earlier.
        return Arrived(purpose.kind, purpose.next_path, refusal=Conflict())
    return Arrived(purpose.kind, purpose.next_path)


async def _begin(visitor: Visitor, provider: Provider, purpose: Purpose) -> str:
    await provider_trips.reserve(visitor)
    trip = await provider_trips.prepare(visitor, provider, purpose)
    async with transaction(is_relaxed=True) as db:
        db.add(trip)
    return provider_trips.start_path(trip)


async def _sign_in(
    visitor: Visitor, provider: Provider, who: Identity, purpose: Purpose
) -> Arrived:
    method = "sso" if provider.sso_connection_id else provider.key
    async with transaction() as db:
        account = await _account_of(db, visitor, provider, who)
        refusal = await _refusal_for(db, provider, account)
        if refusal is not None:
            # A try that is refused stands in the history like any other (S-82).
            await activity.record_sign_in(db, account.id, visitor, result="refused", method=method)
            return Arrived("sign_in", purpose.next_path, refusal=refusal)
        await identities.note_use(db, who)
        signed_in = await sign_in.admit(
            db,
            account,
            visitor,
            proven_by=method,
            next_path=purpose.next_path,
            # What manages an account asks for the second factor itself.
            asks_code=await sso.manager_of(db, account.id) is None,
        )
    if signed_in.code_needed is not None:
        await sign_in_code.mail_first_code(visitor)
    return Arrived(
        "sign_in", purpose.next_path, signed_in.ticket, signed_in.code_needed is not None
    )


async def _account_of(
    db: AsyncSession, visitor: Visitor, provider: Provider, who: Identity
) -> Account:
    """The account of an identity, made when there is none; whether it may sign in is not asked.

    Raises:
        AddressUnproven, AddressTaken, OrganizationFull: none can be made.
    """
    row = await identities.recognise(db, provider, who)
    if row is None:
        return await _new_account(db, visitor, provider, who)
    return await accounts.existing(db, row.account_id)


async def _refusal_for(db: AsyncSession, provider: Provider, account: Account) -> Refused | None:
    """Why an account may not sign in with a provider that proved it; None when it may."""
    if account.disabled_at is not None:
        return ProviderRefused(provider.name)
    if provider.sso_connection_id is None:
        # No way around the organization's provider for what was connected before.
        return await sso.refusal_for(db, account.id)
    # An organization's own is for members.
    if provider.key in {each.key for each in await identities.offered(db, account.id)}:
        return None
    return ProviderRefused(provider.name)


async def _new_account(
    db: AsyncSession, visitor: Visitor, provider: Provider, who: Identity
) -> Account:
    """Make an account without a password (S-07).

    Its address must be free: whose account has it must sign in to that one and
    connect there, whatever the provider says (S-65).
    """
    speaks_for_it = who.email_verified
    if provider.sso_connection_id is not None:
        speaks_for_it = await _is_of_domain(db, provider, who.email)
    try:
        address = parse_address(who.email)
    except EmailRefused:
        raise AddressUnproven(provider.name) from None
    if not speaks_for_it:
        raise AddressUnproven(provider.name)
    at = now()
    account = Account(
        id=new_id(),
        email=address.email,
        email_key=address.key,
        name=_display_name(who.name),
        created_at=at,
        email_confirmed_at=at,
    )
    if not await sign_up.insert(db, account):
        raise AddressTaken(provider.name)
    activity.record_for(db, account.id, visitor, "account.created")
    # The organization first, as where its sign-on is removed: the two cannot deadlock.
    organization = None
    if provider.sso_connection_id is not None:
        organization = await _join(db, account.id, visitor, provider.sso_connection_id)
    await identities.add(db, account, provider, who)
    activity.record_for(db, account.id, visitor, "connection.added", provider.name)
    await _announce(db, account, visitor, provider, organization)
    return account


async def _announce(
    db: AsyncSession,
    account: Account,
    visitor: Visitor,
    provider: Provider,
    organization: Organization | None,
) -> None:
    """Tell the address of an account that a provider made it."""
    if organization is None:
        await notices.tell(db, "account_made", account, visitor, provider=provider.name)
        return
    # Without a link: it would disconnect nothing, and a managed account has no password to reset.
    params = {"provider": provider.name, "organization": organization.name}
    await enqueue(
        db, "account_made_by_sso", account.email, notice_params(account, visitor) | params
    )


async def _join(
    db: AsyncSession, account_id: str, visitor: Visitor, sso_connection_id: str
) -> Organization:
    """Make a new account a member of the organization whose provider it came through."""
    own = await db.get_one(SsoConnection, sso_connection_id)
    await memberships.hold_organization(db, own.organization_id)
    if await memberships.is_full(db, own.organization_id):
        raise OrganizationFull
    role = "member"
    db.add(
        Membership(
            account_id=account_id,
            organization_id=own.organization_id,
            role=role,
            joined_at=now(),
        )
    )
    await db.flush()
    activity.record_for(db, account_id, visitor, "organization.joined", role)
    await memberships.announce_to_all(db, own.organization_id)
    return await db.get_one(Organization, own.organization_id)


async def _is_of_domain(db: AsyncSession, provider: Provider, email: str) -> bool:
    row = await db.get(SsoDomain, address_key(email).rpartition("@")[2][:253])
    return row is not None and row.sso_connection_id == provider.sso_connection_id


def _display_name(name: str) -> str:
    """The provider's name for a person where it is one of ours, else none."""
    try:
        return accounts.parse_name(name)
    except FieldRefused:
        return ""
