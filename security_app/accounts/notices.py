"""Security mails: what each says, and the "This wasn't me" link each carries (S-84)."""

from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import api_keys, factor_snapshots, undo_links
from security_app.accounts.actor import Visitor
from security_app.accounts.addresses import Address
from security_app.accounts.devices import describe
from security_app.accounts.factor_snapshots import Snapshot
from security_app.accounts.places import place_of
from security_app.clock import iso, now
from security_app.db.tables import Account
from security_app.mail.queueing import enqueue

#: Changes of what people sign in with: they leave API keys working, and say so (S-72).
_LEAVES_KEYS = frozenset(
    {
        "password_changed",
        "totp_enabled",
        "totp_disabled",
        "email_code_enabled",
        "email_code_disabled",
    }
)


async def tell(
    db: AsyncSession,
    kind: str,
    account: Account,
    visitor: Visitor,
    *,
    to: Address | None = None,
    before: Snapshot | None = None,
    **params: str,
) -> None:
    """Mail the owner that something happened, with a link that takes it back.

    Args:
        db: the transaction of what happened.
        kind: a kind of mail whose template extends ``security_notice``.
        to: the address before the act, where the act changes it.
        before: the second factors before the act, where the act changes them.
        **params: what else the template needs.
    """
    address = to or Address(account.email, account.email_key)
    snapshot = before if before is not None else await factor_snapshots.take(db, account.id)
    link = undo_links.new_link(db, account.id, address, snapshot)
    if kind in _LEAVES_KEYS and (working := await api_keys.count_live(db, account.id)):
        params["keys"] = str(working)
    await enqueue(
        db, kind, address.email, notice_params(account, visitor) | params | {"link": link}
    )


def notice_params(account: Account, visitor: Visitor) -> dict[str, str]:
    """The parameters all mail templates share."""
    return {
        "name": account.name,
        "when": iso(now()),
        "device": describe(visitor.user_agent).title,
        "place": place_of(visitor.ip) or "unknown",
    }
