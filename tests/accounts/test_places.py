"""Addresses in words, and addresses as keys for counting."""

import ipaddress
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from geoip2fast import GeoIP2Fast
from geoip2fast import geoip2fast as geoip2fast_module
from hypothesis import given
from hypothesis import strategies as st

from security_app.accounts.places import LOCAL_NETWORK, network_key, place_of
from security_app.settings import get_settings


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.9",
        "169.254.3.4",
        "100.64.0.1",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd12:3456::1",
        "::ffff:192.168.0.9",
    ],
)
def test_addresses_that_stay_inside_are_local(ip: str) -> None:
    assert place_of(ip) == LOCAL_NETWORK


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("8.8.8.8", "United States"),
        ("::ffff:81.2.69.142", "United Kingdom"),
        ("2a00:1450::1", "Ireland"),
    ],
)
def test_public_addresses_have_a_country(ip: str, place: str) -> None:
    assert place_of(ip) == place


@pytest.mark.parametrize(
    "ip",
    [
        "",
        "unknown",
        "256.1.1.1",
        "1.2.3",
        "203.0.113.9",
        "2001:db8::1",
        "255.255.255.255",
        "::",
        "x" * 999,
    ],
)
def test_unknown_is_empty(ip: str) -> None:
    assert place_of(ip) == ""


def test_our_table_says_what_the_library_says() -> None:
    path = Path(geoip2fast_module.__file__).parent / "geoip2fast-ipv6.dat.gz"
    library = GeoIP2Fast(geoip2fast_data_file=str(path))
    dice = random.Random(4)
    addresses = [str(ipaddress.IPv4Address(dice.getrandbits(32))) for _ in range(3000)]
    # Global unicast in use today begins with 2001:: to 2c0f::.
    addresses += [
        str(ipaddress.IPv6Address(dice.randrange(0x2001, 0x2C10) << 112 | dice.getrandbits(112)))
        for _ in range(1000)
    ]
    compared = 0
    for address in addresses:
        found = library.lookup(address)
        if not found.is_private and found.country_code not in {"", "--"}:
            assert place_of(address) == found.country_name, address
            compared += 1
    assert compared > 2000


@dataclass(frozen=True)
class _Unsigned:
    """A number of the width the format asks for."""

    raw: bytes


def _u16(number: int) -> _Unsigned:
    return _Unsigned(bytes([5 << 5 | 2]) + struct.pack(">H", number))


def _u32(number: int) -> _Unsigned:
    return _Unsigned(bytes([6 << 5 | 4]) + struct.pack(">I", number))


def _u64(number: int) -> _Unsigned:
    return _Unsigned(bytes([8, 9 - 7]) + struct.pack(">Q", number))


def _encoded(value: object) -> bytes:
    """A value in the MaxMind DB format 2.0, small values only."""
    if isinstance(value, str):
        raw = value.encode()
        return bytes([2 << 5 | len(raw)]) + raw
    if isinstance(value, dict):
        body = b"".join(_encoded(key) + _encoded(item) for key, item in value.items())
        return bytes([7 << 5 | len(value)]) + body
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(_encoded(item) for item in value)
    assert isinstance(value, _Unsigned)
    return value.raw


@pytest.fixture
def city_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where ``GEOIP_DATABASE`` points for this test; the file is the test's to write."""
    path = tmp_path / "city.mmdb"
    path.touch()
    monkeypatch.setenv("GEOIP_DATABASE", str(path))
    get_settings.cache_clear()
    yield path
    get_settings.cache_clear()


def _write_city_file(path: Path, record: object) -> None:
    """A tree of one node: every address has the same record."""
    pointer = struct.pack(">I", 1 + 16)[1:]
    metadata = {
        "node_count": _u32(1),
        "record_size": _u16(24),
        "ip_version": _u16(6),
        "database_type": "Test-City",
        "languages": ["en"],
        "binary_format_major_version": _u16(2),
        "binary_format_minor_version": _u16(0),
        "build_epoch": _u64(1),
        "description": {"en": "test"},
    }
    marker = b"\xab\xcd\xefMaxMind.com"
    path.write_bytes(pointer * 2 + bytes(16) + _encoded(record) + marker + _encoded(metadata))


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (
            {"city": {"names": {"en": "Lisbon"}}, "country": {"names": {"en": "Portugal"}}},
            "Lisbon, Portugal",
        ),
        ({"country": {"names": {"en": "Portugal"}}}, "Portugal"),
        ({"city": "Lisbon"}, ""),
        ("nothing", ""),
    ],
)
def test_a_city_file_says_the_city(city_file: Path, record: object, place: str) -> None:
    _write_city_file(city_file, record)
    assert place_of("8.8.8.8") == place
    assert place_of("10.0.0.1") == LOCAL_NETWORK


def test_a_broken_city_file_leaves_the_country_s90(city_file: Path) -> None:
    city_file.write_bytes(b"not a database")
    assert place_of("8.8.8.8") == "United States"


@pytest.mark.parametrize(
    ("ip", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0db8:0001:0002::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("203.0.113.9, 10.0.0.1", "unknown"),
        ("010.0.0.1", "unknown"),
        ("x", "unknown"),
    ],
)
def test_an_address_folds_to_its_customer_s51(ip: str, key: str) -> None:
    assert network_key(ip) == key


@given(st.ip_addresses(v=6), st.integers(min_value=0, max_value=2**64 - 1))
def test_one_ipv6_network_is_one_key_s51(address: ipaddress.IPv6Address, host: int) -> None:
    neighbour = ipaddress.IPv6Address(int(address) >> 64 << 64 | host)
    if address.ipv4_mapped is None and neighbour.ipv4_mapped is None:
        assert network_key(str(address)) == network_key(str(neighbour))


@given(st.text(max_size=60))
def test_any_text_gives_a_key_and_a_place_without_raising(text: str) -> None:
    assert network_key(text)
    assert isinstance(place_of(text), str)
