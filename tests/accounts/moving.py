"""Ways to another address and back that several test files share."""

from email.message import EmailMessage
from pathlib import Path

from security_app.accounts import emails, passwords, step_up
from security_app.accounts.actor import Actor, Visitor
from security_app.accounts.step_up import Proofs
from tests.accounts.cast import EMAIL, OTHER_PASSWORD, OWNER, PASSWORD, STRANGER, deliver, token_in

NEW = "ada@new.example"


async def ask(actor: Actor, new_email: str = NEW, *, code: str = "") -> None:
    """Confirm identity and ask for another address."""
    await step_up.prove(actor, "change_email", Proofs(PASSWORD, code))
    await emails.request_change(actor, new_email=new_email)


async def mails_to(folder: Path, address: str, path: str = "") -> list[EmailMessage]:
    """Deliver, and read what came to an address, oldest first; ``path`` picks a kind of link."""
    return [
        mail
        for mail in await deliver(folder)
        if mail["To"].addresses[0].addr_spec == address and path in str(mail.get_body(("plain",)))
    ]


async def change(
    actor: Actor,
    folder: Path,
    new_email: str = NEW,
    *,
    code: str = "",
    who: Visitor = STRANGER,
) -> None:
    """Ask, read the mail at the new address, and press the button."""
    await ask(actor, new_email, code=code)
    mail = (await mails_to(folder, new_email, "/confirm-new-email"))[-1]
    await emails.confirm_change(who, token_in(mail))


async def undo_tokens(folder: Path, address: str) -> dict[str, str]:
    """The "This wasn't me" tokens an address got, by subject; of several the latest."""
    return {
        str(mail["Subject"]): token_in(mail) for mail in await mails_to(folder, address, "/not-me")
    }


async def new_password(folder: Path, address: str = EMAIL) -> None:
    """What the owner does next: the mailed reset link."""
    mail = (await mails_to(folder, address, "/reset-password"))[-1]
    await passwords.reset_password(
        OWNER, token=token_in(mail), new=OTHER_PASSWORD, repeat=OTHER_PASSWORD
    )
