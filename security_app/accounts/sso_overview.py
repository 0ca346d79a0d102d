"""An organization's single sign-on, as its people see it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import domain_records, providers, sso, sso_domains
from security_app.accounts.memberships import Standing
from security_app.db.tables import SsoDomainClaim


@dataclass(frozen=True, slots=True)
class WaitingDomain:
    """A domain that counts once its record is found.

    Attributes:
        record_name, record_value: of the TXT record to add.
        finding: what the latest look found, as :func:`sso_domain_check.check` says; "" before.
    """

    domain: str
    record_name: str
    record_value: str
    finding: str
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """An organization's single sign-on, as its people see it; never with the secret.

    Attributes:
        type: a key of ``providers.PROTOCOLS``.
        name: what people call the provider.
        domains: whose addresses it signs in, in order: the proven ones.
        issuer, client_id, redirect_uri: for those who may change it, else "".
        members: how many sign in through it.
        waiting: the domains that are not proven yet, for those who may change it.
    """

    type: str
    name: str
    domains: tuple[str, ...]
    issuer: str = ""
    client_id: str = ""
    redirect_uri: str = ""
    members: int = 0
    waiting: tuple[WaitingDomain, ...] = ()

    @property
    def described(self) -> tuple[str, ...]:
        """All domains, proven or not, in order."""
        return tuple(sorted({*self.domains, *(each.domain for each in self.waiting)}))


async def of_organization(db: AsyncSession, place: Standing) -> SingleSignOn | None:
    """Read the single sign-on of an organization, None when it has none.

    Args:
        place: where the actor stands, from :func:`memberships.entered`.
    """
    row = await sso.of_organization(db, place.organization_id)
    if row is None:
        return None
    domains = tuple(sorted(await sso_domains.of(db, row.id)))
    members = len(await sso.accounts_of(db, row))
    if not place.may("sso"):
        return SingleSignOn(row.type, row.name, domains, members=members)
    return SingleSignOn(
        row.type,
        row.name,
        domains,
        row.issuer,
        row.client_id,
        providers.sso_provider(row).redirect_uri,
        members,
        tuple(_waiting(each) for each in await sso_domains.claims_of(db, place.organization_id)),
    )


def _waiting(claim: SsoDomainClaim) -> WaitingDomain:
    return WaitingDomain(
        claim.domain,
        domain_records.record_name(claim.domain),
        domain_records.record_value(claim.token),
        claim.finding,
        claim.checked_at,
    )
