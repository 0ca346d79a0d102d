"""Serves the product with one route that asks nobody who they are: what B-13 is compared with.

Everything else is the same: door, headers, routing, the route's own reading and
answering. Where an API key would be looked up, an actor stands ready.
"""

import sys
from datetime import timedelta
from typing import get_args

from fastapi import FastAPI

from benchmarks.keys import OPEN_ACCOUNT
from security_app import cli
from security_app.accounts.actor import Actor, Visitor
from security_app.api import app, me
from security_app.clock import now

_LATER = now() + timedelta(days=1)
_ANYBODY = Actor(OPEN_ACCOUNT, "", "api", _LATER, _LATER, Visitor("198.51.100.7", "bench"))
_build = app.build_json_api


async def _anybody() -> Actor:
    return _ANYBODY


def _build_open() -> FastAPI:
    """The API whose ``GET /me`` depends on nobody."""
    api = _build()
    dependency = get_args(me.Caller)[1].dependency
    api.dependency_overrides[dependency] = _anybody
    return api


if __name__ == "__main__":
    app.build_json_api = _build_open
    sys.argv = [sys.argv[0], "serve"]
    cli.main()
