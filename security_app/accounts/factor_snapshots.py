"""The second factors of an account at one moment, as they can be put back later.

A snapshot is rows by table, the same for every method: a new method is one more
table in :data:`_METHODS`. Sealed columns stay sealed; they open in their own rows
only, which are the rows that come back.

The PIN is no factor (D7) and stands in no snapshot: it opens nothing, and whoever has
password and factors again sets another one with them.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.db.tables import EmailMethod, RecoveryCode, RecoveryKit, Totp

#: A row here means that a second factor is on.
_METHODS: dict[str, type[Any]] = {"totp": Totp, "email_method": EmailMethod}
#: What belongs to a method and goes with it.
_BELONGINGS: dict[str, dict[str, type[Any]]] = {"totp": {"recovery_code": RecoveryCode}}
#: What outlives it, and is put back only when it is.
_COUNTERS: dict[str, dict[str, type[Any]]] = {"totp": {"recovery_kit": RecoveryKit}}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows by table name; empty when no second factor was on."""

    rows: Mapping[str, list[dict[str, Any]]] = field(repr=False)

    def __bool__(self) -> bool:
        """Whether a second factor was on."""
        return bool(self.rows)


async def take(db: AsyncSession, account_id: str) -> Snapshot:
    """How the second factors stand now; before the act a mail is to tell of."""
    found: dict[str, list[dict[str, Any]]] = {}
    for method in _METHODS:
        for name, table in _tables(method).items():
            rows = (await db.exec(select(table).where(table.account_id == account_id))).all()
            if name == method and not rows:
                break
            found[name] = [row.model_dump() for row in rows]
    return Snapshot(found)


async def put_back(
    db: AsyncSession, account_id: str, snapshot: Snapshot, *, removes_others: bool
) -> None:
    """Put back what was on then, in place of what of the same kind is on now.

    Args:
        removes_others: whether a method that was off then is turned off.
    """
    for method in _METHODS:
        is_back = bool(snapshot.rows.get(method))
        if not is_back and not removes_others:
            continue
        kept = () if is_back else _COUNTERS.get(method, {})
        for name, table in _tables(method).items():
            if name not in kept:
                await db.exec(delete(table).where(col(table.account_id) == account_id))
            if is_back and (rows := snapshot.rows.get(name)):
                await db.exec(insert(table), params=rows)


def _tables(method: str) -> dict[str, type[Any]]:
    """The tables of a method, its own first."""
    return {
        method: _METHODS[method],
        **_BELONGINGS.get(method, {}),
        **_COUNTERS.get(method, {}),
    }


def to_bytes(snapshot: Snapshot) -> bytes:
    """The snapshot as JSON; times and bytes are tagged by their type."""
    return json.dumps(dict(snapshot.rows), default=_tagged).encode()


def from_bytes(text: bytes) -> Snapshot:
    """Read what :func:`to_bytes` wrote."""
    return Snapshot(json.loads(text, object_hook=_untagged))


def _tagged(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    raise TypeError(type(value).__name__)


def _untagged(found: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever was tagged
    if found.keys() == {"bytes"}:
        return base64.b64decode(found["bytes"])
    if found.keys() == {"time"}:
        return datetime.fromisoformat(found["time"])
    return found
