"""Mails about what somebody did in an organization.

They carry no "This wasn't me": the link would act on the account of the person who
reads it, and nothing happened to that.
"""

from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts.actor import Actor
from security_app.clock import iso, now
from security_app.db.tables import Account
from security_app.mail.queueing import enqueue
from security_app.settings import get_settings

WORKSPACE_PATH = "/workspace"
SECURITY_PATH = "/settings/personal/security"


async def write(
    db: AsyncSession,
    kind: str,
    actor: Actor,
    organization: str,
    *,
    to: str,
    name: str = "",
    path: str = WORKSPACE_PATH,
    **params: str,
) -> None:
    """Mail somebody what the actor did.

    Args:
        organization: what it is called; the mail leaves a name out that looks like a link.
        to: the address.
        name: whom to greet, "" for nobody known.
        path: where the button leads.
        **params: what else the template needs.
    """
    who = await db.get_one(Account, actor.account_id)
    common = {
        "name": name,
        "when": iso(now()),
        "organization": organization,
        "by": who.name,
        "by_email": who.email,
        "link": f"{get_settings().public_url}{path}",
    }
    await enqueue(db, kind, to, common | params)
