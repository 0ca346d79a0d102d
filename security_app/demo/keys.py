"""The API keys of a demo account: rows whose keys nobody knows, thrown away as they were made."""

from datetime import datetime, timedelta

from security_app.accounts.api_keys import PREFIX
from security_app.accounts.places import place_of
from security_app.accounts.tokens import digest, new_token
from security_app.db.tables import new_id
from security_app.demo.past import DESK, Row

#: Name, shown characters, scopes, age, life, hours since the last use (None: never used).
_KEYS = (
    ("Deploy from CI", "3fKd", "9xQz", "organization:read organization:write", 84, 90, 5),
    ("Nightly backup", "Hq7v", "2mWa", "account:read", 12, 365, None),
)


def key_rows(account_id: str, at: datetime) -> list[Row]:
    """Two keys: one that is used and expires soon, one that was never used."""
    return [
        {
            "id": new_id(),
            "account_id": account_id,
            "name": name,
            "secret_hash": digest(new_token()),
            "prefix": PREFIX + first,
            "last_four": last,
            "scopes": scopes,
            "created_at": at - timedelta(days=age),
            "expires_at": at + timedelta(days=life - age),
            "last_used_at": None if idle is None else at - timedelta(hours=idle),
            "last_used_place": "" if idle is None else place_of(DESK.ip),
            "replaced_by": "",
        }
        for name, first, last, scopes, age, life, idle in _KEYS
    ]
