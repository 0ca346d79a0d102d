"""Who hears of a change: an in-process hub with one queue per open page.

A change is announced by the transaction that makes it and published after the
commit only, so what rolled back is never seen.
"""

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.db.engine import after_commit

#: A page that falls this far behind is told to reload everything instead.
_QUEUE_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Change:
    """Something about one account changed.

    Attributes:
        account_id: whose.
        topic: what to load again: "account", "password", "connections", "factors", "pin",
            "api_keys", "sessions", "sign_ins", "activity" (the security log), "workspace"
            or "all"; "renewed" when a session took its new cookie.
        action: the security log's word for it, when other pages should say so.
        by: the id of the session that did it, "" when none.
        device: the device that did it, in words.
        number: given when it is published; later ones have higher numbers.
    """

    account_id: str
    topic: str
    action: str = ""
    by: str = ""
    device: str = ""
    number: int = field(default=0, compare=False)


class Subscription:
    """One open page's place in the hub."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._queue: asyncio.Queue[Change] = asyncio.Queue(_QUEUE_LENGTH)

    def put(self, change: Change) -> None:
        """Hand over a change without waiting."""
        if self._queue.full():
            # The page reads its cards afresh and its session is checked then.
            with contextlib.suppress(asyncio.QueueEmpty):
                while True:
                    self._queue.get_nowait()
            change = Change(change.account_id, "all", number=change.number)
        self._queue.put_nowait(change)

    async def next(self, timeout_s: float) -> list[Change]:
        """Wait for changes.

        Args:
            timeout_s: seconds to wait at most.

        Returns:
            All that is there, oldest first; empty when the time is up.
        """
        try:
            async with asyncio.timeout(timeout_s):
                changes = [await self._queue.get()]
        except TimeoutError:
            return []
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                changes.append(self._queue.get_nowait())
        return changes


class Hub:
    """The pages open in this process, by account."""

    def __init__(self) -> None:
        """Begin with nobody listening.

        Attributes:
            latest: the number of the latest change published. What is read from now on
                has that change in it, and all before it.
            relay: tells other server processes, where there are several; waits for
                nothing.
        """
        self.latest = 0
        self.relay: Callable[[Change], None] | None = None
        self._recent: deque[Change] = deque(maxlen=_QUEUE_LENGTH)
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)

    @contextlib.contextmanager
    def subscribe(self, account_id: str) -> Iterator[Subscription]:
        """Listen to one account until the block is left."""
        subscription = Subscription()
        self._subscriptions[account_id].add(subscription)
        try:
            yield subscription
        finally:
            listeners = self._subscriptions[account_id]
            listeners.discard(subscription)
            if not listeners:
                del self._subscriptions[account_id]

    @property
    def open_pages(self) -> int:
        """How many pages listen, of all accounts."""
        return sum(len(listeners) for listeners in self._subscriptions.values())

    def publish(self, change: Change) -> None:
        """Tell every open page of the account, in this process and in others."""
        self.deliver(change)
        if self.relay is not None:
            self.relay(change)

    def deliver_to_all(self) -> None:
        """Let every open page of this process read everything anew."""
        for account_id in tuple(self._subscriptions):
            self.deliver(Change(account_id, "all"))

    def deliver(self, change: Change) -> None:
        """Tell every open page of the account in this process."""
        self.latest += 1
        change = replace(change, number=self.latest)
        self._recent.append(change)
        for subscription in tuple(self._subscriptions.get(change.account_id, ())):
            subscription.put(change)

    def recent(self, account_id: str) -> list[Change]:
        """The account's changes among the last ones of all, oldest first."""
        return [change for change in self._recent if change.account_id == account_id]


hub = Hub()


def announce(db: AsyncSession, change: Change) -> None:
    """Publish a change once this transaction is committed."""
    after_commit(db, lambda: hub.publish(change))
