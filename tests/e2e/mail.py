"""Reading the mail a person gets."""

import re
from email.message import EmailMessage

_LINK = re.compile(r"https?://[^\s<>\"]+")


def text_of(mail: EmailMessage) -> str:
    """What a plain mail program shows."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


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
