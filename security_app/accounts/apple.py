"""Apple's own ways: what proves us to it, and where it says what to call a person.

Sources: Apple, "Creating a client secret" and "Request an authorization to the
Sign in with Apple server" (Sign in with Apple REST API).
"""

import functools
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import BaseModel, Field, ValidationError

from security_app.clock import now
from security_app.settings import get_settings


class _Name(BaseModel):
    first: str = Field(default="", alias="firstName", max_length=100)
    last: str = Field(default="", alias="lastName", max_length=100)


class _User(BaseModel):
    name: _Name = _Name()


#: Apple takes up to six months; ours is good for the one exchange it is made for.
_LIFE_S = 300


def client_secret() -> str:
    """Make the secret of this moment; "" where no key is configured."""
    settings = get_settings()
    if settings.apple_key_file is None:
        return ""
    issued_at = int(now().timestamp())
    claims = {
        "iss": settings.apple_team_id,
        "sub": settings.apple_client_id,
        "aud": settings.apple_issuer,
        "iat": issued_at,
        "exp": issued_at + _LIFE_S,
    }
    header = {"alg": "ES256", "kid": settings.apple_key_id}
    return jwt.encode(header, claims, _key(settings.apple_key_file))


def name_of(user: str) -> str:
    """The name in what Apple posts beside the code, at the first consent only; "" without one."""
    try:
        name = _User.model_validate_json(user).name
    except ValidationError:
        return ""
    return f"{name.first} {name.last}".strip()


@functools.cache
def _key(file: Path) -> ECKey:
    return ECKey.import_key(file.read_bytes())
