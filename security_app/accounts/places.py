"""Where an address is, roughly, without asking anybody.

A city database (``GEOIP_DATABASE``) answers when configured; else the country
table that comes inside the geoip2fast package. That table is copied once into
flat arrays: 7 MB instead of the 47 MB its own reader holds for the life of the
process, and only when the first public address is looked up.
"""

import functools
import gzip
import importlib.util
import ipaddress
import pickle
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import maxminddb
import structlog

from security_app.settings import get_settings

LOCAL_NETWORK = "Local network"
_MAX_PLACE_CHARS = 100
#: Network prefix of one IPv6 customer: the smallest a provider hands out (RFC 6177, S-51).
_IPV6_CUSTOMER_BITS = 64
#: Addresses that never cross the internet. Documentation ranges are not among them.
_LOCAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
#: The bundled table names reserved ranges and "not found" by numbers below this.
_FIRST_COUNTRY = 16

log = structlog.get_logger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def place_of(ip: str) -> str:
    """Say where an address is.

    Args:
        ip: IPv4 or IPv6 text, already resolved behind proxies.

    Returns:
        "Lisbon, Portugal", "Portugal", "Local network", or "" when unknown;
        at most 100 characters. Never raises (S-90).
    """
    address = _parse(ip)
    if address is None:
        return ""
    if any(address in network for network in _LOCAL):
        return LOCAL_NETWORK
    city_file = _city_database(get_settings().geoip_database)
    if city_file is not None:
        return _city(city_file, address)
    table = _country_table()
    return table.country(address) if table is not None else ""


def network_key(ip: str) -> str:
    """Fold an address to the customer behind it, for counting attempts (S-51).

    Args:
        ip: IPv4 or IPv6 text.

    Returns:
        The IPv4 address (an IPv4-mapped IPv6 address becomes one), the /64 of
        an IPv6 address, or "unknown" for anything else.
    """
    address = _parse(ip)
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((int(address), _IPV6_CUSTOMER_BITS), strict=False))


def warm() -> None:
    """Load the data (about 0.3 s); call it at start-up, off the event loop."""
    if _city_database(get_settings().geoip_database) is None:
        _country_table()


def _parse(ip: str) -> Address | None:
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


class _CityFile(Protocol):
    def get(self, ip_address: str, /) -> object: ...


@functools.lru_cache(maxsize=4)
def _city_database(path: Path | None) -> _CityFile | None:
    if path is None:
        return None
    try:
        return cast(
            "_CityFile",
            maxminddb.open_database(path),  # pyright: ignore[reportUnknownMemberType]
        )
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        log.warning("geoip_database_unusable", error=type(error).__name__)
        return None


def _city(database: _CityFile, address: Address) -> str:
    try:
        found = database.get(str(address))
    except (ValueError, maxminddb.InvalidDatabaseError) as error:
        log.warning("geoip_lookup_failed", error=type(error).__name__)
        return ""
    parts = [_english(found, "city"), _english(found, "country")]
    return ", ".join(part for part in parts if part)[:_MAX_PLACE_CHARS]


def _english(found: object, kind: str) -> str:
    """Read ``{kind: {"names": {"en": …}}}`` out of a record of any shape."""
    for key in (kind, "names", "en"):
        if not isinstance(found, dict):
            return ""
        found = cast("dict[str, object]", found).get(key)
    return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class _Networks:
    """Networks of one address family, sorted: first address, prefix length, country number."""

    bits: int
    firsts: "array[int]"
    lengths: "array[int]" = field(default_factory=lambda: array("B"))
    countries: "array[int]" = field(default_factory=lambda: array("H"))

    def add(self, first: int, length: int, country: int) -> None:
        self.firsts.append(first)
        self.lengths.append(length)
        self.countries.append(country)

    def country(self, number: int) -> int:
        """The country number of an address, 0 when no network holds it."""
        index = bisect_right(self.firsts, number) - 1
        if index < 0 or number - self.firsts[index] >= 1 << (self.bits - self.lengths[index]):
            return 0
        return self.countries[index]


@dataclass(frozen=True, slots=True)
class _CountryTable:
    names: tuple[str, ...]
    ipv4: _Networks
    #: The upper halves of IPv6 addresses; networks smaller than a /64 are left out.
    ipv6: _Networks

    def country(self, address: Address) -> str:
        if isinstance(address, ipaddress.IPv4Address):
            number = self.ipv4.country(int(address))
        else:
            number = self.ipv6.country(int(address) >> 64)
        return self.names[number] if number >= _FIRST_COUNTRY else ""


@functools.cache
def _country_table() -> _CountryTable | None:
    try:
        return _read_country_table()
    except Exception as error:  # noqa: BLE001 - a place is never worth a failed sign-in (S-90)
        log.warning("country_table_unusable", error=type(error).__name__)
        return None


def _read_country_table() -> _CountryTable:
    package = importlib.util.find_spec("geoip2fast")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError
    path = Path(package.submodule_search_locations[0]) / "geoip2fast-ipv6.dat.gz"
    with gzip.open(path) as file:
        # Comes inside the pinned package and is trusted like its code.
        _version, _source, _count, tables = cast("tuple[Any, ...]", pickle.load(file))  # noqa: S301
    _index, names, firsts, countries, lengths = tables
    table = _CountryTable(
        tuple(name.partition(":")[2] for name in names),
        _Networks(32, array("I")),
        _Networks(64, array("Q")),
    )
    for index in range(len(firsts)):
        chunk = zip(firsts[index], lengths[index], countries[index], strict=True)
        for first, length, country in chunk:
            if first >> 32 == 0:
                table.ipv4.add(first, length, country)
            elif length <= table.ipv6.bits:
                table.ipv6.add(first >> 64, length, country)
        # Freed as we go: three quarters of the memory can be used again for what follows.
        firsts[index] = lengths[index] = countries[index] = None
    return table
