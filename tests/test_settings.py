"""A wrong environment stops the start with one message that names all that is wrong (S-75)."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from security_app.policy import get_policy
from security_app.settings import Settings, SettingsError, get_settings
from tests.environment import SetEnvironment, environment

__all__ = ["environment"]

_NO_CLIENTS = dict.fromkeys(("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "APPLE_CLIENT_ID"))
GOOD_KEY = "Zq1Xw2Ce3Vr4Bt5Ny6Mu7Ki8Lo9Pa0Sd"


def refusal() -> str:
    """The message the start would stop with."""
    with pytest.raises(SettingsError) as refused:
        get_settings()
    text = str(refused.value)
    assert refused.value.__cause__ is None
    assert "Traceback" not in text
    return text


def test_defaults(environment: SetEnvironment, tmp_path: Path) -> None:
    environment(PUBLIC_URL=None, PORT=None, DATA_DIR=str(tmp_path), DEMO=None)
    settings = get_settings()
    assert (settings.host, settings.port, settings.public_url) == (
        "127.0.0.1",
        3000,
        "http://localhost:3000",
    )
    assert (settings.workers, settings.demo, settings.trusted_proxy_hops) == (1, False, 0)
    assert (settings.session_idle, settings.session_max) == (
        timedelta(hours=12),
        timedelta(days=14),
    )
    url = settings.database_url.get_secret_value()
    assert url == f"sqlite+aiosqlite:///{tmp_path}/security.db"
    assert settings.is_sqlite
    assert not settings.is_https


def test_an_empty_variable_is_no_value(environment: SetEnvironment) -> None:
    environment(PORT="", REDIS_URL="", WORKERS="", SMTP_URL="", PUBLIC_URL="")
    assert get_settings().port == 3000
    assert get_settings().redis_url is None


def test_the_port_is_part_of_the_default_origin(environment: SetEnvironment) -> None:
    environment(PORT="4123", PUBLIC_URL=None)
    assert get_settings().public_url == "http://localhost:4123"


def test_every_wrong_value_is_named_in_one_message(environment: SetEnvironment) -> None:
    wrong = {
        "PORT": "http",
        "WORKERS": "0",
        "SECRET_KEYS": "short",
        "DATABASE_URL": "mysql://root@localhost/db",
        "SMTP_URL": "http://mail",
        "SESSION_IDLE_MINUTES": "-5",
        "SESSION_MAX_HOURS": "never",
        "TRUSTED_PROXY_HOPS": "99",
        "LOG_LEVEL": "loud",
        "LOG_FORMAT": "xml",
        "METRICS_TOKEN": "short",
    }
    environment(**wrong)
    text = refusal()
    lines = text.splitlines()[1:]
    assert {line.strip().partition(":")[0] for line in lines} == set(wrong)
    assert len(lines) == len(wrong)


def test_values_that_are_wrong_together_are_named_with_the_others(
    environment: SetEnvironment,
) -> None:
    environment(
        PORT="http",
        DEMO="1",
        PUBLIC_URL="https://account.example.com",
        WORKERS="2",
        HOST="192.168.1.5",
    )
    text = refusal()
    for name in ("PORT", "PUBLIC_URL", "HOST", "REDIS_URL"):
        assert name in text


@pytest.mark.parametrize(
    "variables",
    [
        {"PUBLIC_URL": "account.example.com"},
        {"PUBLIC_URL": "ftp://account.example.com"},
        {"PUBLIC_URL": "https://account.example.com/path"},
        {"PUBLIC_URL": "https://account.example.com?x=1"},
        {"PUBLIC_URL": "https://account.example.com/#top"},
        {"PUBLIC_URL": "https://"},
        {"PUBLIC_URL": "https://user:word@account.example.com"},
        {"PUBLIC_URL": "https://account.example.com:99999"},
        {"PUBLIC_URL": "https://*"},
        {"PUBLIC_URL": "javascript:alert(1)"},
        {"MAIL_FROM": "nobody"},
        {"HIBP_URL": "not a url"},
        {"POLICY": "no-such-policy"},
        {"SSO_DOMAIN_PROOF": "none"},
        {"DNS_RESOLVER": "ns.example.com"},
        {"DNS_RESOLVER": "192.0.2.53:99999"},
        {"DNS_RESOLVER": "192.0.2.53/x"},
        {"DNS_RESOLVER": "2001:db8::53"},
    ],
)
def test_a_value_that_cannot_work_is_named(
    environment: SetEnvironment, variables: dict[str, str]
) -> None:
    environment(**variables)
    with pytest.raises(SettingsError) as refused:
        get_settings()
        get_policy()
    (name,) = variables
    assert name in str(refused.value)


def test_the_dns_server_is_an_address_with_or_without_a_port(environment: SetEnvironment) -> None:
    assert get_settings().dns_server is None
    for written, server in (
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ):
        environment(DNS_RESOLVER=written)
        assert get_settings().dns_server == server


@pytest.mark.parametrize(
    ("demo", "said", "meant"),
    [("0", None, "dns"), ("1", None, "address"), ("0", "address", "address"), ("1", "dns", "dns")],
)
def test_a_domain_is_proven_by_dns_unless_it_is_the_demo(
    environment: SetEnvironment, demo: str, said: str | None, meant: str
) -> None:
    environment(DEMO=demo, SSO_DOMAIN_PROOF=said)
    assert get_settings().sso_domain_proof == meant


def test_an_origin_is_written_as_browsers_write_it(environment: SetEnvironment) -> None:
    for typed, origin in (
        ("https://Account.Example.com/", "https://account.example.com"),
        ("https://account.example.com:443", "https://account.example.com"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ):
        environment(PUBLIC_URL=typed)
        assert get_settings().public_url == origin


@pytest.mark.parametrize(
    ("url", "host", "works"),
    [
        ("http://localhost:3000", "127.0.0.1", True),
        ("http://127.0.0.1:3000", "::1", True),
        ("http://[::1]:3000", "localhost", True),
        ("https://account.example.com", "127.0.0.1", False),
        ("http://192.168.1.5:3000", "127.0.0.1", False),
        ("http://localhost.example.com", "127.0.0.1", False),
        ("http://127.0.0.1.example.com", "127.0.0.1", False),
        ("http://localhost:3000", "0.0.0.0", False),
        ("http://localhost:3000", "::", False),
        ("http://localhost:3000", "192.168.1.5", False),
    ],
)
def test_s75_the_demo_starts_on_this_machine_only(
    environment: SetEnvironment, url: str, host: str, works: bool
) -> None:
    environment(DEMO="1", PUBLIC_URL=url, HOST=host)
    if works:
        assert get_settings().demo
    else:
        assert "DEMO" in refusal()


def test_several_workers_need_redis(environment: SetEnvironment) -> None:
    environment(WORKERS="2")
    text = refusal()
    assert "WORKERS" in text
    assert "REDIS_URL" in text
    environment(WORKERS="2", REDIS_URL="redis://127.0.0.1:6379/15")
    assert get_settings().workers == 2


def test_s76_no_secret_is_printed(environment: SetEnvironment, tmp_path: Path) -> None:
    canaries = {
        "SECRET_KEYS": GOOD_KEY,
        "DATABASE_URL": "postgresql+psycopg://u:canary-one@127.0.0.1/db",
        "REDIS_URL": "redis://:canary-two@127.0.0.1:6379/0",
        "SMTP_URL": "smtp://u:canary-three@127.0.0.1:587",
        "GOOGLE_CLIENT_SECRET": "canary-four",
        "METRICS_TOKEN": "canary-five-0123456789",
    }
    environment(**canaries)
    settings = get_settings()
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "canary" not in text
        assert GOOD_KEY not in text
    environment(**{name: f"nonsense of canary {value}" for name, value in canaries.items()})
    text = refusal()
    assert "canary" not in text
    assert GOOD_KEY not in text


@pytest.mark.parametrize(
    "token",
    ["x", "fifteen-letters", "sixteen letters.", "sixteen-letters\u00e9", "16-letters-long\t"],
)
def test_a_token_that_is_short_or_fits_no_header_is_refused_and_not_repeated(
    environment: SetEnvironment, token: str
) -> None:
    environment(METRICS_TOKEN=token)
    text = refusal()
    assert "METRICS_TOKEN" in text
    assert token == "x" or token not in text


def test_metrics_are_off_without_a_token(environment: SetEnvironment) -> None:
    environment(METRICS_TOKEN="")
    assert get_settings().metrics_token is None
    environment(METRICS_TOKEN="sixteen-letters!")
    token = get_settings().metrics_token
    assert token is not None
    assert token.get_secret_value() == "sixteen-letters!"


def test_settings_do_not_change_after_they_were_read(environment: SetEnvironment) -> None:
    environment()
    with pytest.raises(ValueError, match="frozen"):
        get_settings().port = 1  # type: ignore[misc]
    assert get_settings() is get_settings()


def test_the_demo_has_providers_of_its_own(environment: SetEnvironment, tmp_path: Path) -> None:
    environment(DEMO="1", PORT="4100", PUBLIC_URL=None, DATA_DIR=str(tmp_path), **_NO_CLIENTS)
    settings = get_settings()
    assert (settings.google_client_id, settings.google_issuer) == ("demo", "http://127.0.0.1:4101")
    assert (settings.apple_client_id, settings.apple_issuer) == ("demo", "http://127.0.0.1:4102")
    assert settings.google_client_secret is not None
    assert settings.google_client_secret.get_secret_value() == "demo"
    assert (settings.apple_team_id, settings.apple_key_id, settings.apple_key_file) == (None,) * 3
    assert settings.demo_providers == {"google": 4101, "apple": 4102, "sso": 4103}


def test_a_client_the_operator_names_is_used_in_the_demo_too(environment: SetEnvironment) -> None:
    named = {"GOOGLE_CLIENT_ID": "ours", "GOOGLE_CLIENT_SECRET": "canary"}
    environment(DEMO="1", **(_NO_CLIENTS | named))
    settings = get_settings()
    assert (settings.google_client_id, settings.google_issuer) == (
        "ours",
        "https://accounts.google.com",
    )
    assert settings.google_client_secret is not None
    assert settings.google_client_secret.get_secret_value() == "canary"
    assert list(settings.demo_providers) == ["apple", "sso"]


def test_the_demo_makes_up_no_port_past_the_last(environment: SetEnvironment) -> None:
    environment(DEMO="1", PORT="65534", PUBLIC_URL=None, **_NO_CLIENTS)
    assert get_settings().demo_providers == {"google": 65535}
    assert get_settings().apple_client_id is None


@pytest.mark.parametrize("demo", [None, "0"])
def test_without_the_demo_no_provider_is_on_by_itself(
    environment: SetEnvironment, demo: str | None
) -> None:
    environment(DEMO=demo, **_NO_CLIENTS)
    settings = get_settings()
    assert (settings.google_client_id, settings.apple_client_id) == (None, None)
    assert settings.google_client_secret is None
    assert settings.demo_providers == {}


def test_every_variable_of_the_table_is_there() -> None:
    names = {name.upper() for name in Settings.model_fields}
    assert names >= {
        "PORT", "HOST", "PUBLIC_URL", "DATA_DIR", "DATABASE_URL", "REDIS_URL", "WORKERS",
        "SECRET_KEYS", "SMTP_URL", "MAIL_FROM", "DEMO", "POLICY", "GOOGLE_CLIENT_ID",
        "GOOGLE_CLIENT_SECRET", "APPLE_CLIENT_ID", "APPLE_TEAM_ID", "APPLE_KEY_ID",
        "APPLE_KEY_FILE", "GOOGLE_ISSUER", "APPLE_ISSUER", "SSO_PRIVATE_ISSUERS",
        "SSO_DOMAIN_PROOF", "DNS_RESOLVER",
        "HIBP_URL", "GEOIP_DATABASE",
        "SESSION_IDLE_MINUTES", "SESSION_MAX_HOURS", "TRUSTED_PROXY_HOPS", "LOG_LEVEL",
        "LOG_FORMAT", "METRICS_TOKEN",
    }  # fmt: skip


def test_the_environment_of_the_tests_comes_back() -> None:
    assert os.environ["PUBLIC_URL"] == get_settings().public_url
