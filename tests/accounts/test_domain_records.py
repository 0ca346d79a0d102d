"""What DNS says of a domain, asked of a real server over UDP and TCP."""

import asyncio
import time
from collections.abc import Iterator

import dns.rcode
import pytest

from security_app.accounts import domain_records
from security_app.accounts.domain_records import look_up, record_name, record_value
from tests.dns_server import DnsServer
from tests.environment import SetEnvironment

DOMAIN = "example.com"
NAME = "_security-centre-challenge.example.com"
TOKEN = "token-of-this-domain-and-organization"
VALUE = f"security-centre-verification={TOKEN}"


@pytest.fixture
def world(environment: SetEnvironment) -> Iterator[DnsServer]:
    """The DNS of the tests, which the product asks."""
    with DnsServer() as server:
        environment(DNS_RESOLVER=server.address)
        yield server


def test_the_record_is_what_the_docs_say() -> None:
    assert (record_name(DOMAIN), record_value(TOKEN)) == (NAME, VALUE)


async def test_the_record_proves(world: DnsServer) -> None:
    world.say(NAME, VALUE)
    assert await look_up(DOMAIN, TOKEN) == "proven"
    assert set(world.asked) == {("udp", NAME)}


@pytest.mark.parametrize(
    "texts",
    [
        [VALUE, "v=spf1 -all"],
        ["security-centre-verification=of-another-organization", VALUE],
        [f"text-{number}" for number in range(20)] + [VALUE],
        [f'"{VALUE}"'],
        [f" {VALUE} "],
    ],
)
async def test_it_may_stand_among_others_and_in_quotes(world: DnsServer, texts: list[str]) -> None:
    world.say(NAME, *texts)
    assert await look_up(DOMAIN, TOKEN) == "proven"


async def test_a_record_in_several_strings_is_one_text(world: DnsServer) -> None:
    world.texts[NAME] = [[b"v=other"], [VALUE[:10].encode(), b"", VALUE[10:].encode()]]
    assert await look_up(DOMAIN, TOKEN) == "proven"


async def test_an_alias_is_followed(world: DnsServer) -> None:
    world.aliases[NAME] = "proofs.example.net"
    world.say("proofs.example.net", VALUE)
    assert await look_up(DOMAIN, TOKEN) == "proven"


@pytest.mark.parametrize(
    "text",
    [
        "",
        TOKEN,
        VALUE[:-1],
        VALUE + "x",
        VALUE.upper(),
        "security-centre-verification=",
        "security-centre-verification=of-another-organization",
        f"x {VALUE}",
    ],
)
async def test_another_text_proves_nothing(world: DnsServer, text: str) -> None:
    world.say(NAME, text)
    assert await look_up(DOMAIN, TOKEN) == "other"


async def test_two_records_are_not_read_as_one(world: DnsServer) -> None:
    world.say(NAME, VALUE[:20], VALUE[20:])
    assert await look_up(DOMAIN, TOKEN) == "other"


async def test_bytes_that_are_no_text_are_another_one(world: DnsServer) -> None:
    world.texts[NAME] = [[bytes(range(256))[:255]], [b""]]
    assert await look_up(DOMAIN, TOKEN) == "other"


@pytest.mark.parametrize("where", [DOMAIN, f"x.{NAME}", "_security-centre-challenge.com"])
async def test_no_other_name_counts(world: DnsServer, where: str) -> None:
    world.say(where, VALUE)
    assert await look_up(DOMAIN, TOKEN) == "missing"


async def test_a_name_without_a_text_is_missing(world: DnsServer) -> None:
    assert await look_up(DOMAIN, TOKEN) == "missing"
    world.texts[NAME] = []
    assert await look_up(DOMAIN, TOKEN) == "missing"


async def test_an_alias_that_leads_nowhere_is_missing(world: DnsServer) -> None:
    world.aliases[NAME] = "nowhere.example.net"
    assert await look_up(DOMAIN, TOKEN) == "missing"


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR])
async def test_a_failure_is_no_answer(world: DnsServer, code: dns.rcode.Rcode) -> None:
    world.say(NAME, VALUE)
    world.codes[NAME] = code
    assert await look_up(DOMAIN, TOKEN) == "silent"


async def test_an_answer_that_is_none_says_nothing(world: DnsServer) -> None:
    world.garbage.add(NAME)
    assert await look_up(DOMAIN, TOKEN) == "silent"


async def test_silence_is_not_waited_for(world: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain_records, "_WITHIN_S", 0.3)
    world.silent.add(NAME)
    began = time.monotonic()
    assert await look_up(DOMAIN, TOKEN) == "silent"
    assert time.monotonic() - began < 3


async def test_a_dead_server_says_nothing(world: DnsServer, environment: SetEnvironment) -> None:
    environment(DNS_RESOLVER="127.0.0.1:1")
    assert await look_up(DOMAIN, TOKEN) == "silent"


async def test_who_finds_no_free_thread_is_told_so(
    world: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silent servers of others hold every thread; nobody waits for them without end."""
    monkeypatch.setattr(domain_records, "_ANSWERED_WITHIN_S", 0.2)
    monkeypatch.setattr(domain_records, "_WITHIN_S", 1.0)
    world.silent.add("_security-centre-challenge.example.net")
    world.say(NAME, VALUE)
    others = [look_up("example.net", TOKEN) for _ in range(domain_records._THREADS)]
    found = await asyncio.gather(*others, look_up(DOMAIN, TOKEN))
    assert found == ["silent"] * len(found)


async def test_a_huge_answer_is_read_beside_the_event_loop(world: DnsServer) -> None:
    """64 KiB by TCP, the most a DNS message has; other people's clicks do not wait for it."""
    filling = [f"{number:04d}{'x' * 120}" for number in range(460)]
    world.say(NAME, *filling, VALUE)
    task = asyncio.create_task(look_up(DOMAIN, TOKEN))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert await task == "proven"
    assert world.asked[("tcp", NAME)] == 1
    assert turns > 1


async def test_a_domain_too_long_for_the_record_is_no_fault(world: DnsServer) -> None:
    assert await look_up(".".join(["x" * 60] * 4) + ".example", TOKEN) == "silent"
