"""The client's address: the peer, or exactly N configured proxies in front of it (S-51)."""

import pytest
from starlette.types import Scope

from security_app.web.addresses import client_address, settle_address
from tests.environment import SetEnvironment

PEER = "203.0.113.9"


def scope(*headers: tuple[str, str], peer: str | None = PEER) -> Scope:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http", "client": (peer, 4711) if peer else None, "headers": raw}


FORGERIES = [
    ("x-forwarded-for", "198.51.100.1"),
    ("x-forwarded-for", "198.51.100.1, 198.51.100.2"),
    ("x-real-ip", "198.51.100.1"),
    ("forwarded", "for=198.51.100.1"),
]


@pytest.mark.parametrize("header", FORGERIES)
def test_s51_without_proxies_no_header_counts(header: tuple[str, str]) -> None:
    assert client_address(scope(header)) == PEER
    assert client_address(scope(header, header)) == PEER


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (1, ["198.51.100.1"], "198.51.100.1"),
        (1, ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (1, ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        (2, ["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        (2, ["6.6.6.6", "198.51.100.1,10.0.0.2"], "198.51.100.1"),
        (2, ["198.51.100.1"], PEER),
        (1, [], PEER),
        (1, [""], PEER),
        (1, [" , ,"], PEER),
        (1, ["2001:db8::1"], "2001:db8::1"),
        (3, ["1.1.1.1, 2.2.2.2"], PEER),
    ],
)
def test_s51_with_proxies_exactly_so_many_entries_from_the_right_are_trusted(
    environment: SetEnvironment, hops: int, forwarded: list[str], address: str
) -> None:
    environment(TRUSTED_PROXY_HOPS=str(hops))
    found = client_address(scope(*(("x-forwarded-for", value) for value in forwarded)))
    assert found == address


@pytest.mark.parametrize("header", FORGERIES[2:])
def test_s51_other_headers_never_count(
    environment: SetEnvironment, header: tuple[str, str]
) -> None:
    environment(TRUSTED_PROXY_HOPS="1")
    assert client_address(scope(header)) == PEER


@pytest.mark.parametrize("entry", ["unknown", "_hidden", "<script>", "a" * 3000])
def test_what_a_proxy_says_is_an_address_or_it_is_the_proxy(
    environment: SetEnvironment, entry: str
) -> None:
    environment(TRUSTED_PROXY_HOPS="1")
    assert client_address(scope(("x-forwarded-for", entry))) == PEER


def test_a_server_without_peers_gives_no_address() -> None:
    assert client_address(scope(peer=None)) == ""


def test_s51_what_comes_after_sees_one_address_and_no_header_about_it(
    environment: SetEnvironment,
) -> None:
    environment(TRUSTED_PROXY_HOPS="1")
    headers = (*FORGERIES, ("x-forwarded-proto", "https"), ("accept", "*/*"))
    before = scope(*headers, ("x-forwarded-for", "192.0.2.1"))
    after = settle_address(before)
    assert after["client"] == ("192.0.2.1", 0)
    assert after["headers"] == [(b"accept", b"*/*")]
    assert before["client"] == (PEER, 4711)
