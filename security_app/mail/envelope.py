"""A rendered mail in its envelope: headers nobody can inject into, exactly one recipient (S-22)."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from security_app import clock
from security_app.mail.errors import PermanentFailure
from security_app.mail.messages import Message
from security_app.policy import get_policy

#: RFC 5321 §4.5.3.1.6: a line has at most 998 octets and CRLF.
_MAX_LINE_OCTETS = 998
#: One mailbox: an atom each side of one "@", in any script; no specials of RFC 5322 §3.2.3.
_ADDRESS = re.compile(r'[^\s\x00-\x1f\x7f()<>\[\]:;@\\,"]{1,64}@[\w.-]{1,190}')


def sender_address(mail_from: str) -> Address:
    """Read ``MAIL_FROM``: an address, or ``Name <address>``.

    Raises:
        ValueError: no single address.
    """
    name, address = parseaddr(mail_from)
    try:
        return _address(address, name or get_policy().product_name)
    except PermanentFailure:
        raise ValueError("MAIL_FROM must be an address, or Name <address>") from None


def build_message(message: Message, *, to: str, sender: Address, message_id: str) -> EmailMessage:
    """Put a rendered mail into its envelope.

    Args:
        message: subject, text and HTML.
        to: exactly one address.
        sender: from :func:`sender_address`.
        message_id: left part of the Message-ID; the same for each try, so that a
            mail sent twice after a lost reply can be recognised as one.

    Raises:
        PermanentFailure: ``to`` is not one address.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = _address(to)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message_id}@{sender.domain}>"
    # RFC 3834 §5: keeps out-of-office replies away.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte=_encoding(message.text))
    mail.add_alternative(message.html, subtype="html", cte=_encoding(message.html))
    return mail


def _address(text: str, name: str = "") -> Address:
    if not _ADDRESS.fullmatch(text):
        raise PermanentFailure("invalid_address")
    local, _, domain = text.rpartition("@")
    try:
        return Address(name, local, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError):
        raise PermanentFailure("invalid_address") from None


def _encoding(text: str) -> str:
    # Readable as it is where the standard allows it: links are not cut in the raw file.
    if any(len(line.encode()) > _MAX_LINE_OCTETS for line in text.splitlines()):
        return "quoted-printable"
    return "7bit" if text.isascii() else "8bit"
