"""The client's address: the socket peer, or exactly N configured proxies in front (S-51)."""

import ipaddress

from starlette.datastructures import Headers
from starlette.types import Scope

from security_app.settings import get_settings

_FORWARDING_HEADERS = {b"x-forwarded-for", b"x-real-ip", b"forwarded", b"x-forwarded-proto"}


def client_address(scope: Scope) -> str:
    """Find the client's address for an HTTP or websocket scope.

    Args:
        scope: as the server made it: its peer is the nearest proxy or the client.

    Returns:
        The address as text; "" when the server knows none.
    """
    peer = scope.get("client")
    address = peer[0] if peer else ""
    hops = get_settings().trusted_proxy_hops
    if not hops:
        return address
    forwarded = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    claimed = chain[-hops] if len(chain) >= hops else ""
    return claimed if _is_address(claimed) else address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def settle_address(scope: Scope) -> Scope:
    """A scope whose ``client`` is the real client and that names no other."""
    headers = [pair for pair in scope["headers"] if pair[0] not in _FORWARDING_HEADERS]
    return {**scope, "client": (client_address(scope), 0), "headers": headers}
