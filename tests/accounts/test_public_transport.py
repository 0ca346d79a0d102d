"""An organization's issuer is connected to at the addresses that were checked, and no others.

DNS rebinding: the look-up that is checked answers with a public address, the next
one with our own network.
"""

import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from security_app.accounts import oidc_issuers, provider_http, sso_settings
from security_app.accounts.errors import FieldRefused
from security_app.accounts.provider_errors import ProviderUnavailable
from security_app.accounts.provider_http import NoAnswer, get_json, post_form
from security_app.accounts.public_transport import is_public
from security_app.db.tables import SsoConnection
from tests.accounts.cast import rows
from tests.accounts.internet import Internet, internet
from tests.accounts.sso_house import (
    PROOFS,
    SUB,
    House,
    actor_after,
    house,
    sign_in_with_sso,
    terms,
)
from tests.certificates import write_certificate
from tests.environment import SetEnvironment
from tests.oidc_provider import Provider
from tests.threaded_server import ThreadedServer

__all__ = ["internet"]

HOST = "id.example.com"
#: Public ones; whose they are does not matter, no packet gets there.
PUBLIC, OTHER, PUBLIC_IPV6 = "198.51.44.7", "198.51.44.8", "2606:4700:88::7"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For ``HOST``."""
    path = tmp_path_factory.mktemp("tls") / "id.pem"
    write_certificate(path, HOST)
    return path


@pytest.fixture
def okta(
    internet: Internet,
    certificate: Path,
    environment: SetEnvironment,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Provider]:
    """A provider on this machine that speaks https under ``HOST``, whose certificate is good."""
    trust = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(provider_http, "_trust", lambda: trust)
    oidc_issuers._known.clear()
    environment(SSO_DOMAIN_PROOF="address")
    with Provider(name="Okta", host=HOST, certificate=certificate) as running:
        running.add_person(SUB, email="ada@example.com", name="Ada King")
        internet.answers[HOST] = [(PUBLIC,)]
        internet.listeners[PUBLIC] = running.port
        yield running


def _url(provider: Provider) -> str:
    return f"{provider.issuer}/.well-known/openid-configuration"


async def _nobody_answers(url: str) -> None:
    with pytest.raises(NoAnswer):
        await get_json(url, is_public_only=True)


async def test_a_name_that_is_rebound_after_the_check_leads_nowhere_else(
    internet: Internet, okta: Provider
) -> None:
    """The first answer is public and silent, each later one is our own network."""
    internet.listeners.clear()
    internet.answers[HOST] = [(PUBLIC,), ("127.0.0.1",)]
    await _nobody_answers(_url(okta))
    assert not okta.hits
    assert internet.looked_up == [HOST]
    assert internet.connected == [PUBLIC]


async def test_the_checked_address_is_asked_under_the_name(
    internet: Internet, okta: Provider
) -> None:
    document = await get_json(_url(okta), is_public_only=True)
    assert document["issuer"] == okta.issuer
    assert internet.looked_up == [HOST]
    assert internet.connected == [PUBLIC]


@pytest.mark.parametrize("addresses", [(OTHER, PUBLIC), (PUBLIC_IPV6,), (PUBLIC_IPV6, PUBLIC)])
async def test_any_of_the_checked_addresses_will_do(
    internet: Internet, okta: Provider, addresses: tuple[str, ...]
) -> None:
    internet.answers[HOST] = [addresses]
    internet.listeners[PUBLIC_IPV6] = okta.port
    assert await get_json(_url(okta), is_public_only=True)
    assert set(internet.connected) <= set(addresses)


async def test_a_certificate_of_another_name_proves_nothing(
    internet: Internet, okta: Provider
) -> None:
    internet.answers["other.example.com"] = [(PUBLIC,)]
    await _nobody_answers(_url(okta).replace(HOST, "other.example.com"))
    await _nobody_answers(_url(okta).replace(HOST, PUBLIC))
    assert internet.connected == [PUBLIC, PUBLIC]
    assert not okta.hits


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("169.254.169.254",),
        ("::ffff:169.254.169.254",),
        ("fd00:ec2::254",),
        (PUBLIC, "127.0.0.1"),
        ("10.0.0.1", PUBLIC),
        (PUBLIC, "fe80::1"),
    ],
)
async def test_one_address_of_our_own_network_is_enough_to_ask_none(
    internet: Internet, okta: Provider, addresses: tuple[str, ...]
) -> None:
    internet.answers[HOST] = [addresses]
    await _nobody_answers(_url(okta))
    assert internet.connected == []
    assert not okta.hits


async def test_plain_http_is_not_spoken(internet: Internet) -> None:
    internet.answers[HOST] = [(PUBLIC,)]
    await _nobody_answers(f"http://{HOST}/")
    assert internet.looked_up == internet.connected == []


@pytest.mark.parametrize("host", ["x" * 64 + ".example.com", "nobody.invalid", "a..b"])
async def test_a_host_that_is_none_is_no_answer(internet: Internet, host: str) -> None:
    await _nobody_answers(f"https://{host}/")


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        (PUBLIC, True),
        (PUBLIC_IPV6, True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2001:0:1::1", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_what_is_public(address: str, is_one: bool) -> None:
    assert is_public(ip_address(address)) is is_one


@pytest.fixture
def redirecting(
    internet: Internet, certificate: Path, okta: Provider
) -> Iterator[Callable[[str], str]]:
    """A public server that sends everybody on; call it with where to, for its address."""
    target = ""

    async def send_on(request: Request) -> Response:
        return RedirectResponse(target, int(request.path_params["status"]))

    server = ThreadedServer(
        Starlette(routes=[Route("/{status}", send_on, methods=["GET", "POST"])]), certificate
    )
    server.start()
    internet.listeners[OTHER] = server.port
    internet.answers[HOST] = [(OTHER,)]

    def to(address: str) -> str:
        nonlocal target
        target = address
        return f"https://{HOST}:{server.port}"

    yield to
    server.stop()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_followed_elsewhere(
    internet: Internet, redirecting: Callable[[str], str], status: int
) -> None:
    hits = 0

    async def secret(request: Request) -> Response:
        nonlocal hits
        hits += 1
        return JSONResponse({"secret": "of our own network"})

    inside = ThreadedServer(Starlette(routes=[Route("/", secret, methods=["GET", "POST"])]))
    inside.start()
    try:
        url = f"{redirecting(f'http://127.0.0.1:{inside.port}/')}/{status}"
        await _nobody_answers(url)
        with pytest.raises(NoAnswer):
            await post_form(url, {"client_secret": "s"}, is_public_only=True)
    finally:
        inside.stop()
    assert hits == 0
    assert internet.connected == [OTHER, OTHER]


async def test_an_answer_is_not_unpacked(
    internet: Internet, okta: Provider, certificate: Path
) -> None:
    asked_for = []

    async def packed(request: Request) -> Response:
        asked_for.append(request.headers["accept-encoding"])
        return Response(b"\x1f\x8b", headers={"content-encoding": "gzip"})

    server = ThreadedServer(Starlette(routes=[Route("/", packed)]), certificate)
    server.start()
    internet.listeners[PUBLIC] = server.port
    try:
        with pytest.raises(NoAnswer, match="not JSON"):
            await get_json(f"https://{HOST}/", is_public_only=True)
    finally:
        server.stop()
    assert asked_for == ["identity"]


async def _set_up(provider: Provider) -> House:
    made = await house()
    await sso_settings.configure(made.boss.actor, terms(provider), PROOFS)
    return made


@pytest.mark.usefixtures("database", "clock")
async def test_discovery_token_and_keys_are_asked_for_at_checked_addresses(
    internet: Internet, okta: Provider
) -> None:
    await _set_up(okta)
    await actor_after(await sign_in_with_sso(okta))
    assert dict(okta.hits) == {"discovery": 1, "token": 1, "jwks": 1}
    assert internet.looked_up == [HOST] * 3
    assert internet.connected == [PUBLIC] * 3


@pytest.mark.usefixtures("database", "clock")
@pytest.mark.parametrize("safe", [1, 2])
async def test_a_name_that_is_rebound_later_signs_nobody_in(
    internet: Internet, okta: Provider, safe: int
) -> None:
    """Between discovery and token, or between token and keys."""
    internet.answers[HOST] = [*[(PUBLIC,)] * safe, ("127.0.0.1",)]
    await _set_up(okta)
    arrived = await sign_in_with_sso(okta)
    assert isinstance(arrived.refusal, ProviderUnavailable)
    assert sum(okta.hits.values()) == safe
    assert internet.connected == [PUBLIC] * safe


@pytest.mark.usefixtures("database", "clock")
async def test_a_rebound_issuer_is_refused_as_any_other_that_is_not_there(
    internet: Internet, okta: Provider
) -> None:
    internet.listeners.clear()
    internet.answers[HOST] = [(PUBLIC,), ("127.0.0.1",)]
    with pytest.raises(FieldRefused) as refused:
        await _set_up(okta)
    assert refused.value.field == "issuer"
    assert not okta.hits
    assert await rows(SsoConnection) == []
