"""What an organization's single sign-on may be described as: each field, read and bounded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from security_app.accounts.errors import EmailRefused, FieldRefused
from security_app.accounts.mail_domains import is_public, parse_domain
from security_app.accounts.names import parse_name
from security_app.limits import MAX_SSO_DOMAINS
from security_app.mail.messages import looks_like_link

_NAME_MAX_CHARS = 60
#: Of the issuer, the client id and the client secret: more than any provider gives.
_TEXT_MAX_CHARS = 255


@dataclass(frozen=True, slots=True)
class Terms:
    """A description that can be right; whether it is, the provider knows.

    Attributes:
        secret: "" where none was typed.
        domains: as :func:`parse_domain` reads them.
    """

    name: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    domains: frozenset[str]


def accepted(
    *, name: str, issuer: str, client_id: str, client_secret: str, domains: Sequence[str]
) -> Terms:
    """Read what an owner typed.

    Args:
        name: what people call the provider, 1 to 60 characters.
        client_secret: may be empty.
        domains: 1 to 10.

    Raises:
        FieldRefused: field "name", "issuer", "client_id", "client_secret" or "domains".
    """
    title = parse_name(name, max_chars=_NAME_MAX_CHARS, missing="Enter the provider's name.")
    # Mails carry it to people who have never seen it.
    if looks_like_link(title):
        raise FieldRefused("Enter a name such as Okta, not an address.", field="name")
    return Terms(
        title,
        _plain(issuer, "issuer", "Enter the issuer."),
        _plain(client_id, "client_id", "Enter the client ID."),
        _plain(client_secret, "client_secret"),
        _parse_domains(domains),
    )


def _plain(text: str, name: str, missing: str = "") -> str:
    """Read a text a program made: ASCII without spaces."""
    text = text.strip()
    if missing and not text:
        raise FieldRefused(missing, field=name)
    if len(text) > _TEXT_MAX_CHARS:
        raise FieldRefused(f"It has at most {_TEXT_MAX_CHARS} characters.", field=name)
    if not text.isascii() or not text.isprintable() or " " in text:
        msg = "Copy it as your provider shows it, without spaces."
        raise FieldRefused(msg, field=name)
    return text


def _parse_domains(domains: Sequence[str]) -> frozenset[str]:
    if len(domains) > MAX_SSO_DOMAINS:
        raise FieldRefused(f"At most {MAX_SSO_DOMAINS} domains.", field="domains")
    try:
        found = frozenset(parse_domain(domain) for domain in domains)
    except EmailRefused:
        msg = "Enter domains such as example.com, with a comma between."
        raise FieldRefused(msg, field="domains") from None
    if not found:
        raise FieldRefused("Enter the domain of your people's addresses.", field="domains")
    if any(is_public(domain) for domain in found):
        msg = "A public mail domain cannot be used: anybody can have an address there."
        raise FieldRefused(msg, field="domains")
    return found
