"""What the product decides by policy: a frozen, validated object.

``POLICY_…`` variables override single fields, for example
``POLICY_PASSWORD_MIN_LENGTH=12``. Throttle figures and lifetimes that are
requirements, not choices, stand here too, so that every number has one home.
"""

import functools
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from security_app.settings import SettingsError, get_settings


class Policy(BaseSettings):
    """The fields an operator may choose. Build it with :func:`get_policy`."""

    model_config = SettingsConfigDict(
        env_prefix="POLICY_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    #: The name people see: title, mails, and later the authenticator app.
    product_name: str = Field(default="Security Centre", min_length=1, max_length=60)
    #: Code points after NFKC (S-01); a digit by the OnCloudWine guide (D1).
    password_min_length: int = Field(default=8, ge=8, le=64)
    password_max_length: int = Field(default=256, ge=64, le=1024)
    password_require_digit: bool = True
    #: Advice only: the customer-area guide recommends 12 with a mix, every six months.
    password_advised_length: int = Field(default=12, ge=8, le=64)
    password_advice_days: int = Field(default=182, ge=1)
    #: Proof to turn the first method on; with one on, a code of it is always asked (S-43).
    enable_proof: Literal["password"] = "password"
    #: Proof to turn a method off: the guides differ (behaviour.md).
    disable_proof: Literal["password_and_code", "code", "password"] = "password_and_code"
    #: Whether app and e-mail code may both be on, or one takes the other's place (Wevion).
    methods: Literal["any", "exclusive"] = "any"
    #: E-mail is the weaker factor (D5): whether it may be turned on at all.
    email_code: bool = True
    #: Whether recovery codes can be viewed again, or are kept as hashes only (D2).
    recovery_code_storage: Literal["encrypted", "hashed"] = "encrypted"
    view_codes_proof: Literal["totp", "password"] = "totp"
    #: Whether a fresh set is made in place, or by turning the app off and on.
    codes_regenerate: Literal["in_place", "re_enable"] = "in_place"
    #: Base32 characters of a new secret: 32 are the 160 bits RFC 4226 §4 R6 advises (D3).
    totp_secret_chars: Annotated[Literal[16, 24, 32], BeforeValidator(int)] = 32
    #: Steps of 30 s accepted before and after the current one (RFC 6238 §5.2; D4).
    totp_window: int = Field(default=1, ge=0, le=1)
    #: What a person is told who lost device and codes.
    support_recovery: Literal["contact", "none"] = "contact"

    #: S-89: messages a second on one socket, and live sockets of one session and, before
    #: sign-in, of one network (an IPv6 /64 counts as one, S-51), in each server process.
    socket_messages_per_s: int = Field(default=20, ge=5)
    sockets_per_session: int = Field(default=20, ge=1)
    sockets_per_address: int = Field(default=100, ge=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """A single field from the environment wins over the preset."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.password_advised_length < self.password_min_length:
            msg = "password_advised_length is below password_min_length"
            raise ValueError(msg)
        return self


#: ``POLICY=<name>`` picks one: what each guide's product chose (behaviour.md).
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "oncloudwine": {"totp_secret_chars": 16},
    "wevion": {
        "methods": "exclusive",
        "recovery_code_storage": "hashed",
        "codes_regenerate": "re_enable",
    },
    "paas": {
        "disable_proof": "password",
        "view_codes_proof": "password",
        "support_recovery": "none",
    },
    "customer_area": {"disable_proof": "code"},
}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``hits`` failures in ``window``; then a wait of at most ``longest_wait``."""

    hits: int
    window: timedelta
    longest_wait: timedelta


#: S-48 and S-50: 5 in 5 minutes and 20 an hour for an account, no wait over 15 minutes.
PASSWORD_LIMITS_ACCOUNT = (
    Limit(5, timedelta(minutes=5), timedelta(minutes=5)),
    Limit(20, timedelta(hours=1), timedelta(minutes=15)),
)
#: S-48: 30 in 5 minutes for an address (an IPv6 /64 counts as one, S-51).
PASSWORD_LIMITS_ADDRESS = (Limit(30, timedelta(minutes=5), timedelta(minutes=5)),)
#: Mails somebody can cause without signing in, per recipient and per sender's address.
MAIL_LIMITS_RECIPIENT = (Limit(5, timedelta(hours=1), timedelta(minutes=15)),)
MAIL_LIMITS_ADDRESS = (Limit(20, timedelta(hours=1), timedelta(minutes=15)),)

#: S-49: 10 wrong codes in 15 minutes, whatever the method, attempt or door.
FACTOR_LIMITS_ACCOUNT = (Limit(10, timedelta(minutes=15), timedelta(minutes=15)),)
#: S-49: a method is suspended after this many wrong codes in a row.
FACTOR_FAILURES_SUSPEND = 50
#: S-17: a mailed code. S-19: the tries one of them takes.
EMAIL_CODE_LIFE = timedelta(minutes=5)
EMAIL_CODE_TRIES = 5
#: S-20: for one purpose again after a minute; an account gets 5 an hour and 10 a day.
EMAIL_CODE_AGAIN = (Limit(1, timedelta(minutes=1), timedelta(minutes=1)),)
EMAIL_CODE_LIMITS_ACCOUNT = (
    Limit(5, timedelta(hours=1), timedelta(hours=1)),
    Limit(10, timedelta(days=1), timedelta(days=1)),
)
EMAIL_CODE_LIMITS_ADDRESS = (Limit(20, timedelta(hours=1), timedelta(hours=1)),)
#: S-41: a sign-in between password and code.
CHALLENGE_LIFE = timedelta(minutes=10)
CHALLENGE_TRIES = 5
#: S-15: a method that is being set up.
SET_UP_LIFE = timedelta(minutes=10)
#: S-42: a step-up is good for one action within this time.
GRANT_LIFE = timedelta(minutes=5)
#: S-24: ten codes; a nudge when this few are left.
RECOVERY_CODES = 10
RECOVERY_CODES_LOW = 3

#: S-08: a reset link lives 30 minutes (behaviour.md; at most 60 by ASVS 6.4.3).
RESET_LINK_LIFE = timedelta(minutes=30)
CONFIRM_LINK_LIFE = timedelta(days=3)
#: A change of the address waits this long for the button behind its link.
EMAIL_CHANGE_LIFE = timedelta(hours=24)
#: "This wasn't me" in a security mail (behaviour.md).
UNDO_LINK_LIFE = timedelta(days=7)
#: The hand-off from an event to the cookie takes one round trip; 30 s is generous.
TICKET_LIFE = timedelta(seconds=30)
#: S-40: at most 500 live sessions an account; the oldest goes.
MAX_LIVE_SESSIONS = 500
#: Last activity is written at most this often (performance budget of B-10).
ACTIVITY_RESOLUTION = timedelta(minutes=1)


class Ask(StrEnum):
    """When a proof is asked for."""

    NEVER = "never"
    ALWAYS = "always"
    #: only while no second factor is on
    WITHOUT_METHOD = "without a method"
    #: a code of any method that is on
    ANY_METHOD = "any method that is on"
    #: a code of a method other than the one to be turned on
    OTHER_METHOD = "the other method"
    #: a code of the very method; a recovery code serves for the authenticator app
    OWN_METHOD = "this method"
    #: an authenticator code and nothing else (S-27)
    AUTHENTICATOR = "authenticator app"


@dataclass(frozen=True, slots=True)
class StepUpRow:
    """One row of the step-up table.

    Attributes:
        title: the action in words, for "What 2FA covers".
        password: when the password is asked.
        factor: which second factor is asked, when one is on.
        own_method: "totp" or "email_code" where ``factor`` speaks of "this" method.
        pin: whether the PIN is asked, when one is set.
    """

    title: str
    password: Ask
    factor: Ask
    own_method: str = ""
    pin: bool = False


#: The step-up table (behaviour.md), as data: screen, socket and API ask it (S-42 to S-46).
STEP_UP: dict[str, StepUpRow] = {
    "sign_in": StepUpRow("Sign-in", Ask.ALWAYS, Ask.ANY_METHOD),
    "change_email": StepUpRow("Change email", Ask.ALWAYS, Ask.ANY_METHOD),
    "change_password": StepUpRow("Change password", Ask.ALWAYS, Ask.ANY_METHOD),
    "delete_account": StepUpRow("Delete account", Ask.ALWAYS, Ask.ANY_METHOD, pin=True),
    "enable_totp": StepUpRow(
        "Turn the authenticator app on", Ask.WITHOUT_METHOD, Ask.OTHER_METHOD, "totp"
    ),
    "disable_totp": StepUpRow("Turn the authenticator app off", Ask.ALWAYS, Ask.OWN_METHOD, "totp"),
    "enable_email_code": StepUpRow(
        "Turn the e-mail code on", Ask.WITHOUT_METHOD, Ask.OTHER_METHOD, "email_code"
    ),
    "disable_email_code": StepUpRow(
        "Turn the e-mail code off", Ask.ALWAYS, Ask.OWN_METHOD, "email_code"
    ),
    "view_recovery_codes": StepUpRow("View recovery codes", Ask.NEVER, Ask.AUTHENTICATOR, "totp"),
    "regenerate_recovery_codes": StepUpRow(
        "Make new recovery codes", Ask.NEVER, Ask.AUTHENTICATOR, "totp"
    ),
}


def step_up_row(action: str) -> StepUpRow:
    """The row of an action, as this policy has it.

    Raises:
        KeyError: there is no such action; nothing may then be done.
    """
    row = STEP_UP[action]
    policy = get_policy()
    if action.startswith("disable_"):
        if policy.disable_proof == "code":
            return replace(row, password=Ask.NEVER)
        if policy.disable_proof == "password":
            return replace(row, factor=Ask.NEVER)
    if action.endswith("_recovery_codes") and policy.view_codes_proof == "password":
        return replace(row, password=Ask.ALWAYS, factor=Ask.NEVER)
    return row


@functools.cache
def get_policy() -> Policy:
    """Read the policy, once per process.

    Raises:
        SettingsError: a field is out of range, or the preset is unknown.
    """
    preset = PRESETS.get(get_settings().policy)
    if preset is None:
        names = ", ".join(PRESETS)
        msg = f"The environment cannot be used:\n  POLICY: must be one of {names}"
        raise SettingsError(msg)
    try:
        return Policy(**preset)
    except ValidationError as error:
        lines = [
            f"  POLICY_{str(problem['loc'][0]).upper() if problem['loc'] else ''}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        message = "The policy cannot be used:\n" + "\n".join(lines)
        raise SettingsError(message) from None
