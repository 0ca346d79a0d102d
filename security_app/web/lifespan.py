"""What runs as long as the process: mail, sweeping, what the clock moves on, vanished tabs."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncGenerator

import structlog
from sqlalchemy import literal, select

from security_app.accounts import (
    api_keys,
    challenges,
    devices,
    email_codes,
    emails,
    hashing,
    invitations,
    links,
    places,
    provider_trips,
    recovery_codes,
    releases,
    step_up,
    throttle,
    tickets,
    totp,
    undo_links,
)
from security_app.accounts.proofs import email_code
from security_app.clock import now
from security_app.db.engine import database, read_row, reading, transaction
from security_app.db.errors import DatabaseUnavailable
from security_app.live.hub import hub
from security_app.live.redis_relay import RedisRelay
from security_app.logs import configure_logs
from security_app.mail.outbox import forget_old as forget_old_mail
from security_app.mail.outbox import sender
from security_app.policy import get_policy
from security_app.settings import get_settings
from security_app.web import headers
from security_app.web.vanished_tabs import vanished_tabs

log = structlog.get_logger(__name__)

#: How late an open page may learn that the clock has moved a release on.
_LOOK_EVERY_S = 1
#: Base32. RFC 4226 §4 R6 requires 128 bits; a policy may show fewer (D3).
_BITS_A_CHAR = 5
_RFC_4226_BITS = 128


@contextlib.asynccontextmanager
async def lifespan() -> AsyncGenerator[None]:
    """Start the background work of one server process and end it cleanly."""
    configure_logs()
    # The first look-ups read megabytes: not while somebody waits for them.
    await asyncio.gather(
        asyncio.to_thread(places.warm),
        asyncio.to_thread(devices.warm),
        asyncio.to_thread(headers.warm),
        hashing.warm(),
        _open_database(),
    )
    # What is loaded by now stays: a full collection need not look at it again (B-14).
    gc.collect()
    gc.freeze()
    works = (sender().run(), _sweep(), _follow_releases(), vanished_tabs.run())
    tasks = [asyncio.create_task(work) for work in works]
    redis_url = get_settings().redis_url
    if redis_url is not None:
        relay = RedisRelay(redis_url.get_secret_value(), hub, site=get_settings().public_url)
        tasks.append(asyncio.create_task(relay.run()))
    _warn()
    log.info("started")
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database().dispose()
        log.info("stopped")


def _warn() -> None:
    """Say what the policy has chosen below what the standards ask."""
    bits = get_policy().totp_secret_chars * _BITS_A_CHAR
    if bits < _RFC_4226_BITS:
        log.warning("totp_secret_below_rfc_4226", bits=bits, required=_RFC_4226_BITS)


async def _open_database() -> None:
    """Open the connections the first event would open; the start does not depend on it."""
    try:
        async with reading() as db:
            await db.connection()
        await read_row(select(literal(1)))
    except DatabaseUnavailable as trouble:
        log.warning("database_unavailable", reason=str(trouble))


async def _sweep() -> None:
    """Make room: expired rows are dead by their time already."""
    pause_s = 60 * get_settings().sweep_minutes
    while True:
        try:
            async with transaction(is_long=True) as db:
                await tickets.forget_old(db)
                await links.forget_old(db)
                await throttle.forget_old(db)
                await challenges.forget_old(db)
                await step_up.forget_old(db)
                await totp.forget_old(db)
                await email_codes.forget_old(db)
                await email_code.forget_old(db)
                await emails.forget_old(db)
                await undo_links.forget_old(db)
                await provider_trips.forget_old(db)
                await api_keys.forget_old(db)
                await invitations.forget_old(db)
                await recovery_codes.forget_copies(db)
                await forget_old_mail(db)
        except DatabaseUnavailable as trouble:
            log.warning("sweep_failed", reason=str(trouble))
        await asyncio.sleep(pause_s)


async def _follow_releases() -> None:
    """Tell open pages of releases that start or ship; without open pages nothing is asked."""
    since = now()
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        until = now()
        try:
            if hub.open_pages:
                await releases.announce_moved(since, until)
            since = until
        except DatabaseUnavailable as trouble:
            # The span stays: what moved meanwhile is told once the storage answers.
            log.warning("releases_not_followed", reason=str(trouble))
