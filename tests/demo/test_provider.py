"""Demo mode's stand-ins for Google and Apple: there while the product runs, gone with it."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from security_app.demo import provider
from security_app.settings import Settings
from tests.server import Server, free_port

_WITHIN_S = 15
_POLL_S = 0.02
_PARENT = """
import sys
from security_app.demo import provider
from security_app.settings import Settings
with provider.start(Settings(demo=True, port=int(sys.argv[1]))):
    print("started", flush=True)
    sys.stdin.read()
"""


def settings_at(port: int) -> Settings:
    return Settings(demo=True, port=port)


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True
    return False


def is_free_soon(*ports: int) -> bool:
    deadline = time.monotonic() + _WITHIN_S
    while any(is_listening(port) for port in ports):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


@pytest.fixture(scope="module")
def issuers() -> Iterator[dict[str, str]]:
    with provider.start(settings_at(free_port())) as running:
        yield running


def discovery(issuer: str) -> dict[str, str]:
    return httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=_WITHIN_S).json()


@pytest.mark.parametrize("name", ["google", "apple"])
def test_each_issuer_is_at_its_own_port(issuers: dict[str, str], name: str) -> None:
    document = discovery(issuers[name])
    assert document["issuer"] == issuers[name]
    assert document["jwks_uri"].startswith(issuers[name] + "/")
    assert urlsplit(issuers["apple"]).port == (urlsplit(issuers["google"]).port or 0) + 1


@pytest.mark.parametrize(
    ("name", "sub", "email"),
    [
        ("google", "google-oauth-demo-1", "google@demo.test"),
        ("google", "google-unverified", "unverified@demo.test"),
        ("apple", "apple-oauth-demo-1", "k2x9q7@privaterelay.appleid.com"),
    ],
)
def test_one_click_makes_an_id_token(
    issuers: dict[str, str], name: str, sub: str, email: str
) -> None:
    document = discovery(issuers[name])
    question = {
        "client_id": "demo",
        "response_type": "code",
        "redirect_uri": "http://localhost/callback",
        "scope": "openid email profile",
        "state": "a-state",
        "nonce": "a-nonce",
    }
    url = f"{document['authorization_endpoint']}?{urlencode(question)}"
    page = httpx.get(url).text
    assert f"<h1>Sign in to {name.capitalize()}</h1>" in page
    assert f"Continue as {email}" in page
    assert "https://" not in page
    target = httpx.post(url, data={"sub": sub}).headers["location"]
    back = parse_qs(urlsplit(target).query)
    assert back["state"] == ["a-state"]
    form = {
        "grant_type": "authorization_code",
        "code": back["code"][0],
        "redirect_uri": "http://localhost/callback",
        "client_id": "demo",
        "client_secret": "demo",
    }
    token = httpx.post(document["token_endpoint"], data=form).json()["id_token"]
    keys = KeySet.import_key_set(httpx.get(document["jwks_uri"]).json())
    claims = jwt.decode(token, keys, ["RS256"]).claims
    assert (claims["iss"], claims["sub"], claims["email"]) == (issuers[name], sub, email)
    assert claims["email_verified"] is (sub != "google-unverified")
    assert abs(claims["auth_time"] - time.time()) < _WITHIN_S


@pytest.mark.parametrize("name", ["google", "apple"])
def test_no_debugger_is_in_reach(issuers: dict[str, str], name: str) -> None:
    with httpx.Client(base_url=issuers[name]) as client:
        assert client.get("/console").status_code == 404
        script = client.get("/?__debugger__=yes&cmd=resource&f=debugger.js")
        assert "text/html" in script.headers["content-type"]
        assert "debugger" not in script.text


def test_it_answers_to_its_own_name_only(issuers: dict[str, str]) -> None:
    url = f"{issuers['google']}/.well-known/openid-configuration"
    assert httpx.get(url, headers={"Host": "rebound.example"}).status_code == 400


def test_it_says_nothing_and_leaves_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with provider.start(settings_at(port)) as issuers:
        for issuer in issuers.values():
            discovery(issuer)
    assert not is_listening(port + 1)
    assert not is_listening(port + 2)
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_costs_a_line_and_that_provider(capfd: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port + 1)),
        provider.start(settings_at(port)) as issuers,
    ):
        assert list(issuers) == ["apple", "sso"]
        assert discovery(issuers["apple"])["issuer"] == f"http://127.0.0.1:{port + 2}"
    warning = f"Port {port + 1} is taken: the demo's Google does not run.\n"
    assert capfd.readouterr() == ("", warning)


def test_with_all_ports_taken_it_starts_nothing() -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port + 1)),
        socket.create_server(("127.0.0.1", port + 2)),
        socket.create_server(("127.0.0.1", port + 3)),
        provider.start(settings_at(port)) as issuers,
    ):
        assert issuers == {}


def test_it_ends_with_a_parent_that_is_killed() -> None:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(port)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        discovery(f"http://127.0.0.1:{port + 1}")
        parent.kill()
    assert is_free_soon(port + 1, port + 2)


def test_the_product_brings_it_along_and_takes_it_away() -> None:
    server = Server({"DEMO": "1"})
    server.port = free_port()
    with server:
        ports = (server.port + 1, server.port + 2)
        for port in ports:
            assert discovery(f"http://127.0.0.1:{port}")["issuer"] == f"http://127.0.0.1:{port}"
        server.stop()
        assert not any(is_listening(port) for port in ports)
        assert "Warning" not in server.log_text()


def test_the_server_process_does_without_its_libraries() -> None:
    code = (
        "import sys, security_app.cli, security_app.demo.provider;"
        "assert not {'flask', 'werkzeug', 'oidc_provider_mock'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
