"""Times come back as they went in, on every engine; ids are not to be guessed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlmodel import col, select

from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, new_id

NOON = datetime(2026, 10, 25, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=45))])
async def test_an_instant_comes_back_as_utc(ada: Account, zone: timezone) -> None:
    async with transaction() as db:
        (await db.get_one(Account, ada.id)).created_at = NOON.astimezone(zone)
    async with reading() as db:
        stored = (await db.get_one(Account, ada.id)).created_at
    assert stored == NOON
    assert stored.utcoffset() == timedelta(0)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-9))])
async def test_instants_compare_across_zones(ada: Account, zone: timezone) -> None:
    async with transaction() as db:
        (await db.get_one(Account, ada.id)).created_at = NOON
    just_after = (NOON + timedelta(microseconds=1)).astimezone(zone)
    async with reading() as db:
        before = select(Account.id).where(col(Account.created_at) < just_after)
        assert (await db.exec(before)).all() == [ada.id]
        not_before = select(Account.id).where(col(Account.created_at) < NOON.astimezone(zone))
        assert (await db.exec(not_before)).all() == []


async def test_no_instant_stays_none(ada: Account) -> None:
    async with reading() as db:
        assert (await db.get_one(Account, ada.id)).disabled_at is None


def test_ids_are_long_and_distinct() -> None:
    ids = {new_id() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert {len(name) for name in ids} == {20}
