"""Google and Apple for sign-ins: both real OpenID Providers, and a product that knows them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from tests.e2e.identity_providers import environment_of, google
from tests.e2e.watch import Watch
from tests.oidc_provider import MISSING, Provider
from tests.server import Server

__all__ = ["apple", "apple_key", "google", "providers_are_elsewhere", "server"]

#: People at the providers.
GINA = "gina@example.com"
RELAY = "k2x9q7@privaterelay.appleid.com"


@pytest.fixture(scope="module")
def apple_key() -> ECKey:
    """The key Apple gave out to us."""
    return ECKey.generate_key("P-256")


@pytest.fixture(scope="module")
def apple(apple_key: ECKey) -> Iterator[Provider]:
    """Apple: it answers by form_post, and wants a signed secret."""
    public = apple_key.as_pem(private=False)
    with Provider("com.example.web", name="Apple", form_post=True, apple_public_key=public) as it:
        it.add_person("001.anna", email=RELAY, email_verified="true", name="Anna Apple")
        it.claims["name"] = MISSING
        yield it


@pytest.fixture(scope="module")
def server(
    google: Provider,
    apple: Provider,
    apple_key: ECKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A product that knows both; Gina has an account at Google."""
    google.add_person("google-gina", email=GINA, name="Gina")
    key_file: Path = tmp_path_factory.mktemp("apple") / "AuthKey.p8"
    key_file.write_bytes(apple_key.as_pem(private=True))
    environment = environment_of(google) | {
        "APPLE_CLIENT_ID": apple.client_id,
        "APPLE_TEAM_ID": "TEAM123456",
        "APPLE_KEY_ID": "KEY1234567",
        "APPLE_KEY_FILE": str(key_file),
        "APPLE_ISSUER": apple.issuer,
    }
    with Server(environment) as running:
        yield running


@pytest.fixture(autouse=True)
def providers_are_elsewhere(watch: Watch, google: Provider, apple: Provider) -> None:
    """The browser goes to their sites, which have no icon."""
    for provider in (google, apple):
        watch.expect_complaint(f"third party: {provider.issuer}/")
    watch.expect_complaint("404 \\(Not Found\\)")
