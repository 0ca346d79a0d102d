"""A crowd that comes at one moment is begun little by little."""

import asyncio
import itertools

from starlette.types import Message, Receive, Scope, Send

from security_app.web import asgi
from security_app.web.asgi import Door

_CROWD = 40


async def test_few_connections_begin_in_one_pass_of_the_event_loop() -> None:
    begun = 0

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal begun
        begun += 1
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_message: Message) -> None:
        """Nobody looks at the answer."""

    door = Door(app)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": ("::1", 1)}
    asking = [asyncio.create_task(door(scope, receive, send)) for _ in range(_CROWD)]
    seen = [0]
    while seen[-1] < _CROWD:
        await asyncio.sleep(0)
        seen.append(begun)
    await asyncio.gather(*asking)
    steps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    assert max(steps) == asgi._BEGIN_AT_ONCE
