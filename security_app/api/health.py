"""For load balancers: whether the process lives, and whether it can serve (S-90)."""

from typing import Literal

import structlog
from fastapi import APIRouter
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from security_app.api.answers import Answer, refusals
from security_app.api.bodies import JsonRoute
from security_app.api.problems import NotReady
from security_app.db.engine import reading
from security_app.db.errors import DatabaseUnavailable
from security_app.db.tables import Account
from security_app.settings import get_settings

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/health", tags=["Health"], route_class=JsonRoute)

#: A balancer asks every few seconds; a service that is slower than this is not ready.
_REDIS_TIMEOUT_S = 2


class Health(Answer):
    """Nothing but the fact."""

    status: Literal["ok"] = "ok"


@router.get("/live", response_description="The process answers")
async def live() -> Health:
    """Tell that the process is there; touches nothing else."""
    return Health()


@router.get("/ready", response_description="Ready to serve", responses=refusals(503))
async def ready() -> Health:
    """Tell whether the database, and Redis when configured, answer."""
    try:
        async with reading() as db:
            await db.exec(select(Account.id).limit(1))
        await _ask_redis()
    except (DatabaseUnavailable, SQLAlchemyError, RedisError) as error:
        log.warning("not_ready", reason=type(error).__name__)
        raise NotReady from None
    return Health()


async def _ask_redis() -> None:
    url = get_settings().redis_url
    if url is None:
        return
    async with Redis.from_url(
        url.get_secret_value(),
        socket_timeout=_REDIS_TIMEOUT_S,
        socket_connect_timeout=_REDIS_TIMEOUT_S,
    ) as redis:
        await redis.execute_command("PING")
