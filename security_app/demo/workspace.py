"""The organization of the demo: people in every role, an invitation, a release in each state."""

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.addresses import address_key
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import (
    Account,
    Invitation,
    Membership,
    Organization,
    Release,
    known_id,
    new_id,
)
from security_app.limits import INVITATION_LIFE, RELEASE_PROCESSING

_OWNER = "owner@demo.test"
#: An id of its own finds it again on later starts; it opens nothing.
ORGANIZATION_ID = "demo-organization"
_PROCESSING_ID = "demo-release-processing"
_ROLES = {
    _OWNER: "owner",
    "totp@demo.test": "admin",
    "both@demo.test": "finance",
    "fresh@demo.test": "member",
}


async def seed() -> None:
    """Make the organization on the first start; keep one release processing on later ones."""
    async with reading() as db:
        people = await _people(db)
        is_there = await db.get(Organization, known_id(ORGANIZATION_ID)) is not None
        owner = people.get(_OWNER)
        is_free = owner is not None and await db.get(Membership, owner) is None
    if is_there:
        await _keep_processing()
    elif is_free:
        async with transaction() as db:
            await _make(db, people)


async def _people(db: AsyncSession) -> dict[str, str]:
    """Address to id, of those demo accounts that exist."""
    keys = [address_key(email) for email in _ROLES]
    statement = select(Account.email, Account.id).where(col(Account.email_key).in_(keys))
    return dict((await db.exec(statement)).all())


async def _make(db: AsyncSession, people: dict[str, str]) -> None:
    at = now()
    db.add(
        Organization(
            id=ORGANIZATION_ID, name="Northwind Wines", created_at=at - timedelta(days=400)
        )
    )
    await db.flush()
    for place, (email, role) in enumerate(_ROLES.items()):
        if email in people and await db.get(Membership, people[email]) is None:
            db.add(
                Membership(
                    account_id=people[email],
                    organization_id=ORGANIZATION_ID,
                    role=role,
                    joined_at=at - timedelta(days=400 - 90 * place),
                )
            )
    db.add(
        Invitation(
            organization_id=ORGANIZATION_ID,
            invited_by=people[_OWNER],
            email="cellar@demo.test",
            email_key=address_key("cellar@demo.test"),
            role="member",
            created_at=at - timedelta(days=1),
            expires_at=at - timedelta(days=1) + INVITATION_LIFE,
        )
    )
    _add_releases(db)


def _add_releases(db: AsyncSession) -> None:
    at = now()
    for release_id, name, age_days, starts_in, is_cancelled in (
        (new_id(), "Winter list", 1, None, False),
        (new_id(), "Price update", 2, timedelta(hours=23), False),
        (_PROCESSING_ID, "Autumn list", 3, -timedelta(minutes=1), False),
        (new_id(), "Summer list", 90, -timedelta(days=88), False),
        (new_id(), "Spring sale", 180, -timedelta(days=178), True),
    ):
        starts_at = None if starts_in is None else at + starts_in
        db.add(
            Release(
                id=release_id,
                organization_id=ORGANIZATION_ID,
                name=name,
                created_at=at - timedelta(days=age_days),
                starts_at=starts_at,
                ships_at=starts_at + RELEASE_PROCESSING if starts_at else None,
                cancelled_at=starts_at if is_cancelled else None,
            )
        )


async def _keep_processing() -> None:
    """Begin the release that is processing anew; one that somebody cancelled stays cancelled."""
    at = now()
    async with transaction() as db:
        await db.exec(
            update(Release)
            .where(col(Release.id) == _PROCESSING_ID, col(Release.cancelled_at).is_(None))
            .values(
                starts_at=at - timedelta(minutes=1),
                ships_at=at - timedelta(minutes=1) + RELEASE_PROCESSING,
            )
        )
