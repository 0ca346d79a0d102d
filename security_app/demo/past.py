"""What demo accounts did before today: sign-ins, sessions and the security log, as rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from security_app.accounts.places import place_of
from security_app.accounts.tokens import digest, new_token
from security_app.db.tables import new_id
from security_app.settings import get_settings

#: Marks sessions nobody signed in to: no browser's digest looks like this.
SEEDED = "demo"

_CHROME_END = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0"
_SAFARI_END = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
_API_CLIENT = "curl/8.14.1"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """A device at an address."""

    user_agent: str
    ip: str

    @property
    def kind(self) -> str:
        """The kind of session such a device opens."""
        return "api" if self.user_agent == _API_CLIENT else "browser"

    @property
    def method(self) -> str:
        """How it signs in; a key of ``activity_words.METHODS``."""
        return "api" if self.user_agent == _API_CLIENT else "password"

    @property
    def columns(self) -> Row:
        """Where a row comes from."""
        return {"user_agent": self.user_agent, "ip": self.ip, "place": place_of(self.ip)}


# The public addresses are the ones geo databases ship as samples.
DESK = Origin(
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "89.160.20.112"
)
PHONE = Origin(
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_SAFARI_END}", "81.2.69.160"
)
OFFICE = Origin(
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME_END} Safari/537.36", "216.160.83.56"
)
ORIGINS = (
    DESK,
    PHONE,
    OFFICE,
    Origin(f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME_END} Mobile Safari/537.36", "81.2.69.142"),
    Origin(f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {_SAFARI_END}", "192.168.1.20"),
    Origin(
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME_END} Safari/537.36 Edg/138.0.0.0",
        "89.160.20.128",
    ),
    Origin(_API_CLIENT, "192.168.1.30"),
)


def session_row(
    account_id: str,
    origin: Origin,
    *,
    opened_at: datetime,
    last_active_at: datetime,
    ended_by: str = "",
    name: str = "",
) -> Row:
    """A session whose secret nobody knows; ended at its last activity when ``ended_by`` is set."""
    return origin.columns | {
        "id": new_id(),
        "account_id": account_id,
        "secret_hash": digest(new_token()),
        "kind": origin.kind,
        "opened_by": origin.method,
        "two_factor_verified": False,
        "name": name,
        "browser_hash": SEEDED,
        "opened_at": opened_at,
        "last_active_at": last_active_at,
        "expires_at": opened_at + get_settings().session_max,
        "ended_at": last_active_at if ended_by else None,
        "ended_by": ended_by,
        "notice": "",
    }


def sign_in_row(
    account_id: str,
    origin: Origin,
    at: datetime,
    *,
    result: str = "signed_in",
    is_new_device: bool = False,
) -> Row:
    """One try to sign in; ``result`` is a key of ``activity_words.RESULTS``."""
    return origin.columns | {
        "id": new_id(),
        "account_id": account_id,
        "at": at,
        "result": result,
        "method": origin.method,
        "two_factor_verified": False,
        "is_new_device": is_new_device,
        "session_id": "",
    }


def event_row(account_id: str, origin: Origin, at: datetime, action: str, detail: str = "") -> Row:
    """One row of the security log; ``action`` is a key of ``activity_words.ACTIONS``."""
    return origin.columns | {
        "id": new_id(),
        "account_id": account_id,
        "at": at,
        "action": action,
        "detail": detail,
        "session_id": "",
    }


def many_live_sessions(account_id: str, count: int, at: datetime) -> Iterator[Row]:
    """Live sessions, used more or less recently."""
    settings = get_settings()
    for index in range(count):
        idle = settings.session_idle * 0.8 * (index / count)
        age = settings.session_max * 0.8 * ((index * 37 % count) / count)
        last_active_at = at - idle - timedelta(minutes=1)
        yield session_row(
            account_id,
            ORIGINS[index % len(ORIGINS)],
            opened_at=last_active_at - age,
            last_active_at=last_active_at,
            name="Build server" if index == len(ORIGINS) - 1 else "",
        )


def many_ended_sessions(account_id: str, count: int, at: datetime) -> Iterator[Row]:
    """Sessions of the last two years, all over."""
    for index in range(count):
        opened_at = at - timedelta(days=1, hours=1.7 * index)
        yield session_row(
            account_id,
            ORIGINS[index % len(ORIGINS)],
            opened_at=opened_at,
            last_active_at=opened_at + timedelta(minutes=20 + index % 90),
            ended_by="owner" if index % 9 == 0 else "sign_out",
        )


def many_sign_ins(account_id: str, count: int, at: datetime) -> Iterator[Row]:
    """Tries of the last two years; one in some thirty fails."""
    for index in range(count):
        result = "wrong_password" if index % 31 == 30 else "signed_in"
        yield sign_in_row(
            account_id,
            ORIGINS[index * 5 % len(ORIGINS)],
            at - timedelta(minutes=12, hours=1.7 * index),
            result="throttled" if index % 997 == 996 else result,
        )
