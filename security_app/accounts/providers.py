"""Which identity providers there are, and how each is spoken to.

Google and Apple stand in the settings; an organization's own stands in the
database and has a type. What is particular to a protocol is behind
``provider_types.Protocol``: nothing else knows which one a provider speaks.
"""

from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import apple, oidc
from security_app.accounts.provider_errors import ProviderUnknown
from security_app.accounts.provider_types import Protocol, Provider
from security_app.db.sealing import open_sealed
from security_app.db.tables import SsoConnection, known_id
from security_app.settings import get_settings

#: Begins the key of an organization's own provider.
SSO_PREFIX = "sso-"


PROTOCOLS: dict[str, Protocol] = {"oidc": oidc}


def public_providers() -> tuple[Provider, ...]:
    """The providers anybody may use, as configured: Google, then Apple."""
    settings = get_settings()
    found: list[Provider] = []
    if settings.google_client_id and settings.google_client_secret:
        secret = settings.google_client_secret.get_secret_value
        google = Provider(
            "google", "Google", "oidc", settings.google_issuer, settings.google_client_id, secret
        )
        found.append(google)
    if settings.apple_client_id:
        found.append(
            Provider(
                "apple",
                "Apple",
                "oidc",
                settings.apple_issuer,
                settings.apple_client_id,
                apple.client_secret,
                scopes="openid email name",
            )
        )
    return tuple(found)


async def provider_of(db: AsyncSession, key: str) -> Provider:
    """Find a provider.

    Raises:
        ProviderUnknown: there is none of this key (any more).
    """
    for provider in public_providers():
        if provider.key == key:
            return provider
    if key.startswith(SSO_PREFIX):
        row = await db.get(SsoConnection, known_id(key.removeprefix(SSO_PREFIX)))
        if row is not None:
            return sso_provider(row)
    raise ProviderUnknown


def sso_provider(row: SsoConnection) -> Provider:
    """An organization's connection as a provider."""

    def secret() -> str:
        return open_sealed(row.sealed_client_secret, client_secret_context(row.id)).decode()

    return Provider(
        f"{SSO_PREFIX}{row.id}",
        row.name,
        row.type,
        row.issuer,
        row.client_id,
        secret,
        sso_connection_id=row.id,
    )


def client_secret_context(sso_connection_id: str) -> str:
    """What the sealed secret of an organization's connection is bound to."""
    return f"sso:{sso_connection_id}"
