"""Asking for mailed codes over the API and reading them."""

import httpx

from tests.accounts.postbox import Postbox
from tests.api.people import PASSWORD

SEND = "/auth/2fa/email-otp"
CONFIRM = "/auth/2fa/verify-email-otp"
DISABLE = "/auth/2fa/disable"


async def ask(client: httpx.AsyncClient, **body: str) -> httpx.Response:
    """Ask for a code."""
    return await client.post(SEND, json=body)


async def code_for(client: httpx.AsyncClient, postbox: Postbox, **body: str) -> str:
    """Ask for a code and read it."""
    before = len(postbox.mails)
    answer = await ask(client, **body)
    assert answer.status_code == 202, answer.text
    assert len(postbox.mails) == before + 1
    return postbox.code


async def confirm(client: httpx.AsyncClient, code: object, **body: str) -> httpx.Response:
    """Send a code where it turns codes on, or finishes a sign-in."""
    return await client.post(CONFIRM, json={"code": code, **body})


async def turn_on(client: httpx.AsyncClient, postbox: Postbox) -> str:
    """Turn mailed codes on; returns the code that did."""
    code = await code_for(client, postbox, password=PASSWORD)
    answer = await confirm(client, code)
    assert answer.status_code == 200, answer.text
    return code
