"""Reading the mail a person gets."""

import re
from email.message import EmailMessage

_CODE = re.compile(r"^ +([0-9]{6})\s*$", re.MULTILINE)
_LINK = re.compile(r"https?://[^\s<>\"]+")


def text_of(mail: EmailMessage) -> str:
    """What a plain mail program shows."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def code_in(mail: EmailMessage) -> str:
    """The six digits in a mail, on a line of their own."""
    found = _CODE.findall(text_of(mail))
    assert len(found) == 1, f"no code in: {text_of(mail)}"
    return found[0]


def link_in(mail: EmailMessage, path: str) -> str:
    """The link in a mail that leads to a page.

    Args:
        mail: the message.
        path: the page's path, e.g. "/reset-password".

    Returns:
        The query of the link, to be opened with the page object of that page.
    """
    found = [url for url in _LINK.findall(text_of(mail)) if path in url]
    assert found, f"no link to {path} in: {text_of(mail)}"
    return found[0].partition(path)[2]
