"""Whose account is managed by their organization's own sign-on (Wevion guide).

Managed is who is a member, is no owner, and has connected an identity at the
organization's provider. An owner keeps password and second factor: the way in
when that provider fails.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, bindparam, exists, literal
from sqlalchemy import select as select_columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.errors import Refused
from security_app.db.engine import execute
from security_app.db.tables import Account, Connection, Membership, SsoConnection


class ManagedBySso(Refused):
    """The organization's identity provider takes care of this."""

    code = "managed_by_sso"
    status = 403
    sentence = "Your organization's single sign-on manages this."


def is_managed(account_id: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Whether an account of a statement is managed."""
    return exists().where(_manages(account_id))


async def of_account(db: AsyncSession, account_id: str) -> SsoConnection | None:
    """The connection of the organization an account belongs to, None without one."""
    statement = (
        select(SsoConnection)
        .join(Membership, col(Membership.organization_id) == col(SsoConnection.organization_id))
        .where(col(Membership.account_id) == account_id)
    )
    return (await db.exec(statement)).first()


async def of_organization(db: AsyncSession, organization_id: str) -> SsoConnection | None:
    """The connection of an organization, None without one."""
    statement = select(SsoConnection).where(SsoConnection.organization_id == organization_id)
    return (await db.exec(statement)).first()


async def accounts_of(db: AsyncSession, row: SsoConnection) -> Sequence[Account]:
    """The members who sign in through a connection; of who left it opens the account no more."""
    statement = (
        select(Account)
        .join(Connection, col(Connection.account_id) == col(Account.id))
        .join(Membership, col(Membership.account_id) == col(Account.id))
        .where(
            Connection.sso_connection_id == row.id,
            Membership.organization_id == row.organization_id,
        )
    )
    return (await db.exec(statement)).all()


async def manager_of(db: AsyncSession, account_id: str) -> SsoConnection | None:
    """The connection that manages an account, None when none does."""
    statement = select(SsoConnection).where(_manages(literal(account_id)))
    return (await db.exec(statement)).first()


async def refusal_for(db: AsyncSession, account_id: str) -> ManagedBySso | None:
    """The refusal of what the organization's provider takes care of; None for who has none."""
    manager = (await execute(db, _MANAGER, {"account_id": account_id})).scalar()
    if manager is None:
        return None
    return ManagedBySso(f"{manager} manages this for your organization.")


async def would_manage(db: AsyncSession, account_id: str, sso_connection_id: str | None) -> bool:
    """Whether an account is managed once it has connected a provider: not an owner's.

    Args:
        sso_connection_id: the provider's, None for Google and Apple, which manage nobody.
    """
    if sso_connection_id is None:
        return False
    statement = (
        select(Membership.account_id)
        .join(SsoConnection, col(SsoConnection.organization_id) == col(Membership.organization_id))
        .where(
            Membership.account_id == account_id,
            Membership.role != "owner",
            SsoConnection.id == sso_connection_id,
        )
    )
    return (await db.exec(statement)).first() is not None


async def require_unmanaged(db: AsyncSession, account_id: str) -> None:
    """Refuse what the organization's provider takes care of.

    Raises:
        ManagedBySso: the account is managed; says by what.
    """
    refusal = await refusal_for(db, account_id)
    if refusal is not None:
        raise refusal


def _manages(account_id: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Joins an account's membership and identity to the connection that manages it."""
    return and_(
        col(Connection.account_id) == account_id,
        col(Connection.sso_connection_id) == col(SsoConnection.id),
        col(Membership.account_id) == account_id,
        col(Membership.organization_id) == col(SsoConnection.organization_id),
        col(Membership.role) != "owner",
    )


#: Built once, as each sign-in needs it.
_MANAGER = select_columns(col(SsoConnection.name)).where(_manages(bindparam("account_id")))
