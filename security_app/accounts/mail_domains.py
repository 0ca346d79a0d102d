"""Which organization a domain may speak for: none, where anybody can have an address."""

from security_app.accounts.addresses import parse_address
from security_app.accounts.errors import EmailRefused

#: Public mail providers with one domain or a few.
_PUBLIC = frozenset(
    {
        *("126.com", "163.com", "aol.com", "comcast.net", "fastmail.com", "free.fr", "gmail.com"),
        *("googlemail.com", "hey.com", "icloud.com", "laposte.net", "libero.it", "mac.com"),
        *("mail.com", "mail.ru", "me.com", "msn.com", "naver.com", "orange.fr", "pm.me"),
        *("privaterelay.appleid.com", "proton.me", "protonmail.ch", "protonmail.com", "qq.com"),
        *("t-online.de", "tuta.com", "tutanota.com", "verizon.net", "web.de", "zoho.com"),
    }
)
#: Those with one in many countries: gmx.at, yahoo.co.uk, hotmail.com.br.
_FAMILIES = frozenset({"aol", "gmx", "hotmail", "live", "outlook", "yahoo", "yandex"})
_SECOND_LEVEL = frozenset({"co", "com"})


def parse_domain(text: str) -> str:
    """Read a domain as addresses are compared by it: ASCII, lower case.

    Args:
        text: as typed, maybe with an @ before it.

    Raises:
        EmailRefused: nobody can have an address there.
    """
    address = parse_address(f"anybody@{text.strip().removeprefix('@').removesuffix('.')}")
    local, _, domain = address.key.rpartition("@")
    if local != "anybody":
        raise EmailRefused
    return domain


def is_public(domain: str) -> bool:
    """Whether anybody can have an address of a domain, which :func:`parse_domain` has read."""
    name, _, rest = domain.partition(".")
    suffix = rest.split(".")
    is_country = len(suffix) == 1 or (len(suffix) == 2 and suffix[0] in _SECOND_LEVEL)
    return domain in _PUBLIC or (name in _FAMILIES and is_country)
