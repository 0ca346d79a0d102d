"""Reading back the mail that demo mode wrote as files."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from security_app.clock import iso
from security_app.settings import get_settings

_LATEST = 50


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One message of the outbox folder."""

    id: str
    to: str
    subject: str
    at: str
    text: str


def read_mailbox(*, to: str = "") -> list[StoredMail]:
    """The latest messages, newest first.

    Args:
        to: only those for this address, when given.
    """
    folder = get_settings().data_dir / "outbox"
    files = sorted(folder.glob("*.eml"), reverse=True) if folder.is_dir() else []
    mails: list[StoredMail] = []
    for file in files:
        if len(mails) == _LATEST:
            break
        mail = _read(file)
        if mail is not None and (not to or mail.to == to):
            mails.append(mail)
    return mails


def _read(file: Path) -> StoredMail | None:
    try:
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    except OSError:
        return None
    if not isinstance(message, EmailMessage):
        return None
    body = message.get_body(("plain",))
    return StoredMail(
        id=file.stem,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        at=iso(parsedate_to_datetime(str(message["Date"]))),
        text=body.get_content() if body else "",
    )
