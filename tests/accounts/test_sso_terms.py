"""What an owner writes of their identity provider: what cannot be right is refused in words."""

from collections.abc import Callable

import pytest

from security_app.accounts import sso_settings
from security_app.accounts.errors import (
    FieldRefused,
    TooManyAttempts,
)
from security_app.accounts.step_up import Proofs
from security_app.db.tables import (
    SsoConnection,
)
from tests.accounts.cast import (
    outcome_of,
    rows,
)
from tests.accounts.sso_house import (
    PROOFS,
    house,
    okta,
    terms,
)
from tests.oidc_provider import Provider

__all__ = ["okta"]

pytestmark = pytest.mark.usefixtures("database", "clock")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 61),
        ("name", "a\u202eb"),
        ("name", "https://evil.example"),
        ("name", "evil.example"),
        ("issuer", ""),
        ("issuer", "https://example.com/" + "x" * 255),
        ("issuer", "https://exa mple.com"),
        ("issuer", "https://ex\u00e4mple.com"),
        ("client_id", ""),
        ("client_id", "x" * 256),
        ("client_id", "a\0b"),
        ("client_secret", "x" * 256),
        ("client_secret", "\ud800"),
        ("domains", []),
        ("domains", [""]),
        ("domains", ["example"]),
        ("domains", ["a@example.com"]),
        ("domains", ["exa mple.com"]),
        ("domains", ["example.com/path"]),
        ("domains", ["[127.0.0.1]"]),
        ("domains", [f"d{number}.example.com" for number in range(11)]),
        ("domains", ["x" * 300 + ".com"]),
        ("domains", ["Gmail.com"]),
        ("domains", ["GMX.at"]),
        ("domains", ["yahoo.co.uk"]),
        ("domains", ["example.com", "icloud.com"]),
    ],
)
async def test_what_cannot_be_right_is_refused_beside_its_field(
    okta: Provider, field: str, value: object
) -> None:
    with pytest.raises(FieldRefused) as refused:
        terms(okta, **{field: value})
    assert refused.value.field == field


@pytest.mark.parametrize(
    "written", ["EXAMPLE.com", " @example.com ", "example.com.", "\uff45xample.com"]
)
async def test_domains_are_read_as_addresses_are(okta: Provider, written: str) -> None:
    assert terms(okta, domains=[written, "example.com"]).domains == {"example.com"}
    assert terms(okta, domains=["b\u00fccher.example"]).domains == {"xn--bcher-kva.example"}
    assert terms(okta, domains=["gmx.example.com"]).domains == {"gmx.example.com"}


@pytest.mark.parametrize(
    "issuer",
    [
        "ftp://example.com",
        "example.com",
        "//example.com",
        "https://",
        "https://user@example.com",
        "https://user:pass@example.com",
        "https://example.com?tenant=1",
        "https://example.com#x",
        "https://example.com:99999",
        "https://[::1",
        "https://example.com\\@evil.example",
        "javascript:alert(1)",
    ],
)
async def test_what_is_no_issuer_is_refused_in_words(okta: Provider, issuer: str) -> None:
    made = await house()
    with pytest.raises(FieldRefused) as refused:
        await sso_settings.configure(made.boss.actor, terms(okta, issuer=issuer), PROOFS)
    assert refused.value.field == "issuer"
    assert "https://" in refused.value.sentence


@pytest.mark.parametrize(
    "issuer",
    [
        "http://127.0.0.1:{port}",
        "https://127.0.0.1:{port}",
        "https://localhost:{port}",
        "https://[::1]:{port}",
        "https://[::ffff:127.0.0.1]:{port}",
        "https://10.0.0.1",
        "https://192.168.1.1",
        "https://169.254.169.254",
        "https://0.0.0.0:{port}",
        "https://2130706433:{port}",
        "https://0x7f000001:{port}",
        "https://127.1:{port}",
        "https://[::]:{port}",
        "https://[::ffff:169.254.169.254]",
        "https://[64:ff9b::7f00:1]:{port}",
    ],
)
async def test_our_own_network_is_never_asked(
    okta: Provider, environment: Callable[..., None], issuer: str
) -> None:
    """Server-side request forgery: the issuer is chosen by people."""
    environment(SSO_PRIVATE_ISSUERS=None)
    made = await house()
    port = okta.issuer.rpartition(":")[2]
    described = terms(okta, issuer=issuer.format(port=port))
    with pytest.raises(FieldRefused) as refused:
        await sso_settings.configure(made.boss.actor, described, PROOFS)
    assert refused.value.field == "issuer"
    assert not okta.hits
    assert await rows(SsoConnection) == []


@pytest.mark.parametrize("trouble", ["down", "another's document", "no JSON", "slash"])
async def test_a_wrong_issuer_is_refused_beside_its_field_and_costs_no_proof(
    okta: Provider, trouble: str
) -> None:
    made = await house()
    described = terms(okta)
    if trouble == "down":
        okta.stop()
    elif trouble == "another's document":
        okta.metadata = {"issuer": "https://elsewhere.example"}
    elif trouble == "no JSON":
        okta.bodies["discovery"] = b"<html>"
    else:
        described = terms(okta, issuer=f"{okta.issuer}/")
    attempt = sso_settings.configure(made.boss.actor, described, Proofs("wrong"))
    refused = await outcome_of(attempt)
    assert isinstance(refused, FieldRefused)
    assert refused.field == "issuer"
    assert "exactly" in refused.sentence


async def test_asking_providers_is_bounded(okta: Provider) -> None:
    made = await house()
    for _ in range(20):
        attempt = sso_settings.configure(made.boss.actor, terms(okta), Proofs())
        assert isinstance(await outcome_of(attempt), FieldRefused)
    with pytest.raises(TooManyAttempts):
        await sso_settings.configure(made.boss.actor, terms(okta), PROOFS)
