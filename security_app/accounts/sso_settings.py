"""An organization's single sign-on: described by an owner, changed, removed.

Nothing here knows which protocol a provider speaks: what is particular to it, the
provider's ``Protocol`` checks. What proves a domain, and what that is worth, says
``docs/decisions/0015-managed-by-sso.md``.
"""

from dataclasses import replace

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    activity,
    memberships,
    provider_trips,
    providers,
    sso,
    sso_domains,
    step_up,
    throttle,
    workspace_mail,
)
from security_app.accounts.actor import Actor
from security_app.accounts.errors import AlreadyOn, Conflict, FieldRefused, NotOn
from security_app.accounts.memberships import Standing
from security_app.accounts.provider_errors import ProviderUnavailable
from security_app.accounts.provider_types import Provider
from security_app.accounts.sso_terms import Terms
from security_app.accounts.step_up import Proofs
from security_app.accounts.throttle import Budget
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.sealing import seal
from security_app.db.tables import (
    Connection,
    SsoConnection,
    new_id,
)
from security_app.limits import SSO_CHECK_LIMITS

_ACTION = "configure_sso"
_RIGHT = "sso"
#: The one there is so far; a key of ``providers.PROTOCOLS``.
_TYPE = "oidc"
_WAY_BACK_PATH = "/forgot-password"


async def require_owner(actor: Actor) -> None:
    """Refuse whom the proofs would be asked of in vain.

    Raises:
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
    """
    async with reading() as db:
        await memberships.entered(db, actor, _RIGHT)


async def configure(actor: Actor, terms: Terms, proofs: Proofs) -> None:
    """Let an organization's people sign in through its provider.

    Args:
        terms: from :func:`sso_terms.accepted`.
        proofs: password, and a code when a second factor is on.

    Raises:
        FieldRefused: field "client_secret", "issuer" or "domains".
        AlreadyOn: there is one already.
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
        TooManyAttempts: asked for 20 times within the hour.
        WrongPassword, CodeRefused and so on: as :func:`step_up.prove`.
    """
    async with reading() as db:
        place = await memberships.entered(db, actor, _RIGHT)
        await _refuse_second(db, place)
        await sso_domains.refuse_taken(db, terms.domains)
    if not terms.secret:
        raise FieldRefused("Enter the client secret.", field="client_secret")
    row_id = new_id()
    row = SsoConnection(
        id=row_id,
        organization_id=place.organization_id,
        type=_TYPE,
        name=terms.name,
        issuer=terms.issuer,
        client_id=terms.client_id,
        sealed_client_secret=_sealed(row_id, terms),
        created_at=now(),
    )
    await _check(place, providers.sso_provider(row))
    await step_up.prove(actor, _ACTION, proofs)
    try:
        async with transaction() as db:
            place = await memberships.entered_alone(db, actor, _RIGHT)
            await step_up.spend(db, actor, _ACTION)
            await _refuse_second(db, place)
            await sso_domains.refuse_taken(db, terms.domains)
            db.add(row)
            await db.flush()
            await sso_domains.write(db, place, row_id, terms.domains)
            await _tell(db, actor, place, "organization.sso_configured", terms.name)
    except IntegrityError:
        raise sso_domains.in_use() from None


async def change(actor: Actor, terms: Terms, proofs: Proofs) -> None:
    """Describe the provider anew. Another issuer knows nobody: its members connect again.

    Args:
        terms: from :func:`sso_terms.accepted`; no secret keeps the present one, with
            the same issuer only.

    Raises:
        NotOn: there is none.
        Conflict: another owner changed the issuer at the same moment.
        FieldRefused, NotInWorkspace and so on: as :func:`configure`.
    """
    async with reading() as db:
        place = await memberships.entered(db, actor, _RIGHT)
        row = await _existing(db, place)
        # Else whoever may change the issuer could have the secret sent anywhere.
        if terms.issuer != row.issuer and not terms.secret:
            msg = "Enter the client secret of the new issuer."
            raise FieldRefused(msg, field="client_secret")
        await sso_domains.refuse_taken(db, terms.domains, row.id)
        described = replace(
            providers.sso_provider(row), issuer=terms.issuer, client_id=terms.client_id
        )
    await _check(place, described)
    await step_up.prove(actor, _ACTION, proofs)
    try:
        async with transaction() as db:
            place = await memberships.entered_alone(db, actor, _RIGHT)
            await step_up.spend(db, actor, _ACTION)
            row = await _existing(db, place)
            if terms.issuer != row.issuer:
                if not terms.secret:
                    raise Conflict
                await _cut_off(db, actor, place, row, is_replaced=True)
            await sso_domains.refuse_taken(db, terms.domains, row.id)
            row.name, row.issuer, row.client_id = terms.name, terms.issuer, terms.client_id
            if terms.secret:
                row.sealed_client_secret = _sealed(row.id, terms)
            await sso_domains.write(db, place, row.id, terms.domains)
            await _keep_a_way_in(db, row)
            await _tell(db, actor, place, "organization.sso_configured", terms.name)
    except IntegrityError:
        raise sso_domains.in_use() from None


async def remove(actor: Actor, proofs: Proofs) -> str:
    """Remove it with every identity connected through it; returns what it was called.

    Whoever signed in through it is told by mail how to get in from now on.

    Raises:
        NotOn: there is none.
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
        WrongPassword, CodeRefused and so on: as :func:`step_up.prove`.
    """
    async with reading() as db:
        await _existing(db, await memberships.entered(db, actor, _RIGHT))
    await step_up.prove(actor, _ACTION, proofs)
    async with transaction() as db:
        place = await memberships.entered_alone(db, actor, _RIGHT)
        await step_up.spend(db, actor, _ACTION)
        row = await _existing(db, place)
        name = row.name
        await _cut_off(db, actor, place, row, is_replaced=False)
        await db.exec(delete(SsoConnection).where(col(SsoConnection.id) == row.id))
        await _tell(db, actor, place, "organization.sso_removed", name)
    return name


async def end_with_organization(db: AsyncSession, actor: Actor, place: Standing) -> None:
    """Cut off whoever signs in through an organization that is about to be deleted."""
    row = await sso.of_organization(db, place.organization_id)
    if row is not None:
        await _cut_off(db, actor, place, row, is_replaced=False)


def _sealed(row_id: str, terms: Terms) -> bytes:
    return seal(terms.secret.encode(), providers.client_secret_context(row_id))


async def _check(place: Standing, provider: Provider) -> None:
    """Ask the provider whether it is there, before a code is spent on it.

    All failures look alike: they tell nothing of the network we stand in.
    """
    await throttle.reserve(Budget(f"sso:check:{place.organization_id}", SSO_CHECK_LIMITS))
    try:
        await providers.PROTOCOLS[provider.type].check(provider)
    except ProviderUnavailable:
        msg = (
            "No provider answers there under exactly this name. Copy it as your provider "
            "shows it, with or without the slash at its end."
        )
        raise FieldRefused(msg, field="issuer") from None


async def _existing(db: AsyncSession, place: Standing) -> SsoConnection:
    row = await sso.of_organization(db, place.organization_id)
    if row is None:
        raise NotOn("Your organization has no single sign-on.")
    return row


async def _refuse_second(db: AsyncSession, place: Standing) -> None:
    if await sso.of_organization(db, place.organization_id) is not None:
        raise AlreadyOn("Your organization has its single sign-on already. Change that one.")


async def _keep_a_way_in(db: AsyncSession, row: SsoConnection) -> None:
    """Refuse to take the last proven domain: by it people who have no other way in find theirs."""
    if not await sso_domains.of(db, row.id) and await sso.accounts_of(db, row):
        msg = "People sign in through it: keep a proven domain until a new one is proven."
        raise FieldRefused(msg, field="domains")


async def _cut_off(
    db: AsyncSession, actor: Actor, place: Standing, row: SsoConnection, *, is_replaced: bool
) -> None:
    """Drop the identities connected through a provider, and tell whose they were."""
    for account in await sso.accounts_of(db, row):
        if account.id == actor.account_id:
            activity.record(db, actor, "connection.removed", row.name)
        else:
            activity.record_elsewhere(db, account.id, "connection.removed", row.name)
        await workspace_mail.write(
            db,
            "sso_removed",
            actor,
            place.name,
            to=account.email,
            name=account.name,
            path=_WAY_BACK_PATH,
            provider=row.name,
            is_replaced="yes" if is_replaced else "",
        )
    await db.exec(delete(Connection).where(col(Connection.sso_connection_id) == row.id))
    await provider_trips.forget_of(db, providers.sso_provider(row).key)


async def _tell(db: AsyncSession, actor: Actor, place: Standing, action: str, name: str) -> None:
    """Write it down, and let every member's open pages follow."""
    activity.record(db, actor, action, name)
    for topic in ("workspace", "connections"):
        await memberships.announce_to_all(
            db, place.organization_id, topic=topic, by=actor.session_id
        )
