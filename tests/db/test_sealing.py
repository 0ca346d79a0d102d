"""Sealed values open in their own place, under a configured key, unchanged (S-74, S-75)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_app.db.sealing import CannotOpen, open_sealed, seal
from security_app.keys import keys
from tests.environment import SetEnvironment

OLD_KEY = "kT4mWq9ZrV2xLs7HdYp0NcFj3GbUe8Ao"
NEW_KEY = "Zq1Xw2Ce3Vr4Bt5Ny6Mu7Ki8Lo9Pa0Sd"


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=60))
def test_what_is_sealed_opens(plaintext: bytes, context: str) -> None:
    assert open_sealed(seal(plaintext, context), context) == plaintext


def test_a_seal_hides_and_is_never_the_same_twice() -> None:
    seals = {seal(b"canary of a secret", "outbox:1") for _ in range(100)}
    assert len(seals) == 100
    assert not any(b"canary" in sealed for sealed in seals)
    assert len({sealed[8:20] for sealed in seals}) == 100


@pytest.mark.parametrize("context", ["outbox:2", "outbox:", "", "Outbox:1", "outbox:1 "])
def test_in_another_place_it_does_not_open(context: str) -> None:
    sealed = seal(b"secret", "outbox:1")
    with pytest.raises(CannotOpen):
        open_sealed(sealed, context)


def test_no_changed_bit_goes_unnoticed() -> None:
    sealed = seal(b"secret", "outbox:1")
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(CannotOpen):
            open_sealed(bytes(changed), "outbox:1")


def test_what_is_cut_short_or_longer_does_not_open() -> None:
    sealed = seal(b"secret", "outbox:1")
    for changed in [*(sealed[:end] for end in range(len(sealed))), sealed + b"\x00"]:
        with pytest.raises(CannotOpen):
            open_sealed(changed, "outbox:1")


def test_a_refusal_does_not_tell_why_in_detail() -> None:
    with pytest.raises(CannotOpen) as refused:
        open_sealed(seal(b"canary", "outbox:1"), "outbox:2")
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_new_key_opens_what_the_old_one_sealed(environment: SetEnvironment) -> None:
    old = seal(b"secret", "outbox:1")
    environment(SECRET_KEYS=f"{NEW_KEY},{OLD_KEY}")
    assert open_sealed(old, "outbox:1") == b"secret"
    new = seal(b"secret", "outbox:1")
    assert new[:8] == keys()[0].id.encode() != old[:8]
    environment(SECRET_KEYS=NEW_KEY)
    assert open_sealed(new, "outbox:1") == b"secret"
    with pytest.raises(CannotOpen):
        open_sealed(old, "outbox:1")


def test_another_key_under_the_same_id_does_not_open(environment: SetEnvironment) -> None:
    old = seal(b"secret", "outbox:1")
    environment(SECRET_KEYS=NEW_KEY)
    with pytest.raises(CannotOpen):
        open_sealed(keys()[0].id.encode() + old[8:], "outbox:1")


def test_every_purpose_has_its_own_key() -> None:
    key = keys()[0]
    purposes = ["seal", "hash:password", "hash:pin", "throttle"]
    assert len({key.derive(purpose) for purpose in purposes}) == len(purposes)
    assert {len(key.derive(purpose)) for purpose in purposes} == {32}
