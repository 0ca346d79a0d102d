"""The published vectors, against the product's own arithmetic (S-09)."""

import base64
from datetime import UTC, datetime

import pytest
import time_machine

from security_app.accounts.proofs.totp import code_at, matching_step
from tests.accounts.phone import hotp

KEY = b"12345678901234567890"
SECRET = base64.b32encode(KEY).decode()
RFC_4226_D = [
    "755224", "287082", "359152", "969429", "338314",
    "254676", "287922", "162583", "399871", "520489",
]  # fmt: skip
RFC_6238_B = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("counter", "expected"), list(enumerate(RFC_4226_D)))
def test_s09_rfc_4226_appendix_d(counter: int, expected: str) -> None:
    assert code_at(SECRET, counter) == expected
    assert hotp(KEY, counter) == expected


@pytest.mark.parametrize("key_bytes", [10, 15, 20])
def test_s10_keys_of_every_policy_give_the_codes_of_the_rfc(key_bytes: int) -> None:
    key = KEY[:key_bytes]
    secret = base64.b32encode(key).decode().rstrip("=")
    for counter in range(100):
        assert code_at(secret, counter) == hotp(key, counter)


@pytest.mark.parametrize(("at", "expected"), RFC_6238_B)
def test_s09_rfc_6238_appendix_b(at: int, expected: str) -> None:
    with time_machine.travel(datetime.fromtimestamp(at, UTC), tick=False):
        assert matching_step(SECRET, expected, 0) == at // 30


def test_s12_the_window_ends_after_one_step_on_each_side() -> None:
    at = datetime(2026, 10, 25, 1, 30, 7, tzinfo=UTC)
    step = int(at.timestamp()) // 30
    with time_machine.travel(at, tick=False):
        for distance in (-1, 0, 1):
            assert matching_step(SECRET, code_at(SECRET, step + distance), 1) == step + distance
        for distance in (-2, 2):
            assert matching_step(SECRET, code_at(SECRET, step + distance), 1) is None


@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Auckland"])
def test_s12_the_servers_time_zone_has_no_effect(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repeated hour at the end of summer time: a naive local clock is an hour off there."""
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    at = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    try:
        with time_machine.travel(at, tick=False):
            step = int(at.timestamp()) // 30
            assert matching_step(SECRET, code_at(SECRET, step), 0) == step
    finally:
        monkeypatch.undo()
        time.tzset()
