"""Making, replacing and revoking API keys (S-69, S-70).

A key is shown by the call that makes it and never again: the database keeps its
digest, its beginning and its last four characters. Every change holds the
account's row, so that of two at once the second sees what the first has done.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, activity, api_keys, memberships, notices, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.api_key_errors import KeyGone, KeyReplaced, TooManyKeys
from security_app.accounts.api_key_list import ShownKey, hint_of, shown
from security_app.accounts.api_key_terms import accepted_end, accepted_name, accepted_scopes
from security_app.accounts.api_keys import PREFIX, is_live, new_key
from security_app.accounts.errors import EmailNotConfirmed
from security_app.accounts.step_up import Proofs, Target
from security_app.accounts.tokens import digest
from security_app.accounts.workspace_errors import TwoFactorRequired
from security_app.clock import iso, now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, ApiKey, known_id, new_id
from security_app.limits import API_KEY_OVERLAP, MAX_API_KEYS
from security_app.live.hub import Change, announce
from security_app.policy import ORGANIZATION_SCOPES

#: Shown of a key's random part: at its beginning and at its end.
_SHOWN_CHARS = 4
#: What is typed to revoke all of them, where no PIN is set.
_ALL = Target("all", "revoke all")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made.

    Attributes:
        shown: what the list shows of it.
        key: the key itself; for its owner, now, and nobody else.
    """

    shown: ShownKey
    key: str = field(repr=False)


async def create(
    actor: Actor,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    proofs: Proofs,
) -> NewKey:
    """Make a key.

    Args:
        name: 1 to 60 printable characters; runs of white space become one space.
        scopes: keys of ``API_KEY_SCOPES``, at least one.
        expires_at: an aware instant within a year; 90 days from now by default.
        proofs: password, and a code when a second factor is on.

    Raises:
        FieldRefused: field "name", "scopes" or "expires_at".
        EmailNotConfirmed: the account's address was never confirmed.
        TooManyKeys: 50 keys work already.
        TwoFactorRequired: it is to open an organization that is shut to the account.
        WrongPassword, CodeRefused, TooManyAttempts and so on: as :func:`step_up.prove`.
    """
    name = accepted_name(name)
    accepted = accepted_scopes(scopes)
    ends_at = accepted_end(expires_at)
    # Before the proofs: nobody should spend a code on what cannot be done.
    await require_room(actor)
    async with reading() as db:
        await _require_open(db, actor.account_id, accepted, field="scopes")
    await step_up.prove(actor, "create_api_key", proofs)
    key = new_key()
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        await step_up.spend(db, actor, "create_api_key")
        await _require_room(db, account)
        await _require_open(db, account.id, accepted, field="scopes")
        row = _row(account.id, key, name=name, scopes=accepted, at=now(), ends_at=ends_at)
        db.add(row)
        await _tell(db, actor, account, "api_key_created", row)
    return NewKey(shown(row), key)


async def rotate(actor: Actor, key_id: str, *, cut_at_once: bool, proofs: Proofs) -> NewKey:
    """Replace a key by a new one with the same name, scopes and length of life.

    Args:
        key_id: of a key that works and was not replaced.
        cut_at_once: whether the old one stops now; else it works for its last 24 hours.
        proofs: as for a new key.

    Raises:
        KeyGone: unknown, foreign, revoked or expired: they look alike (S-56).
        KeyReplaced: it has its successor already.
        EmailNotConfirmed, TooManyKeys, TwoFactorRequired: as for a new key.
        WrongPassword, CodeRefused, TooManyAttempts and so on: as :func:`step_up.prove`.
    """
    async with reading() as db:
        old = await _live_row(db, actor, key_id)
        _require_unreplaced(old)
        account = await accounts.existing(db, actor.account_id)
        await _require_room(db, account, gone=cut_at_once)
        await _require_open(db, account.id, old.scopes)
    await step_up.prove(actor, "create_api_key", proofs)
    key = new_key()
    at = now()
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        old = await _live_row(db, actor, key_id)
        _require_unreplaced(old)
        await step_up.spend(db, actor, "create_api_key")
        await _require_room(db, account, gone=cut_at_once)
        await _require_open(db, account.id, old.scopes)
        ends_at = at + (old.expires_at - old.created_at)
        scopes = old.scopes
        row = _row(account.id, key, name=old.name, scopes=scopes, at=at, ends_at=ends_at)
        last_moment = min(old.expires_at, at + API_KEY_OVERLAP)
        end = {"revoked_at": at} if cut_at_once else {"expires_at": last_moment}
        replaced = await db.exec(
            update(ApiKey)
            .where(col(ApiKey.id) == old.id, col(ApiKey.replaced_by) == "", is_live(at))
            .values(replaced_by=row.id, **end)
        )
        if replaced.rowcount == 0:
            raise KeyReplaced
        db.add(row)
        until = "" if cut_at_once else iso(last_moment)
        await _tell(db, actor, account, "api_key_rotated", row, old=hint_of(old), until=until)
    return NewKey(shown(row), key)


async def require_room(actor: Actor) -> None:
    """Refuse one key more where there cannot be one: before anything is filled in.

    Raises:
        EmailNotConfirmed: the account's address was never confirmed.
        TooManyKeys: 50 keys work already.
    """
    async with reading() as db:
        await _require_room(db, await accounts.existing(db, actor.account_id))


async def find_target(actor: Actor, key_id: str) -> Target:
    """The key somebody is about to revoke: for the prompt.

    Raises:
        KeyGone: unknown, foreign or dead.
    """
    async with reading() as db:
        row = await _live_row(db, actor, key_id)
    return Target(row.id, row.name)


async def find_all(actor: Actor, _: str) -> Target:
    """All keys of the actor, as one object of one prompt.

    Raises:
        KeyGone: none works.
    """
    async with reading() as db:
        if not await api_keys.count_live(db, actor.account_id):
            raise KeyGone("No API key works.")
    return _ALL


async def revoke(actor: Actor, key_id: str) -> None:
    """Revoke a key, at once and everywhere; spends the grant for this very key (S-33).

    Raises:
        KeyGone: unknown, foreign or dead.
        StepUpRequired: neither PIN nor confirmation was given for it.
    """
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        row = await _live_row(db, actor, key_id)
        await step_up.spend(db, actor, "revoke_api_key", row.id)
        at = now()
        revoked = await db.exec(
            update(ApiKey).where(col(ApiKey.id) == row.id, is_live(at)).values(revoked_at=at)
        )
        if revoked.rowcount == 0:
            raise KeyGone
        await _tell(db, actor, account, "api_key_revoked", row)


async def revoke_all(actor: Actor, target_id: str) -> int:
    """Revoke every key; spends the grant of "revoke_api_keys". Returns how many worked.

    Args:
        target_id: of what :func:`find_all` gave.

    Raises:
        KeyGone: none works (any more).
        StepUpRequired: neither PIN nor confirmation was given for it.
    """
    async with transaction() as db:
        account = await accounts.locked(db, actor.account_id)
        await step_up.spend(db, actor, "revoke_api_keys", target_id)
        count = await api_keys.revoke_of_account(db, account.id)
        if not count:
            raise KeyGone("No API key works.")
        activity.record(db, actor, "api_keys.revoked", str(count))
        await notices.tell(db, "api_keys_revoked", account, actor.visitor, count=str(count))
        announce(db, Change(account.id, "api_keys", by=actor.session_id))
    return count


async def _tell(
    db: AsyncSession,
    actor: Actor,
    account: Account,
    kind: str,
    row: ApiKey,
    *,
    old: str = "",
    until: str = "",
) -> None:
    """Log, mail and announce one change; by the key's hint, for a name is anybody's text."""
    key = hint_of(row)
    activity.record(db, actor, kind.replace("_key_", "_key."), key)
    said = {"key": key, "scopes": row.scopes, "old": old, "until": until}
    await notices.tell(db, kind, account, actor.visitor, to=None, before=None, **said)
    announce(db, Change(account.id, "api_keys", by=actor.session_id))


def _row(
    account_id: str, key: str, *, name: str, scopes: str, at: datetime, ends_at: datetime
) -> ApiKey:
    return ApiKey(
        id=new_id(),
        account_id=account_id,
        name=name,
        secret_hash=digest(key),
        prefix=key[: len(PREFIX) + _SHOWN_CHARS],
        last_four=key[-_SHOWN_CHARS:],
        scopes=scopes,
        created_at=at,
        expires_at=ends_at,
    )


async def _live_row(db: AsyncSession, actor: Actor, key_id: str) -> ApiKey:
    statement = select(ApiKey).where(
        ApiKey.id == known_id(key_id), ApiKey.account_id == actor.account_id, is_live(now())
    )
    row = (await db.exec(statement)).first()
    if row is None:
        raise KeyGone
    return row


def _require_unreplaced(row: ApiKey) -> None:
    if row.replaced_by:
        raise KeyReplaced


async def _require_room(db: AsyncSession, account: Account, *, gone: bool = False) -> None:
    """Refuse what would make one key too many.

    Args:
        gone: whether one of those there are stops in the same moment.
    """
    if account.email_confirmed_at is None:
        raise EmailNotConfirmed
    if await api_keys.count_live(db, account.id) - gone >= MAX_API_KEYS:
        raise TooManyKeys(MAX_API_KEYS)


async def _require_open(
    db: AsyncSession, account_id: str, scopes: str, *, field: str = "form"
) -> None:
    """Refuse a key to an organization that lets its owner in with a second factor only.

    Keys made before go on working (S-72); a password alone must not make one that gets past.
    """
    if ORGANIZATION_SCOPES.isdisjoint(scopes.split()):
        return
    if await memberships.must_set_up_2fa(db, account_id):
        msg = (
            "Your organization requires two-factor authentication. Turn it on first, or make "
            "a key that does not reach the organization."
        )
        raise TwoFactorRequired(msg, field=field)
