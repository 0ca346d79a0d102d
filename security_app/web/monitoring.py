"""What the operator's monitoring reads: ``GET /metrics``, for those who have the token.

Without the token, or without the setting, the path is like any other that does
not exist: the request goes on to whatever answers those.
"""

import hmac

import structlog
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from security_app import clock
from security_app.db.engine import reading
from security_app.db.errors import DatabaseUnavailable
from security_app.live.hub import hub
from security_app.mail.queueing import QueueStatus, queue_status
from security_app.metrics import counted
from security_app.settings import get_settings
from security_app.web.sockets import open_sockets

log = structlog.get_logger(__name__)


class MetricsRoute(Route):
    """``GET /metrics``, which exists for the operator only."""

    def __init__(self) -> None:
        """Make the route."""
        super().__init__("/metrics", _show, methods=["GET"], include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this route answers: the path is ours and the token is right."""
        match, child_scope = super().matches(scope)
        if match is Match.NONE or not _has_token(scope):
            return Match.NONE, {}
        return match, child_scope


def _has_token(scope: Scope) -> bool:
    token = get_settings().metrics_token
    if token is None:
        return False
    scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
    is_right = hmac.compare_digest(given.encode(), token.get_secret_value().encode())
    return is_right and scheme.lower() == "bearer"


async def _show(_request: Request) -> Response:
    """Everything there is to know, as Prometheus text."""
    text = generate_latest(counted) + generate_latest(await _figures())
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


async def _figures() -> CollectorRegistry:
    """How things stand at this moment; without the queue when the database does not answer."""
    figures = CollectorRegistry()

    def show(name: str, meaning: str, value: float) -> None:
        Gauge(name, meaning, registry=figures).set(value)

    show("open_sockets", "Sockets open in this process.", open_sockets())
    show("open_pages", "Signed-in pages that hear of changes, in this process.", hub.open_pages)
    try:
        async with reading() as db:
            queue = await queue_status(db)
    except DatabaseUnavailable as trouble:
        log.warning("metrics_without_queue", reason=str(trouble))
        return figures
    show("mail_waiting", "Messages neither sent nor given up.", queue.waiting)
    show("mail_oldest_waiting_seconds", "Age of the oldest of them, 0 without any.", _age_s(queue))
    show("mail_given_up", "Messages given up in the last 30 days.", queue.failed)
    return figures


def _age_s(queue: QueueStatus) -> float:
    if queue.oldest_at is None:
        return 0.0
    return max(0.0, (clock.now() - queue.oldest_at).total_seconds())
