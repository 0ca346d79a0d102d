"""An identity provider, who it says somebody is, and what every protocol with one does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol as Interface

from security_app.settings import get_settings


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider.

    Attributes:
        key: "google", "apple" or "sso-<id>": in addresses and in the database.
        name: what people call it.
        type: a key of :data:`PROTOCOLS`.
        issuer: who speaks, as its answers must say.
        client_id: how it knows us.
        secret: makes what proves us to it.
        scopes: what it is asked to tell.
        sso_connection_id: the organization's connection, None for Google and Apple.
    """

    key: str
    name: str
    type: str
    issuer: str
    client_id: str
    secret: Callable[[], str] = field(repr=False)
    scopes: str = "openid email profile"
    sso_connection_id: str | None = None

    @property
    def is_chosen_by_people(self) -> bool:
        """Whether not the operator but an organization says where it is."""
        return self.sso_connection_id is not None

    @property
    def redirect_uri(self) -> str:
        """Where it sends people back to: one address each, so that no two mix up (S-61)."""
        return f"{get_settings().public_url}/auth/callback/{self.key}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as their provider proved it.

    Attributes:
        issuer, subject: the key of the identity (S-63).
        email: the address, "" when it says none.
        email_verified: whether the provider vouches for the address.
        name: what to call the person, "" when it says nothing.
        signed_in_at: when the person proved themselves there, None when it does not say.
    """

    issuer: str
    subject: str
    email: str = field(default="", repr=False)
    email_verified: bool = False
    name: str = field(default="", repr=False)
    signed_in_at: datetime | None = None


class Protocol(Interface):
    """How a kind of provider is spoken to."""

    async def check(self, provider: Provider) -> None:
        """Make sure that a provider somebody described is there.

        Raises:
            FieldRefused: a field of the description cannot be right.
            ProviderUnavailable: nobody there answers as the provider it is said to be.
        """
        ...

    def new_secrets(self) -> dict[str, str]:
        """What one round trip must remember; ``state`` is what the answer is found by."""
        ...

    async def address(
        self, provider: Provider, secrets: dict[str, str], *, is_fresh: bool, hint: str
    ) -> str:
        """Where to send the browser.

        Args:
            is_fresh: whether the person must prove themselves anew there.
            hint: the address they typed here, "" when none.

        Raises:
            ProviderUnavailable: it does not say where.
        """
        ...

    async def identity(
        self, provider: Provider, secrets: dict[str, str], answer: dict[str, str]
    ) -> Identity:
        """Who the answer of the provider proves.

        Raises:
            ProviderUnavailable, ProviderDenied, ProviderRefused: nobody.
        """
        ...
