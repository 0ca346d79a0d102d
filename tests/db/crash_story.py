"""What the process that gets killed does, in words both it and its judge know."""

from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.db.tables import SecurityEvent

ACTOR = "the-session-that-stays"
BROWSER = "b" * 64


def password_number(number: int) -> str:
    """The password after so many changes."""
    return f"seven otters swim at {number}"


async def change_count(db: AsyncSession) -> int:
    """How many changes the security log holds."""
    statement = (
        select(func.count())
        .select_from(SecurityEvent)
        .where(SecurityEvent.action == "password.changed")
    )
    return (await db.exec(statement)).one()
