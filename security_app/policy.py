"""What the product decides by policy: a frozen, validated object.

``POLICY_…`` variables override single fields, for example
``POLICY_PASSWORD_MIN_LENGTH=12``. Beside it the tables of who may do what and
what each action asks for. The numbers nobody chooses stand in ``limits.py``.
"""

import functools
from dataclasses import dataclass, replace
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
    #: Proof to set, change or remove the PIN (S-30).
    pin_proof: Literal["password_and_code", "password"] = "password_and_code"
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
    "oncloudwine": {"totp_secret_chars": 16, "pin_proof": "password"},
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


#: What an API key may do (api.md), in words. A key never touches authentication.
API_KEY_SCOPES = {
    "account:read": "Read your account and your login history",
    "account:write": "Change your name",
    "sessions:write": "List your sessions and sign them out",
    "organization:read": "Read your organization and its releases",
    "organization:write": "Change your organization and its releases",
}
ORGANIZATION_SCOPES = frozenset({"organization:read", "organization:write"})

#: What each role may do in its organization, lowest role first. Nobody gives a role above
#: their own, and nobody acts on somebody whose role is above theirs.
_READ = frozenset({"read"})
_RUN = _READ | {"rename", "invite", "remove", "release"}
_GOVERN = _RUN | {"see_2fa", "remind", "require_2fa", "change_role"}
ROLE_RIGHTS: dict[str, frozenset[str]] = {
    "member": _READ,
    "finance": _READ,
    "admin": _RUN,
    "super_admin": _GOVERN,
    "owner": _GOVERN | {"sso", "delete"},
}
ROLES = tuple(ROLE_RIGHTS)


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
    "set_first_password": StepUpRow("Set the first password", Ask.ALWAYS, Ask.ANY_METHOD),
    "connect_provider": StepUpRow("Connect Google, Apple or SSO", Ask.ALWAYS, Ask.ANY_METHOD),
    "disconnect_provider": StepUpRow("Disconnect one of them", Ask.ALWAYS, Ask.ANY_METHOD),
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
    "set_pin": StepUpRow("Set or change the PIN", Ask.ALWAYS, Ask.ANY_METHOD),
    "remove_pin": StepUpRow("Remove the PIN", Ask.ALWAYS, Ask.ANY_METHOD),
    "create_api_key": StepUpRow("Create or rotate an API key", Ask.ALWAYS, Ask.ANY_METHOD),
    "configure_sso": StepUpRow("Set up single sign-on", Ask.ALWAYS, Ask.ANY_METHOD),
    "revoke_api_key": StepUpRow("Revoke an API key", Ask.NEVER, Ask.NEVER, pin=True),
    "revoke_api_keys": StepUpRow("Revoke all API keys", Ask.NEVER, Ask.NEVER, pin=True),
    "delete_organization": StepUpRow("Delete an organization", Ask.NEVER, Ask.NEVER, pin=True),
    "cancel_release": StepUpRow("Force-cancel a release", Ask.NEVER, Ask.NEVER, pin=True),
    "view_recovery_codes": StepUpRow("View recovery codes", Ask.NEVER, Ask.AUTHENTICATOR, "totp"),
    "regenerate_recovery_codes": StepUpRow(
        "Make new recovery codes", Ask.NEVER, Ask.AUTHENTICATOR, "totp"
    ),
}


#: What an organization's identity provider takes care of: not done here (Wevion guide).
MANAGED_BY_SSO = frozenset(
    {
        "change_password",
        "set_first_password",
        "change_email",
        "enable_totp",
        "disable_totp",
        "enable_email_code",
        "disable_email_code",
        "view_recovery_codes",
        "regenerate_recovery_codes",
    }
)


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
    if action.endswith("_pin") and policy.pin_proof == "password":
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
