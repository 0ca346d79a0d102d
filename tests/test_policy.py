"""What an operator may choose, and what is refused by name."""

import pytest

from security_app.policy import get_policy
from security_app.settings import SettingsError
from tests.environment import SetEnvironment, environment

__all__ = ["environment"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLICY_PASSWORD_MIN_LENGTH", "7"),
        ("POLICY_PASSWORD_MIN_LENGTH", "65"),
        ("POLICY_PASSWORD_MAX_LENGTH", "63"),
        ("POLICY_PASSWORD_REQUIRE_DIGIT", "perhaps"),
        ("POLICY_PASSWORD_ADVICE_DAYS", "0"),
        ("POLICY_PRODUCT_NAME", "n" * 61),
    ],
)
def test_a_policy_out_of_range_is_named(environment: SetEnvironment, name: str, value: str) -> None:
    environment(**{name: value})
    with pytest.raises(SettingsError, match=name):
        get_policy()


def test_a_policy_that_contradicts_itself_is_named(environment: SetEnvironment) -> None:
    environment(POLICY_PASSWORD_MIN_LENGTH="20", POLICY_PASSWORD_ADVISED_LENGTH="12")
    with pytest.raises(SettingsError, match="password_advised_length"):
        get_policy()


def test_one_field_of_the_policy_can_be_chosen(environment: SetEnvironment) -> None:
    environment(POLICY_PASSWORD_REQUIRE_DIGIT="0", POLICY_PASSWORD_MIN_LENGTH="12")
    policy = get_policy()
    assert (policy.password_require_digit, policy.password_min_length) == (False, 12)
    assert policy.password_max_length == 256


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("default", ("password_and_code", "any", "encrypted", 32)),
        ("oncloudwine", ("password_and_code", "any", "encrypted", 16)),
        ("wevion", ("password_and_code", "exclusive", "hashed", 32)),
        ("paas", ("password", "any", "encrypted", 32)),
        ("customer_area", ("code", "any", "encrypted", 32)),
    ],
)
def test_a_preset_is_what_its_guide_chose(
    environment: SetEnvironment, preset: str, expected: tuple[str, str, str, int]
) -> None:
    environment(POLICY=preset)
    policy = get_policy()
    chosen = (
        policy.disable_proof,
        policy.methods,
        policy.recovery_code_storage,
        policy.totp_secret_chars,
    )
    assert chosen == expected


def test_a_single_field_wins_over_the_preset(environment: SetEnvironment) -> None:
    environment(POLICY="wevion", POLICY_METHODS="any")
    policy = get_policy()
    assert (policy.methods, policy.recovery_code_storage) == ("any", "hashed")
