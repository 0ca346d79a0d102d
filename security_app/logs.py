"""Logs: one line of JSON each (or coloured text on a terminal), ids instead of secrets (S-76).

The framework writes whole events into some of its lines; those lines keep
their place and level and lose their text.
"""

import logging
import sys

import structlog

from security_app.settings import get_settings

#: Loggers of the framework and its servers whose messages can hold what a client sent.
_TALKATIVE = (
    "reflex",
    "reflex_base",
    "socketio",
    "engineio",
    "asyncio",
    "aiosmtplib",
    # Its debug lines hold statements with their parameters.
    "aiosqlite",
    # Its lines hold whole addresses.
    "httpx",
    "httpcore",
    "uvicorn.error",
)

#: Packages whose every line loses its text.
_PAYLOAD_PACKAGES = frozenset({"reflex", "reflex_base", "socketio", "engineio", "asyncio"})


class _DropPayload(logging.Filter):
    """Replaces the text of a framework's warning by the place it came from."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without what it was about to say."""
        if record.name.partition(".")[0] in _PAYLOAD_PACKAGES:
            record.msg = f"framework message from {record.module}:{record.lineno}"
            record.args = ()
            record.exc_info = None
            record.exc_text = None
            record.stack_info = None
        return True


def configure_logs() -> None:
    """Set up structlog and the standard library's logging, once per process."""
    settings = get_settings()
    is_console = settings.log_format == "console" or (
        not settings.log_format and sys.stderr.isatty()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = (
        structlog.dev.ConsoleRenderer() if is_console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(_DropPayload())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _TALKATIVE:
        # Debug lines of the framework hold whole packets.
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # The socket libraries give their loggers handlers of their own, unseen by our filter.
    for name in tuple(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _PAYLOAD_PACKAGES:
            logger = logging.getLogger(name)
            logger.handlers = []
            logger.propagate = True
