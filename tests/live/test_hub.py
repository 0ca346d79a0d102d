"""Who hears of a change: the open pages of the account, and nobody else."""

import asyncio

import pytest

from security_app.live import hub as hub_module
from security_app.live.hub import Change, Hub, Subscription


@pytest.fixture
def hub() -> Hub:
    """A hub nobody listens to."""
    return Hub()


async def test_every_page_of_the_account_hears_and_no_other(hub: Hub) -> None:
    change = Change("ada", "sessions", action="session.ended", by="s1", device="Chrome")
    with (
        hub.subscribe("ada") as first,
        hub.subscribe("ada") as second,
        hub.subscribe("eve") as other,
    ):
        hub.publish(change)
        assert await first.next(0) == [change]
        assert await second.next(0) == [change]
        assert await other.next(0) == []


async def test_changes_are_heard_once_in_their_order(hub: Hub) -> None:
    changes = [Change("ada", "sessions", by=str(number)) for number in range(10)]
    with hub.subscribe("ada") as page:
        for change in changes:
            hub.publish(change)
        assert await page.next(0) == changes
        assert await page.next(0) == []


async def test_a_page_that_has_left_hears_nothing_and_costs_nothing(hub: Hub) -> None:
    with hub.subscribe("ada") as left, hub.subscribe("ada") as stays:
        pass
    hub.publish(Change("ada", "sessions"))
    assert await left.next(0) == []
    assert await stays.next(0) == []
    assert len(hub._subscriptions) == 0


async def test_a_page_that_breaks_down_leaves_too(hub: Hub) -> None:
    with pytest.raises(RuntimeError), hub.subscribe("ada"):
        raise RuntimeError
    assert len(hub._subscriptions) == 0


async def test_publishing_to_nobody_keeps_nothing(hub: Hub) -> None:
    for number in range(100):
        hub.publish(Change(f"nobody {number}", "sessions"))
    assert len(hub._subscriptions) == 0


async def test_a_page_that_falls_behind_is_told_to_load_everything(hub: Hub) -> None:
    with hub.subscribe("ada") as slow:
        for number in range(hub_module._QUEUE_LENGTH):
            hub.publish(Change("ada", "sessions", by=str(number)))
        hub.publish(Change("ada", "password"))
        hub.publish(Change("ada", "activity"))
        heard = await slow.next(0)
    assert heard[0] == Change("ada", "all")
    assert heard[1:] == [Change("ada", "activity")]


async def test_a_flood_never_grows_a_queue_nor_loses_the_news(hub: Hub) -> None:
    with hub.subscribe("ada") as slow, hub.subscribe("ada") as quick:
        for number in range(10_000):
            hub.publish(Change("ada", "sessions", by=str(number)))
            assert slow._queue.qsize() <= hub_module._QUEUE_LENGTH
            assert len(await quick.next(1)) == 1
        heard = await slow.next(0)
    assert Change("ada", "all") in heard


async def test_changes_are_numbered_and_the_latest_are_kept(hub: Hub) -> None:
    assert hub.recent("ada") == []
    for number in range(hub_module._QUEUE_LENGTH):
        hub.publish(Change("eve", "sessions", by=str(number)))
    before = hub.latest
    hub.publish(Change("ada", "password"))
    hub.publish(Change("ada", "activity"))
    assert [(each.topic, each.number) for each in hub.recent("ada")] == [
        ("password", before + 1),
        ("activity", before + 2),
    ]
    assert len(hub.recent("eve")) == hub_module._QUEUE_LENGTH - 2


async def test_a_waiting_page_is_woken(hub: Hub) -> None:
    with hub.subscribe("ada") as page:
        waiting = asyncio.create_task(page.next(30))
        await asyncio.sleep(0)
        assert not waiting.done()
        hub.publish(Change("ada", "account"))
        assert await waiting == [Change("ada", "account")]


async def test_without_news_the_wait_ends_empty() -> None:
    assert await Subscription().next(0) == []
