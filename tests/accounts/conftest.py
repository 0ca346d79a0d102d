"""What the rule tests share: a clock that stands still, and one account."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from security_app.accounts.actor import Actor
from security_app.db.engine import Database
from security_app.db.tables import Account
from tests.accounts.cast import make_account, open_session
from tests.accounts.postbox import Postbox, enable, postbox
from tests.environment import environment

__all__ = ["environment", "postbox"]

_MORNING = datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at 10:00 until a test moves it (``clock.shift(seconds)``)."""
    with time_machine.travel(_MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def ada(database: Database, clock: time_machine.Traveller) -> Account:
    """An account with a confirmed address and ``PASSWORD``."""
    return await make_account()


@pytest.fixture
async def owner(ada: Account, postbox: Postbox) -> Actor:
    """Ada at her laptop, codes by e-mail on."""
    actor, _ = await open_session(ada)
    await enable(actor, postbox)
    return actor
