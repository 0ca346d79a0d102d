"""The DNS record that proves a domain: where it stands, what it says, whether it is there.

A label of its own under the domain, as the field has it: it disturbs nothing else
there, may be a CNAME to a zone somebody else keeps, and who can make a host name in
the domain cannot make it (a host name has no underscore, RFC 952).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import dns.exception
import dns.rdtypes.ANY.TXT
import dns.resolver

from security_app.settings import get_settings

#: "proven": the record is there; "missing": no such record; "other": there are records,
#: none is the one; "silent": DNS does not say.
Finding = Literal["proven", "missing", "other", "silent"]

_LABEL = "_security-centre-challenge"
_KEY = "security-centre-verification="
#: One look-up with all its repetitions.
_WITHIN_S = 4.0
#: The same, with the wait for a free thread.
_ANSWERED_WITHIN_S = 8.0
_THREADS = 4

# A thread each: reading a large answer takes tenths of a second.
_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")


def record_name(domain: str) -> str:
    """The name of the TXT record."""
    return f"{_LABEL}.{domain}"


def record_value(token: str) -> str:
    """What the TXT record says."""
    return f"{_KEY}{token}"


async def look_up(domain: str, token: str) -> Finding:
    """Look whether the record of a domain is there.

    Args:
        domain: ASCII, from :func:`mail_domains.parse_domain`.
        token: of this domain and organization.
    """
    asked = asyncio.get_running_loop().run_in_executor(
        _pool, _look_up, record_name(domain), record_value(token)
    )
    try:
        async with asyncio.timeout(_ANSWERED_WITHIN_S):
            return await asked
    except TimeoutError:
        return "silent"


def _look_up(name: str, value: str) -> Finding:
    try:
        answer = _resolver().resolve(name, "TXT", lifetime=_WITHIN_S)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return "missing"
    except (dns.exception.DNSException, OSError):
        return "silent"
    said = {_text(record) for record in answer if isinstance(record, dns.rdtypes.ANY.TXT.TXT)}
    return "proven" if value.encode() in said else "other"


def _text(record: dns.rdtypes.ANY.TXT.TXT) -> bytes:
    """What a record says: its strings in one, without the quotes some consoles keep."""
    return b"".join(record.strings).strip(b' "')


def _resolver() -> dns.resolver.Resolver:
    server = get_settings().dns_server
    if server is None:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    address, resolver.port = server
    resolver.nameservers = [address]
    return resolver
