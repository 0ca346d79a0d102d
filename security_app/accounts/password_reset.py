"""Forgotten password: asking for the link. The answer is the same for any address (S-08, S-47).

Asking only queues one message, for known and unknown addresses alike; whether
there is an account is looked up when the message is about to be sent.
"""

from collections.abc import Mapping

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import activity, links, sso, throttle
from security_app.accounts.actor import Visitor
from security_app.accounts.addresses import Address, address_key, parse_address
from security_app.accounts.notices import notice_params
from security_app.accounts.throttle import mail_budgets
from security_app.db.engine import transaction
from security_app.db.tables import Account
from security_app.limits import RESET_LINK_LIFE
from security_app.mail.queueing import RECIPIENT, enqueue, resolves


async def ask_for_reset(visitor: Visitor, *, email: str) -> Address:
    """Send a reset link, if there is somebody to send it to.

    Raises:
        EmailRefused: the text is no address.
        TooManyAttempts: too many mails to this address or from this network.
    """
    address = parse_address(email)
    await throttle.reserve(*mail_budgets(address.key, visitor))
    async with transaction() as db:
        await mail_link(db, address.email, visitor)
    return address


async def mail_link(db: AsyncSession, email: str, visitor: Visitor) -> None:
    """Queue the mail with the link; it is made as the mail is sent."""
    params = {"ip": visitor.ip, "user_agent": visitor.user_agent}
    await enqueue(db, "reset_password", email, params)


@resolves("reset_password")
async def _make_link(
    db: AsyncSession, recipient: str, params: Mapping[str, str]
) -> dict[str, str] | None:
    """Make the link at the moment of sending; None drops the message: nobody has the address."""
    statement = select(Account).where(
        Account.email_key == address_key(recipient), col(Account.disabled_at).is_(None)
    )
    account = (await db.exec(statement)).first()
    if account is None:
        return None
    visitor = Visitor(ip=params["ip"], user_agent=params["user_agent"])
    if (manager := await sso.manager_of(db, account.id)) is not None:
        facts = notice_params(account, visitor) | {"manager": manager.name}
        return facts | {RECIPIENT: account.email}
    await links.revoke(db, account.id, "reset_password")
    link = links.new_link(
        db, account, purpose="reset_password", path="/reset-password", life=RESET_LINK_LIFE
    )
    activity.record_for(db, account.id, visitor, "password.reset_asked")
    # To the account's own address: another spelling with the same key may be another mailbox.
    return notice_params(account, visitor) | {"link": link, RECIPIENT: account.email}
