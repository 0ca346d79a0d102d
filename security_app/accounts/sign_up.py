"""Making an account and confirming its address. The answer never tells who has one."""

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import accounts, activity, links, throttle, undo_links
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.addresses import Address, parse_address
from security_app.accounts.hashing import hash_text, hashing_place
from security_app.accounts.notices import notice_params
from security_app.accounts.passwords import accepted_password
from security_app.accounts.throttle import mail_budgets
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, new_id
from security_app.limits import CONFIRM_LINK_LIFE
from security_app.live.hub import Change, announce
from security_app.mail.queueing import enqueue


async def sign_up(
    visitor: Visitor, *, email: str, password: str, repeat: str, name: str = ""
) -> Address:
    """Make an account, or write to the one that already has this address.

    Both take the same way: hash, one commit, one mail (S-47).

    Args:
        repeat: the password typed again; API clients pass it twice.
        name: what to call the person; may be empty.

    Raises:
        EmailRefused, PasswordRefused, PasswordsDiffer, FieldRefused: beside their field.
        TooManyAttempts: too many sign-ups for this address or from this network.
        Overloaded: no hashing thread is free.
    """
    address = parse_address(email)
    name = accounts.parse_name(name)
    account = Account(
        id=new_id(), email=address.email, email_key=address.key, name=name, created_at=now()
    )
    text = await accepted_password(password, repeat, account)
    await throttle.reserve(*mail_budgets(address.key, visitor))
    async with hashing_place():
        account.password_hash = await hash_text(text, "password")
    async with transaction() as db:
        if await insert(db, account):
            activity.record_for(db, account.id, visitor, "account.created")
            await _mail_confirmation(db, account, visitor)
        else:
            email = await _owner(db, account)
            await enqueue(db, "sign_up_existing", email, notice_params(account, visitor))
    return address


async def confirm_email(visitor: Visitor, token: str) -> None:
    """Confirm the address a link was mailed to.

    Raises:
        LinkDead: used, expired, unknown, or the account has another address by now.
    """
    async with transaction() as db:
        account = await links.account_of_link(db, token, "confirm_email")
        await links.spend(db, token, "confirm_email")
        await db.exec(
            update(Account).where(col(Account.id) == account.id).values(email_confirmed_at=now())
        )
        activity.record_for(db, account.id, visitor, "email.confirmed")
        announce(db, Change(account.id, "account"))


async def send_confirmation_again(actor: Actor) -> None:
    """Mail the confirmation link once more; nothing happens when it is confirmed already.

    Raises:
        TooManyAttempts: too many mails to this address.
    """
    async with reading() as db:
        account = await accounts.existing(db, actor.account_id)
    if account.email_confirmed_at is not None:
        return
    await throttle.reserve(*mail_budgets(account.email_key, actor.visitor))
    async with transaction() as db:
        await links.revoke(db, account.id, "confirm_email")
        await _mail_confirmation(db, account, actor.visitor)


async def insert(db: AsyncSession, account: Account) -> bool:
    """Write a new account; False, and nothing written, when its address is not free."""
    return await _written(db, account) and not await _taken_back(db, account)


async def _written(db: AsyncSession, account: Account) -> bool:
    insert_into = sqlite_insert if db.get_bind().dialect.name == "sqlite" else postgresql_insert
    values = {
        "id": account.id,
        "email": account.email,
        "email_key": account.email_key,
        "name": account.name,
        "created_at": account.created_at,
        "email_confirmed_at": account.email_confirmed_at,
        "password_hash": account.password_hash,
        "password_changed_at": account.created_at if account.password_hash else None,
    }
    # RETURNING tells on every driver; psycopg's row count is -1 for an insert made this way.
    statement = insert_into(Account).values(**values).on_conflict_do_nothing()
    return (await db.exec(statement.returning(col(Account.id)))).first() is not None


async def _taken_back(db: AsyncSession, account: Account) -> bool:
    """Take a new account back whose address another one may still return to.

    Looked at after the insert, which waited for a change of that moment: so the
    address is never between two accounts.
    """
    if not await undo_links.reserved_for_another(db, account.email_key, account.id):
        return False
    await db.exec(delete(Account).where(col(Account.id) == account.id))
    return True


async def _owner(db: AsyncSession, account: Account) -> str:
    """Whose address it is, in their own spelling: another one may be another mailbox."""
    statement = select(Account.email).where(Account.email_key == account.email_key)
    owner = (await db.exec(statement)).first()
    reserved = await undo_links.reserved_for_another(db, account.email_key, account.id)
    return owner or reserved or account.email


async def _mail_confirmation(db: AsyncSession, account: Account, visitor: Visitor) -> None:
    link = links.new_link(
        db, account, purpose="confirm_email", path="/confirm-email", life=CONFIRM_LINK_LIFE
    )
    params = notice_params(account, visitor) | {"link": link}
    await enqueue(db, "confirm_email", account.email, params)
