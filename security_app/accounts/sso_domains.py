"""The domains an organization's provider speaks for: proven, and of one organization each.

What is described and not proven yet is a claim, in a table of its own: whoever asks
which provider speaks for an address cannot meet it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity
from security_app.accounts.errors import FieldRefused
from security_app.accounts.memberships import Standing
from security_app.accounts.tokens import new_token
from security_app.clock import now
from security_app.db.tables import Account, Membership, SsoConnection, SsoDomain, SsoDomainClaim
from security_app.settings import get_settings


async def of(db: AsyncSession, sso_connection_id: str) -> set[str]:
    """The proven domains of a connection; nothing of one that is not there."""
    statement = select(SsoDomain.domain).where(SsoDomain.sso_connection_id == sso_connection_id)
    return set((await db.exec(statement)).all())


async def claims_of(db: AsyncSession, organization_id: str) -> Sequence[SsoDomainClaim]:
    """The domains of an organization that wait for their proof, in order."""
    statement = (
        select(SsoDomainClaim)
        .join(SsoConnection, col(SsoConnection.id) == col(SsoDomainClaim.sso_connection_id))
        .where(SsoConnection.organization_id == organization_id)
        .order_by(col(SsoDomainClaim.domain))
    )
    return (await db.exec(statement)).all()


async def refuse_taken(
    db: AsyncSession, domains: Collection[str], sso_connection_id: str = ""
) -> None:
    """Refuse domains that another organization has proven.

    Args:
        sso_connection_id: of the connection that is changed.

    Raises:
        FieldRefused: field "domains".
    """
    taken = select(SsoDomain.domain).where(
        col(SsoDomain.domain).in_(domains),
        col(SsoDomain.sso_connection_id) != sso_connection_id,
    )
    if (await db.exec(taken)).first() is not None:
        raise in_use()


def in_use() -> FieldRefused:
    """The refusal of a domain that another organization has: it does not say which."""
    return FieldRefused("One of these domains is in use already.", field="domains")


async def write(
    db: AsyncSession, place: Standing, sso_connection_id: str, domains: frozenset[str]
) -> None:
    """Describe a connection with these domains and no others.

    What is proven stays proven, whatever became of who proved it. Of the others, those
    that an owner's address proves count at once, where that is proof enough.

    Raises:
        IntegrityError: another organization was quicker with one of them.
    """
    for table in (SsoDomain, SsoDomainClaim):
        await db.exec(
            delete(table).where(
                col(table.sso_connection_id) == sso_connection_id,
                col(table.domain).not_in(domains),
            )
        )
    unproven = domains - await of(db, sso_connection_id)
    by_address = unproven & await _proven_by_address(db, place)
    await db.exec(
        delete(SsoDomainClaim).where(
            col(SsoDomainClaim.sso_connection_id) == sso_connection_id,
            col(SsoDomainClaim.domain).in_(by_address),
        )
    )
    for domain in sorted(by_address):
        db.add(SsoDomain(domain=domain, sso_connection_id=sso_connection_id))
    claimed = {each.domain for each in await claims_of(db, place.organization_id)}
    for domain in sorted(unproven - by_address - claimed):
        _claim(db, sso_connection_id, domain)
    await db.flush()


async def prove(db: AsyncSession, sso_connection_id: str, domain: str, token: str) -> bool:
    """Let a claim count from now on; False when it is not there any more, or another one.

    Raises:
        IntegrityError: another organization has proven the domain.
    """
    spent = await db.exec(delete(SsoDomainClaim).where(*_is(sso_connection_id, domain, token)))
    if spent.rowcount != 1:
        return False
    db.add(SsoDomain(domain=domain, sso_connection_id=sso_connection_id))
    await db.flush()
    return True


async def release(db: AsyncSession, domain: str) -> str:
    """Take a proven domain from the organization that has it; there it waits for a new proof.

    For an operator who knows that it belongs to somebody else by now. The owners find it
    in their security log.

    Args:
        domain: as :func:`mail_domains.parse_domain` reads it.

    Returns:
        The id of the organization, "" when nobody has proven the domain.
    """
    statement = (
        select(SsoDomain, SsoConnection.organization_id)
        .join(SsoConnection, col(SsoConnection.id) == col(SsoDomain.sso_connection_id))
        .where(SsoDomain.domain == domain)
        .with_for_update(of=SsoDomain)
    )
    found = (await db.exec(statement)).first()
    if found is None:
        return ""
    proven, organization_id = found
    await db.delete(proven)
    _claim(db, proven.sso_connection_id, domain)
    owners = select(Membership.account_id).where(
        Membership.organization_id == organization_id, Membership.role == "owner"
    )
    for account_id in (await db.exec(owners)).all():
        activity.record_elsewhere(db, account_id, "organization.sso_domain_released", domain)
    await db.flush()
    return organization_id


async def note(
    db: AsyncSession, sso_connection_id: str, domain: str, token: str, *, finding: str, at: datetime
) -> bool:
    """Keep what a look for the record of a claim found; False when the claim is gone."""
    kept = await db.exec(
        update(SsoDomainClaim)
        .where(*_is(sso_connection_id, domain, token))
        .values(finding=finding, checked_at=at)
    )
    return kept.rowcount == 1


def _claim(db: AsyncSession, sso_connection_id: str, domain: str) -> None:
    db.add(
        SsoDomainClaim(
            sso_connection_id=sso_connection_id,
            domain=domain,
            token=new_token(),
            created_at=now(),
        )
    )


def _is(sso_connection_id: str, domain: str, token: str) -> tuple[ColumnElement[bool], ...]:
    # A claim that was given up and made again has another token.
    return (
        col(SsoDomainClaim.sso_connection_id) == sso_connection_id,
        col(SsoDomainClaim.domain) == domain,
        col(SsoDomainClaim.token) == token,
    )


async def _proven_by_address(db: AsyncSession, place: Standing) -> set[str]:
    """The domains in which an owner of the organization has a confirmed address."""
    if get_settings().sso_domain_proof != "address":
        return set()
    owners = (
        select(Account.email_key)
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(
            Membership.organization_id == place.organization_id,
            Membership.role == "owner",
            col(Account.email_confirmed_at).is_not(None),
        )
    )
    return {key.rpartition("@")[2] for key in (await db.exec(owners)).all()}
