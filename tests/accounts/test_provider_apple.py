"""Apple's own ways: the signed client secret, form_post, the name said once, relay addresses."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from sqlmodel import select

from security_app.accounts import apple, oidc_issuers, provider_sign_in
from security_app.accounts.provider_errors import ProviderRefused
from security_app.db.engine import reading
from security_app.db.tables import Account, Connection
from tests.accounts.cast import OWNER
from tests.accounts.identities import come_back, url_of
from tests.oidc_provider import MISSING, Provider

pytestmark = pytest.mark.usefixtures("database", "clock")
RELAY = "k2x9q7@privaterelay.appleid.com"
TEAM = "TEAM123456"


@pytest.fixture
def key_file(tmp_path: Path) -> tuple[Path, bytes]:
    """The key as Apple gives it out, and its public half."""
    key = ECKey.generate_key("P-256")
    file = tmp_path / "AuthKey_KEY1234567.p8"
    file.write_bytes(key.as_pem(private=True))
    return file, key.as_pem(private=False)


@pytest.fixture
def provider(environment: Callable[..., None], key_file: tuple[Path, bytes]) -> Iterator[Provider]:
    oidc_issuers._known.clear()
    file, public = key_file
    with Provider(
        "com.example.web", name="Apple", form_post=True, apple_public_key=public, apple_team_id=TEAM
    ) as running:
        running.add_person("001.anna", email=RELAY, email_verified="true")
        running.claims["name"] = MISSING
        environment(
            APPLE_CLIENT_ID="com.example.web",
            APPLE_TEAM_ID=TEAM,
            APPLE_KEY_ID="KEY1234567",
            APPLE_KEY_FILE=str(file),
            APPLE_ISSUER=running.issuer,
        )
        yield running


async def _account() -> Account:
    async with reading() as db:
        return (await db.exec(select(Account))).one()


async def test_a_first_consent_makes_an_account_with_its_name(provider: Provider) -> None:
    provider.person("001.anna").claims["name"] = "Anna Apple"
    url = await url_of(await provider_sign_in.begin(OWNER, "apple"))
    assert "response_mode=form_post" in url
    answer = provider.authorize(url, "001.anna")
    assert "Anna" in answer["user"]
    arrived = await come_back(answer, provider="apple")
    assert arrived.ticket
    account = await _account()
    assert (account.email, account.name) == (RELAY, "Anna Apple")
    async with reading() as db:
        connection = (await db.exec(select(Connection))).one()
    assert (connection.provider, connection.email) == ("apple", RELAY)


async def test_a_later_consent_says_no_name_and_finds_the_account(provider: Provider) -> None:
    for _ in range(2):
        url = await url_of(await provider_sign_in.begin(OWNER, "apple"))
        arrived = await come_back(provider.authorize(url, "001.anna"), provider="apple")
        assert arrived.ticket
    assert (await _account()).name == ""


@pytest.mark.parametrize(
    "user",
    [
        "",
        "null",
        "[]",
        "{",
        '{"name": 7}',
        '{"name": {"firstName": "' + "x" * 101 + '"}}',
        '{"name": {"firstName": ["a"]}}',
        "[" * 3000,
    ],
)
def test_a_name_that_cannot_be_read_is_none(user: str) -> None:
    assert apple.name_of(user) == ""


async def test_another_key_proves_nothing(provider: Provider, key_file: tuple[Path, bytes]) -> None:
    file, _ = key_file
    file.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    apple._key.cache_clear()
    url = await url_of(await provider_sign_in.begin(OWNER, "apple"))
    arrived = await come_back(provider.authorize(url, "001.anna"), provider="apple")
    assert isinstance(arrived.refusal, ProviderRefused)
