"""An authenticator app of the tests' own: RFC 4226 and RFC 6238 from their text, no library."""

import base64
import hashlib
import hmac
import struct

from security_app.accounts import step_up, totp
from security_app.accounts.actor import Actor
from security_app.accounts.recovery_codes import Kit
from security_app.accounts.step_up import Proofs
from security_app.clock import now
from tests.accounts.cast import PASSWORD


def hotp(secret: bytes, counter: int) -> str:
    """RFC 4226 §5.3: HMAC-SHA-1, dynamic truncation, six digits."""
    mac = hmac.new(secret, struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def code(secret: str, *, ahead_s: float = 0) -> str:
    """What a phone shows whose clock is ``ahead_s`` seconds ahead of the server's."""
    return hotp(base64.b32decode(secret), int(now().timestamp() + ahead_s) // 30)


async def set_up(actor: Actor, password: str = PASSWORD) -> str:
    """Confirm identity and begin; returns the secret the phone has scanned."""
    await step_up.prove(actor, "enable_totp", Proofs(password))
    return (await totp.start_set_up(actor)).secret


async def enable(actor: Actor, password: str = PASSWORD) -> tuple[str, Kit]:
    """Turn the app on; returns the secret and the recovery codes."""
    secret = await set_up(actor, password)
    return secret, await totp.confirm_set_up(actor, code(secret))
