"""HTTP to public addresses only, and to exactly those that were looked at.

A host that people name may answer one look-up with a public address and the next
with one of our own network (DNS rebinding). So a name is looked up once, every
address of it is checked, and the connection goes to one of these; TLS still proves
the name.
"""

import asyncio
import ipaddress
import socket
import ssl
from ipaddress import IPv4Address, IPv6Address

import httpx

#: Of the request's eight seconds: an address that swallows packets leaves time for the next.
_CONNECT_WITHIN_S = 2.5
#: RFC 6052 §2.1: the IPv4 address stands in the last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotPublic(httpx.TransportError):
    """The host is one of our own network, or is not asked for by https."""


class PublicTransport(httpx.AsyncBaseTransport):
    """Sends requests by https, to hosts all of whose addresses are public."""

    def __init__(self, *, verify: ssl.SSLContext) -> None:
        """Prepare; nothing is connected yet.

        Args:
            verify: whose certificates prove the name of a host.
        """
        self._direct = httpx.AsyncHTTPTransport(verify=verify)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first address of its host that can be reached.

        Raises:
            NotPublic: an address of the host is not public, or the scheme is not https.
            OSError, httpx.TransportError: nobody answers.
        """
        if request.url.scheme != "https":
            raise NotPublic("not https")
        unreached: httpx.TransportError = NotPublic("no address")
        timeouts = {**request.extensions.get("timeout", {}), "connect": _CONNECT_WITHIN_S}
        for address in await _addresses(request.url):
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={
                    "sni_hostname": request.url.raw_host.decode("ascii"),
                    "timeout": timeouts,
                },
            )
            try:
                return await self._direct.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                unreached = error
        raise unreached

    async def aclose(self) -> None:
        """Close what is open."""
        await self._direct.aclose()


async def _addresses(url: httpx.URL) -> list[str]:
    """Look a host up, once.

    Raises:
        NotPublic: one of its addresses is not public.
        OSError: there is no such host.
    """
    found = await asyncio.get_running_loop().getaddrinfo(
        url.raw_host, url.port or 443, type=socket.SOCK_STREAM
    )
    addresses = [str(address[0]) for *_, address in found]
    if not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise NotPublic("not a public address")
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one host of the internet, by itself and by what it leads on to."""
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        return is_public(inner)
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to a mapped, 6to4 or NAT64 address go on to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
