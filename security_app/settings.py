"""What the environment decides, read once.

Every variable is described in ``docs/configure.md``. A wrong value stops the
start with one message that names all that is wrong.
"""

import functools
import os
import re
import stat
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from security_app.origins import is_loopback, origin_of

#: Random bytes a sealing key must carry at least (ASVS 11.2.2: 128 bit; we ask for 256).
SECRET_KEY_MIN_CHARS = 32
#: Values people copy from examples; refused outright.
SAMPLE_KEYS = ("change-me", "changeme", "secret", "example", "sample", "password")

#: Where demo mode stands in for a provider itself: so many ports after PORT.
DEMO_PROVIDER_OFFSETS = {"google": 1, "apple": 2}
#: The same for the demo organization's own provider.
DEMO_SSO_OFFSET = 3
_PORT_MAX = 65535
_DNS_PORT = 53


class SettingsError(Exception):
    """The environment holds values the product cannot run with."""


class Settings(BaseSettings):
    """The environment, typed. Build it with :func:`get_settings`."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    # First what others are checked against: each problem is named beside all others.
    demo: bool = False
    redis_url: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=1, le=_PORT_MAX)
    public_url: str = ""
    data_dir: Path = Path("var")
    database_url: SecretStr = SecretStr("")
    workers: int = Field(default=1, ge=1, le=64)
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(), validate_default=True
    )
    smtp_url: SecretStr | None = None
    mail_from: str = "noreply@localhost"
    policy: str = "default"
    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_issuer: str = "https://accounts.google.com"
    apple_client_id: str | None = None
    apple_team_id: str | None = None
    apple_key_id: str | None = None
    apple_key_file: Path | None = None
    apple_issuer: str = "https://appleid.apple.com"
    sso_private_issuers: bool = False
    sso_domain_proof: Literal["dns", "address", ""] = ""
    dns_resolver: str = ""
    hibp_url: str | None = None
    geoip_database: Path | None = None
    session_idle_minutes: int = Field(default=720, ge=1, le=60 * 24 * 90)
    session_max_hours: int = Field(default=336, ge=1, le=24 * 365)
    recovery_wait_hours: int = Field(default=24, ge=0, le=24 * 30)
    sweep_minutes: int = Field(default=5, ge=1, le=60 * 24)
    trusted_proxy_hops: int = Field(default=0, ge=0, le=10)
    metrics_token: SecretStr | None = None
    extensions: Annotated[tuple[str, ...], NoDecode] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json", ""] = ""
    _demo_providers: dict[str, int] = PrivateAttr(default_factory=dict)

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(SecretStr(key.strip()) for key in value.split(",") if key.strip())
        return value

    @field_validator("extensions", mode="before")
    @classmethod
    def _module_names(cls, value: object) -> object:
        names = [name.strip() for name in value.split(",")] if isinstance(value, str) else []
        for name in names:
            if not all(part.isidentifier() for part in name.split(".")):
                msg = "must be names of Python modules, with commas between"
                raise ValueError(msg)
        return tuple(names)

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _usable_keys(
        cls, keys: tuple[SecretStr, ...], info: ValidationInfo
    ) -> tuple[SecretStr, ...]:
        if not keys and not info.data.get("demo") and "data_dir" in info.data:
            path = _key_file(info.data["data_dir"])
            if not path.exists():
                msg = "is required outside demo mode; make one with `openssl rand -base64 32`"
                raise ValueError(msg)
        for key in keys:
            _refuse_weak(key.get_secret_value(), "each key")
        return keys

    @field_validator("host")
    @classmethod
    def _demo_host(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("demo") and not is_loopback(value):
            msg = "DEMO=1 works on a loopback address only: demo accounts have public passwords"
            raise ValueError(msg)
        return value

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        origin, hostname = origin_of(value)
        if info.data.get("demo") and not is_loopback(hostname):
            msg = "DEMO=1 works on a loopback address only: demo accounts have public passwords"
            raise ValueError(msg)
        return origin

    @field_validator("workers")
    @classmethod
    def _shared_state(cls, value: int, info: ValidationInfo) -> int:
        if value > 1 and "redis_url" in info.data and info.data["redis_url"] is None:
            msg = "more than one process needs REDIS_URL"
            raise ValueError(msg)
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", parseaddr(value)[1]):
            msg = "must be an address, or Name <address>"
            raise ValueError(msg)
        return value

    @field_validator("dns_resolver")
    @classmethod
    def _one_server(cls, value: str) -> str:
        if value:
            _server_of(value)
        return value

    @field_validator("hibp_url")
    @classmethod
    def _known_web_scheme(cls, value: str | None) -> str | None:
        if value:
            url = urlsplit(value)
            if url.scheme not in {"http", "https"} or not url.hostname:
                msg = "must be https://…"
                raise ValueError(msg)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and not url.startswith(("sqlite+aiosqlite:///", "postgresql+psycopg://")):
            msg = "must start with sqlite+aiosqlite:/// or postgresql+psycopg://"
            raise ValueError(msg)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        if value and urlsplit(value.get_secret_value()).scheme not in {"smtp", "smtps"}:
            msg = "must be smtp://user:password@host:port or smtps://…"
            raise ValueError(msg)
        return value

    @field_validator("metrics_token")
    @classmethod
    def _usable_token(cls, value: SecretStr | None) -> SecretStr | None:
        # What a header can carry; a shorter one could be guessed.
        if value and not re.fullmatch(r"[!-~]{16,}", value.get_secret_value()):
            msg = "needs at least 16 ASCII characters without spaces; `openssl rand -hex 32`"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _fill(self) -> Self:
        if not self.public_url:
            object.__setattr__(self, "public_url", f"http://localhost:{self.port}")
        if not self.database_url.get_secret_value():
            path = self.data_dir.absolute() / "security.db"
            object.__setattr__(self, "database_url", SecretStr(f"sqlite+aiosqlite:///{path}"))
        if not self.secret_keys:
            object.__setattr__(self, "secret_keys", (self._key_from_file(),))
        if not self.sso_domain_proof:
            object.__setattr__(self, "sso_domain_proof", "address" if self.demo else "dns")
        if self.demo:
            self._fill_providers()
        return self

    def _fill_providers(self) -> None:
        """Point to demo mode's own providers, where the operator named no client."""
        for name, offset in DEMO_PROVIDER_OFFSETS.items():
            port = self.port + offset
            if getattr(self, f"{name}_client_id") is None and port <= _PORT_MAX:
                object.__setattr__(self, f"{name}_client_id", "demo")
                object.__setattr__(self, f"{name}_issuer", f"http://127.0.0.1:{port}")
                self._demo_providers[name] = port
        if (port := self.port + DEMO_SSO_OFFSET) <= _PORT_MAX:
            self._demo_providers["sso"] = port
        if "google" in self._demo_providers:
            object.__setattr__(self, "google_client_secret", SecretStr("demo"))

    def _key_from_file(self) -> SecretStr:
        """Read the key made on an earlier start; in demo mode make one.

        Raises:
            ValueError: a key file others can read, or with a weak key.
        """
        path = _key_file(self.data_dir)
        if not path.exists():
            self.prepare_data_dir()
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(os.urandom(32).hex())
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            msg = f"{path} can be read by other users; run chmod 600 on it"
            raise ValueError(msg)
        key = path.read_text().strip()
        _refuse_weak(key, str(path))
        return SecretStr(key)

    def prepare_data_dir(self) -> None:
        """Create the data directory, readable by its owner only (S-77)."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data_dir.chmod(0o700)

    @property
    def demo_providers(self) -> dict[str, int]:
        """Ports on 127.0.0.1 of the providers demo mode runs, by "google", "apple" and "sso"."""
        return dict(self._demo_providers)

    @property
    def dns_server(self) -> tuple[str, int] | None:
        """Address and port of the DNS server to ask, None for those of the system."""
        return _server_of(self.dns_resolver) if self.dns_resolver else None

    @property
    def is_https(self) -> bool:
        """Whether people reach the product over TLS."""
        return self.public_url.startswith("https://")

    @property
    def session_idle(self) -> timedelta:
        """How long a session lives without activity."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_max(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(hours=self.session_max_hours)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.get_secret_value().startswith("sqlite")


def _server_of(value: str) -> tuple[str, int]:
    """Read ``192.0.2.53``, ``192.0.2.53:5353`` or ``[2001:db8::53]:5353``.

    Raises:
        ValueError: it is none of these.
    """
    try:
        parts = urlsplit(f"//{value}")
        host = parts.hostname if parts.netloc == value and "@" not in value else None
        return str(ip_address(host or "")), parts.port or _DNS_PORT
    except ValueError:
        msg = "must be the address of a DNS server: 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]"
        raise ValueError(msg) from None


def _key_file(data_dir: Path) -> Path:
    return data_dir / "secret.key"


def _refuse_weak(key: str, what: str) -> None:
    if len(key) < SECRET_KEY_MIN_CHARS:
        msg = f"{what} needs at least {SECRET_KEY_MIN_CHARS} characters"
        raise ValueError(msg)
    if len(set(key)) < 10 or any(word in key.lower() for word in SAMPLE_KEYS):
        msg = f"{what} is a sample or guessable; make one with `openssl rand -base64 32`"
        raise ValueError(msg)


@functools.cache
def get_settings() -> Settings:
    """Read the environment, once per process.

    Raises:
        SettingsError: with one line per wrong variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = str(problem["loc"][0]).upper() if problem["loc"] else ""
            text = re.sub(r"^Value error, ", "", problem["msg"])
            lines.append(f"  {name}: {text}" if name else f"  {text}")
        message = "The environment cannot be used:\n" + "\n".join(lines)
        raise SettingsError(message) from None
