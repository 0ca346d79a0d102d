"""One normalisation rule for e-mail addresses, used wherever one comes in."""

import unicodedata
from dataclasses import dataclass, field

import idna
from email_validator import EmailNotValidError, validate_email

from security_app.accounts.errors import EmailRefused

#: RFC 5321 §4.5.3.1.3 bounds a path at 256 octets, hence 254 for the address in it.
EMAIL_MAX_CHARS = 254


@dataclass(frozen=True, slots=True)
class Address:
    """An address as written, and as compared.

    Attributes:
        email: what mail is sent to.
        key: NFKC and case folded: two spellings of one mailbox are one account.
    """

    email: str = field(repr=False)
    key: str = field(repr=False)


def parse_address(text: str) -> Address:
    """Read one address.

    Args:
        text: what a person typed; surrounding space is ignored.

    Raises:
        EmailRefused: too long, more than one, control characters, or no address at all.
    """
    text = text.strip()
    if not 3 <= len(text) <= EMAIL_MAX_CHARS:
        raise EmailRefused
    try:
        parsed = validate_email(
            text, check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        raise EmailRefused from None
    return Address(parsed.normalized, address_key(parsed.normalized))


def address_key(email: str) -> str:
    """Fold any text to what addresses are compared by; never fails.

    The domain becomes its ASCII form (RFC 5891), so that both spellings of an
    international one are the same. Lone surrogates and NUL, which no database
    takes, become what no address has.
    """
    text = email[:EMAIL_MAX_CHARS].strip().encode("utf-8", "replace").decode()
    text = unicodedata.normalize("NFKC", text.replace("\0", "?"))
    local, at, domain = text.rpartition("@")
    return f"{local.casefold()}{at}{_ascii_domain(domain)}"


def masked(email: str) -> str:
    """An address its owner recognises and nobody else learns: "a•••@example.com"."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}•••{at}{domain}"


def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except UnicodeError:
        return domain.casefold()
