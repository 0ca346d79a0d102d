"""The last resort: an unforeseen exception becomes a 500 with a reference only (S-79)."""

from collections.abc import Callable

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from security_app.api.problems import problem
from security_app.web.faults import log_fault


def fault_as_problem(reference: str) -> Response:
    """The answer of the API."""
    detail = "Something went wrong on our side. If it happens again, name the reference to us."
    return problem(500, "fault", detail, reference=reference)


def fault_as_text(reference: str) -> Response:
    """The answer of everything else."""
    text = f"Something went wrong on our side. Reference: {reference}"
    return PlainTextResponse(text, status_code=500)


class FaultBarrier:
    """Keeps exceptions from the server, which would log their message and arguments."""

    def __init__(self, app: ASGIApp, *, answer: Callable[[str], Response]) -> None:
        """Wrap an application.

        Args:
            app: what may raise.
            answer: makes the response from the fault's reference.
        """
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP is guarded, the socket has its own handlers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_started = False

        async def watched(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not get further
            reference = log_fault(error, where="http")
            if not is_started:
                await self._answer(reference)(scope, receive, send)
