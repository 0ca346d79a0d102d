"""Mail somebody is waiting for: sent at once, past the queue, or refused within seconds."""

import asyncio
from collections.abc import Mapping

from security_app.db.tables import new_id
from security_app.mail.errors import DeliveryFailed, TemporaryFailure
from security_app.mail.messages import render
from security_app.mail.outbox import sender
from security_app.metrics import mail_codes_refused, mail_sent

#: S-23: a clear answer within ten seconds, hashing and storage included.
PATIENCE_S = 7.0
#: Conversations at one time; whoever comes when all are taken is told so at once.
_PLACES = 32
_places: set[str] = set()


async def send_now(kind: str, recipient: str, params: Mapping[str, str]) -> None:
    """Render and deliver one message, and count what became of it.

    Args:
        kind: a key of ``messages.SUBJECTS``.
        recipient: one address.
        params: what its template needs.

    Raises:
        DeliveryFailed: not taken in time, or every place is taken by slow conversations.
    """
    try:
        await _send(kind, recipient, params)
    except DeliveryFailed as failure:
        mail_codes_refused.labels(failure.word).inc()
        raise
    mail_sent.labels(kind).inc()


async def _send(kind: str, recipient: str, params: Mapping[str, str]) -> None:
    if len(_places) >= _PLACES:
        raise TemporaryFailure("no_place")
    message_id = new_id()
    _places.add(message_id)
    try:
        rendered = await asyncio.to_thread(render, kind, params, to=recipient)
        async with asyncio.timeout(PATIENCE_S):
            await sender().deliver(rendered, to=recipient, message_id=message_id)
    except TimeoutError:
        raise TemporaryFailure("timeout") from None
    finally:
        _places.discard(message_id)
