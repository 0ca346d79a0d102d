"""Changes between server processes, over Redis publish and subscribe.

Redis only carries the news: what is true stands in the database, and every event
asks it. While Redis is away pages of other processes learn of a change at their next
event; once it is back they read everything anew, as nobody knows what they missed.
"""

import asyncio
import contextlib
import json
import secrets
from dataclasses import asdict
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from security_app.live.hub import Change, Hub

log = structlog.get_logger(__name__)

#: What waits while Redis does not answer; whoever misses more reads everything anew.
_WAITING = 1024
_PAUSES_S = (0.5, 8.0)
#: A connection that died without a word is found by this.
_HEALTH_CHECK_S = 15
_TIMEOUT_S = 5
_EVERYTHING = "everything"
_FIELDS = ("account_id", "topic", "action", "by", "device")


class _Work(Protocol):
    async def __call__(self, redis: Redis, *, is_first: bool) -> None: ...


class RedisRelay:
    """Sends this process's changes to the others, and theirs to this one's pages."""

    def __init__(self, url: str, hub: Hub, *, site: str) -> None:
        """Be ready to run.

        Args:
            url: ``redis://…`` or ``rediss://…``.
            hub: the pages of this process.
            site: the public URL: several sites may share one Redis, whose channels
                know no database numbers.
        """
        self._channel = f"changes:{site}"
        self._url = url
        self._hub = hub
        self._origin = secrets.token_hex(8)
        self._waiting: asyncio.Queue[Change] = asyncio.Queue(_WAITING)
        self._has_lost = False

    def send(self, change: Change) -> None:
        """Let the other processes know; waits for nothing."""
        try:
            self._waiting.put_nowait(change)
        except asyncio.QueueFull:
            self._has_lost = True

    async def run(self) -> None:
        """Relay until cancelled; comes back by itself whenever Redis does."""
        self._hub.relay = self.send
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep("listening", self._listen))
                group.create_task(self._keep("sending", self._send_waiting))
        finally:
            self._hub.relay = None

    async def _keep(self, what: str, work: _Work) -> None:
        """Do one direction's work again and again, with pauses while Redis does not answer."""
        pause_s, longest_s = _PAUSES_S
        is_first = True
        while True:
            try:
                async with self._connection() as redis:
                    await redis.execute_command("PING")
                    pause_s = _PAUSES_S[0]
                    await work(redis, is_first=is_first)
            except (RedisError, OSError) as trouble:
                log.warning("relay_waits", direction=what, reason=type(trouble).__name__)
            is_first = False
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, longest_s)

    def _connection(self) -> Redis:
        return Redis.from_url(
            self._url,
            socket_connect_timeout=_TIMEOUT_S,
            socket_keepalive=True,
            health_check_interval=_HEALTH_CHECK_S,
        )

    async def _listen(self, redis: Redis, *, is_first: bool) -> None:
        async with redis.pubsub() as channel:
            await channel.subscribe(self._channel)
            if not is_first:
                self._hub.deliver_to_all()
            while True:
                message = await channel.get_message(
                    ignore_subscribe_messages=True, timeout=_HEALTH_CHECK_S
                )
                if message is not None:
                    self._receive(message["data"])

    def _receive(self, data: bytes) -> None:
        try:
            news = json.loads(data)
            origin, kind = news["from"], news["kind"]
            account_id, topic, action, by, device = (str(news[name])[:100] for name in _FIELDS)
        except (ValueError, TypeError, KeyError):
            log.warning("relay_cannot_read")
            return
        if origin == self._origin:
            return
        if kind == _EVERYTHING:
            self._hub.deliver_to_all()
        else:
            self._hub.deliver(Change(account_id, topic, action, by, device))

    async def _send_waiting(self, redis: Redis, *, is_first: bool) -> None:  # noqa: ARG002 - as the other direction
        while True:
            change = await self._waiting.get()
            try:
                await self._publish(redis, "change", change)
                if self._has_lost:
                    await self._publish(redis, _EVERYTHING, Change("", ""))
                    self._has_lost = False
            except (RedisError, OSError):
                # It goes first when Redis is back, or everything is read anew.
                with contextlib.suppress(asyncio.QueueFull):
                    self._waiting.put_nowait(change)
                raise

    async def _publish(self, redis: Redis, kind: str, change: Change) -> None:
        told = {name: value for name, value in asdict(change).items() if name in _FIELDS}
        await redis.publish(self._channel, json.dumps({"from": self._origin, "kind": kind} | told))
