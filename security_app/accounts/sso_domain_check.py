"""Proving a domain of an organization's provider by a record in its DNS."""

from sqlalchemy.exc import IntegrityError

from security_app.accounts import activity, domain_records, memberships, sso_domains, throttle
from security_app.accounts.actor import Actor
from security_app.accounts.throttle import Budget
from security_app.accounts.workspace_errors import NotInWorkspace
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import SsoDomainClaim
from security_app.limits import SSO_DOMAIN_LIMITS

_RIGHT = "sso"
#: The record is there, and another organization has proven the domain before.
IN_USE = "in_use"


async def check(actor: Actor, domain: str) -> str:
    """Look for the record of a domain; where it is there, the domain counts from now on.

    It stays proven when the record goes: a slip in a zone must not shut people out. It
    goes with the connection, or when the domain is taken out of its description.

    Returns:
        What was found: a ``domain_records.Finding``, or ``IN_USE``.

    Raises:
        NotInWorkspace: no domain of the actor's organization waits under this name.
        TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
        TooManyAttempts: asked for 20 times within the minute, or 60 within the hour.
    """
    async with reading() as db:
        place = await memberships.entered(db, actor, _RIGHT)
        claims = await sso_domains.claims_of(db, place.organization_id)
    claim = next((each for each in claims if each.domain == domain), None)
    if claim is None:
        raise _gone()
    await throttle.reserve(Budget(f"sso:domain:{place.organization_id}", SSO_DOMAIN_LIMITS))
    finding = await domain_records.look_up(claim.domain, claim.token)
    if finding == "proven":
        try:
            await _prove(actor, claim)
        except IntegrityError:
            await _note(actor, claim, IN_USE)
            return IN_USE
    else:
        await _note(actor, claim, finding)
    return finding


async def _prove(actor: Actor, claim: SsoDomainClaim) -> None:
    async with transaction() as db:
        # Who asked may have lost the right while DNS was asked.
        place = await memberships.entered_alone(db, actor, _RIGHT)
        if not await sso_domains.prove(db, claim.sso_connection_id, claim.domain, claim.token):
            raise _gone()
        activity.record(db, actor, "organization.sso_domain_proven", claim.domain)
        await memberships.announce_to_all(
            db, place.organization_id, topic="workspace", by=actor.session_id
        )


async def _note(actor: Actor, claim: SsoDomainClaim, finding: str) -> None:
    async with transaction(is_relaxed=True) as db:
        await memberships.entered(db, actor, _RIGHT)
        kept = await sso_domains.note(
            db, claim.sso_connection_id, claim.domain, claim.token, finding=finding, at=now()
        )
        if not kept:
            raise _gone()


def _gone() -> NotInWorkspace:
    return NotInWorkspace("This domain does not wait for its proof any more.")
