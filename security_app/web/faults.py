"""What happens to exceptions nobody expected: an id for the person, the place for the log (S-79).

Neither the message nor any argument of an exception is logged: they may hold
what somebody typed.
"""

import secrets
import traceback

import structlog
from reflex_base.event import EventSpec

from security_app.db.errors import DatabaseUnavailable
from security_app.web.notices import NoticesState

log = structlog.get_logger(__name__)


def log_fault(error: BaseException, *, where: str) -> str:
    """Log an unexpected exception by type and place.

    Returns:
        The reference, 8 hex characters, to show to the person.
    """
    reference = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "fault",
        reference=reference,
        where=where,
        type=type(error).__qualname__,
        reason=str(error) if isinstance(error, DatabaseUnavailable) else "",
        trace=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    )
    return reference


def on_backend_exception(exception: Exception) -> EventSpec:
    """Reflex's hook for handlers that raised."""
    return NoticesState.report_fault(log_fault(exception, where="event"))  # pyright: ignore[reportReturnType, reportCallIssue]


def on_frontend_exception(exception: Exception) -> None:  # noqa: ARG001
    """Reflex's hook for errors reported by browsers: anybody can send these."""
    log.warning("frontend_error")
