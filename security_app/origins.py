"""Origins as browsers write them."""

import ipaddress
from urllib.parse import urlsplit


def origin_of(text: str) -> tuple[str, str]:
    """An origin as browsers write it, and its host name.

    Raises:
        ValueError: anything but scheme, host and port.
    """
    msg = "must be an origin such as https://account.example.com"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError(msg) from None
    extra = url.path.strip("/") or url.query or url.fragment or url.username or url.password
    if url.scheme not in {"http", "https"} or not url.hostname or "*" in url.hostname or extra:
        raise ValueError(msg)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    is_default = port in {None, {"http": 80, "https": 443}[url.scheme]}
    return f"{url.scheme}://{host}" + ("" if is_default else f":{port}"), url.hostname


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
