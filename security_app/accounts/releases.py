"""Releases: drafted, scheduled, processing, shipped or cancelled; the clock moves them on.

How far a release is, its times tell, so that nothing has to run for it to go on;
each act is one UPDATE on those times, and its row count decides.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, tuple_, update
from sqlalchemy.orm import Mapped
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, memberships, step_up
from security_app.accounts.activity import Page
from security_app.accounts.actor import Actor
from security_app.accounts.errors import FieldRefused
from security_app.accounts.memberships import parse_title
from security_app.accounts.step_up import Target
from security_app.accounts.workspace_errors import NotInWorkspace, ReleaseMoved, TwoFactorRequired
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Membership, Release, known_id, new_id
from security_app.limits import RELEASE_PROCESSING, RELEASE_STARTS
from security_app.live.hub import Change, hub

STATES = ("draft", "scheduled", "processing", "shipped", "cancelled")
_GONE = "There is no such release in your organization."


@dataclass(frozen=True, slots=True)
class ReleaseItem:
    """One row of the Releases card; ``state`` is one of ``STATES``."""

    id: str
    name: str = field(repr=False)
    state: str
    created_at: datetime
    starts_at: datetime | None
    ships_at: datetime | None
    cancelled_at: datetime | None


def state_of(release: Release, at: datetime) -> str:
    """How far a release is at a moment."""
    if release.cancelled_at is not None:
        return "cancelled"
    if release.starts_at is None or release.ships_at is None:
        return "draft"
    if at < release.starts_at:
        return "scheduled"
    return "processing" if at < release.ships_at else "shipped"


async def listing(
    db: AsyncSession, actor: Actor, *, limit: int, cursor: str = ""
) -> Page[ReleaseItem]:
    """One page of the releases of the actor's organization, by keyset, newest first.

    Args:
        limit: rows, 1 to 100.
        cursor: the id of the last row seen; unknown and foreign ids give the first page.

    Returns:
        The page; an empty one for who belongs to no organization.

    Raises:
        TwoFactorRequired: the organization asks for a second factor, and they have none.
    """
    place = await memberships.standing(db, actor)
    if place is None:
        return Page((), "")
    if place.is_shut:
        raise TwoFactorRequired
    statement = (
        select(Release)
        .where(Release.organization_id == place.organization_id)
        .order_by(col(Release.created_at).desc(), col(Release.id).desc())
        .limit(limit + 1)
    )
    last = await _find(db, place.organization_id, cursor) if cursor else None
    if last is not None:
        statement = statement.where(
            tuple_(col(Release.created_at), col(Release.id)) < tuple_(last.created_at, last.id)
        )
    rows = (await db.exec(statement)).all()
    at = now()
    items = tuple(_item(row, at) for row in rows[:limit])
    return Page(items, items[-1].id if len(rows) > limit else "")


async def create(actor: Actor, *, name: str) -> str:
    """Draft a release; returns its id.

    Raises:
        FieldRefused: field "name".
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`.
    """
    title = parse_title(name)
    async with transaction() as db:
        # Held: it may be about to be deleted, and nothing can belong to it then.
        place = await memberships.entered_alone(db, actor, "release")
        release = Release(
            id=new_id(), organization_id=place.organization_id, name=title, created_at=now()
        )
        db.add(release)
        await _note(db, actor, place.organization_id, "release.created", release.id)
    return release.id


async def schedule(actor: Actor, release_id: str, *, start: str) -> None:
    """Let a draft start, or one that waits start at another time.

    Args:
        start: a key of ``RELEASE_STARTS``.

    Raises:
        FieldRefused: no such time; field "start".
        ReleaseMoved: it has begun, or is cancelled.
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`memberships.entered`, or no
            such release.
    """
    if start not in RELEASE_STARTS:
        raise FieldRefused("Choose when it starts.", field="start")
    async with transaction() as db:
        release = await _held(db, actor, release_id)
        at = now()
        starts_at = at + RELEASE_STARTS[start]
        ships_at = starts_at + RELEASE_PROCESSING
        await _change(db, release, _waits(at), starts_at=starts_at, ships_at=ships_at)
        await _note(db, actor, release.organization_id, "release.scheduled", release.id)


async def cancel(actor: Actor, release_id: str) -> None:
    """Cancel a release that has not begun; raises as :func:`schedule`."""
    async with transaction() as db:
        release = await _held(db, actor, release_id)
        at = now()
        await _change(db, release, _waits(at), cancelled_at=at)
        await _note(db, actor, release.organization_id, "release.cancelled", release.id)


async def find_to_cancel(actor: Actor, release_id: str) -> Target:
    """The release the actor is about to stop while it is processing, for the PIN prompt.

    Raises:
        ReleaseMoved: it is not processing.
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`schedule`.
    """
    async with reading() as db:
        place = await memberships.entered(db, actor, "read")
        release = await _find(db, place.organization_id, release_id)
        if release is None:
            raise NotInWorkspace(_GONE)
        await memberships.entered(db, actor, "release")
    if state_of(release, now()) != "processing":
        raise ReleaseMoved("Only a release that is processing can be force-cancelled.")
    return Target(release.id, release.name)


async def force_cancel(actor: Actor, release_id: str) -> ReleaseItem:
    """Stop a release while it is processing; spends the grant of "cancel_release".

    Raises:
        StepUpRequired: no PIN was given for this release.
        ReleaseMoved: it is not processing (any more).
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`schedule`.
    """
    async with transaction() as db:
        release = await _held(db, actor, release_id)
        await step_up.spend(db, actor, "cancel_release", release.id)
        at = now()
        is_processing = and_(col(Release.starts_at) <= at, col(Release.ships_at) > at)
        await _change(db, release, is_processing, cancelled_at=at)
        await _note(db, actor, release.organization_id, "release.force_cancelled", release.id)
        release.cancelled_at = at
        return _item(release, at)


async def announce_moved(since: datetime, until: datetime) -> int:
    """Tell the open pages of those whose releases the clock moved on; returns how many did.

    Args:
        since: when this was last asked; the span after it, up to ``until``, counts.
    """

    def in_span(column: Mapped[datetime | None]) -> ColumnElement[bool]:
        return and_(column > since, column <= until)

    moved = (
        select(Membership.account_id)
        .join(Release, col(Release.organization_id) == Membership.organization_id)
        .where(
            col(Release.cancelled_at).is_(None),
            or_(in_span(col(Release.starts_at)), in_span(col(Release.ships_at))),
        )
        .distinct()
    )
    async with reading() as db:
        account_ids = (await db.exec(moved)).all()
    for account_id in account_ids:
        # Every process looks for itself: nothing goes to the others.
        hub.deliver(Change(account_id, "workspace"))
    return len(account_ids)


async def _held(db: AsyncSession, actor: Actor, release_id: str) -> Release:
    """A release the actor may move on, held until the commit.

    Look at the clock after this, not before: the release may have shipped while it waited.

    Raises:
        NotInWorkspace, TwoFactorRequired, RoleRequired: as :func:`schedule`.
    """
    place = await memberships.entered(db, actor, "release")
    release = await _find(db, place.organization_id, release_id, is_held=True)
    if release is None:
        raise NotInWorkspace(_GONE)
    return release


async def _change(
    db: AsyncSession, release: Release, condition: ColumnElement[bool], **times: datetime
) -> None:
    """Set times of a release if it still is where it must be; its row count decides."""
    changed = await db.exec(
        update(Release)
        .where(col(Release.id) == release.id, col(Release.cancelled_at).is_(None), condition)
        .values(**times)
    )
    if changed.rowcount == 0:
        raise ReleaseMoved


async def _note(
    db: AsyncSession, actor: Actor, organization_id: str, action: str, release_id: str
) -> None:
    activity.record(db, actor, action, release_id)
    await memberships.announce_to_all(db, organization_id, by=actor.session_id)


async def _find(
    db: AsyncSession, organization_id: str, release_id: str, *, is_held: bool = False
) -> Release | None:
    statement = select(Release).where(
        Release.id == known_id(release_id), Release.organization_id == organization_id
    )
    if is_held:
        statement = statement.with_for_update(key_share=True)
    return (await db.exec(statement)).first()


def _waits(at: datetime) -> ColumnElement[bool]:
    """The condition of a release that has not begun."""
    return or_(col(Release.starts_at).is_(None), col(Release.starts_at) > at)


def _item(row: Release, at: datetime) -> ReleaseItem:
    return ReleaseItem(
        id=row.id,
        name=row.name,
        state=state_of(row, at),
        created_at=row.created_at,
        starts_at=row.starts_at,
        ships_at=row.ships_at,
        cancelled_at=row.cancelled_at,
    )
