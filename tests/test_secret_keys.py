"""The keys that seal and hash: required, strong, kept for their owner only (S-75)."""

import stat
from pathlib import Path

import pytest

from security_app.settings import get_settings
from tests.environment import SetEnvironment, environment
from tests.test_settings import GOOD_KEY, refusal

__all__ = ["environment"]


@pytest.mark.parametrize("demo", [None, "0", "false"])
def test_s75_production_needs_a_key(
    environment: SetEnvironment, tmp_path: Path, demo: str | None
) -> None:
    environment(SECRET_KEYS=None, DEMO=demo, DATA_DIR=str(tmp_path))
    assert "SECRET_KEYS" in refusal()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "keys",
    [
        "short",
        "x" * 31,
        "x" * 64,
        "abab" * 16,
        "change-me-change-me-change-me-0123456789",
        "ThisIsOnlyAnExampleKey-0123456789-abcdef",
        "my-secret-key-0123456789-abcdefghijklmno",
        f"{GOOD_KEY},short",
        f"short,{GOOD_KEY}",
    ],
)
def test_s75_a_weak_or_sample_key_is_refused_and_not_repeated(
    environment: SetEnvironment, keys: str
) -> None:
    environment(SECRET_KEYS=keys)
    text = refusal()
    assert "SECRET_KEYS" in text
    assert all(key not in text for key in keys.split(",") if key != "short")


def test_s75_several_keys_the_first_one_first(environment: SetEnvironment) -> None:
    environment(SECRET_KEYS=f" {GOOD_KEY} , {GOOD_KEY[::-1]} ,")
    found = [key.get_secret_value() for key in get_settings().secret_keys]
    assert found == [GOOD_KEY, GOOD_KEY[::-1]]


def test_the_demo_makes_a_key_once_for_its_owner(
    environment: SetEnvironment, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    environment(SECRET_KEYS=None, DEMO="1", DATA_DIR=str(folder))
    first = get_settings().secret_keys[0].get_secret_value()
    assert len(first) >= 64
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    environment()
    assert get_settings().secret_keys[0].get_secret_value() == first


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666])
def test_s75_a_key_file_others_can_read_is_refused(
    environment: SetEnvironment, tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "secret.key"
    path.write_text(GOOD_KEY)
    path.chmod(mode)
    environment(SECRET_KEYS=None, DEMO="1", DATA_DIR=str(tmp_path))
    text = refusal()
    assert "secret.key" in text
    assert GOOD_KEY not in text


@pytest.mark.parametrize("content", ["", "short", "x" * 64, "change-me-" * 5])
def test_s75_a_weak_key_in_the_file_is_refused_too(
    environment: SetEnvironment, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "secret.key"
    path.touch(mode=0o600)
    path.write_text(content)
    environment(SECRET_KEYS=None, DEMO="1", DATA_DIR=str(tmp_path))
    assert "secret.key" in refusal()
