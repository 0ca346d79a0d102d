"""OpenID Connect issuers: what their discovery documents and keys say, kept for a while.

Sources: OpenID Connect Discovery 1.0 §4, OpenID Connect Core 1.0 §10.1.1.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from security_app.accounts import provider_http
from security_app.accounts.provider_errors import ProviderRefused, ProviderUnavailable
from security_app.accounts.provider_http import NoAnswer
from security_app.accounts.provider_types import Provider

log = structlog.get_logger(__name__)

#: What was fetched is asked for again after this.
_KEPT_S = 3600.0
#: An unknown key is looked for at most this often: a flood of them is no flood of requests.
_KEYS_AGAIN_S = 10.0


@dataclass(slots=True)
class Issuer:
    """What is known of an issuer."""

    metadata: dict[str, Any]
    read_at: float
    keys: KeySet | None = None
    keys_read_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


_known: dict[str, Issuer] = {}


async def issuer_of(provider: Provider) -> Issuer:
    """The issuer's discovery document, kept for an hour; a failure is not kept.

    Raises:
        ProviderUnavailable: it cannot be had, or is another issuer's.
    """
    known = _known.get(provider.issuer)
    if known is not None and time.monotonic() - known.read_at < _KEPT_S:
        return known
    url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        metadata = await provider_http.get_json(url, is_public_only=provider.is_chosen_by_people)
    except NoAnswer as error:
        raise unavailable(provider, f"discovery: {error}") from None
    if metadata.get("issuer") != provider.issuer:
        raise unavailable(provider, "discovery: another issuer")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not is_usable(metadata.get(name), provider.issuer):
            raise unavailable(provider, f"discovery: {name}")
    known = _known[provider.issuer] = Issuer(metadata, time.monotonic())
    return known


async def keys_of(provider: Provider, issuer: Issuer, *, is_stale: bool = False) -> KeySet:
    """The issuer's keys; read anew after an hour, or when one is missing.

    Raises:
        ProviderUnavailable: they cannot be had.
    """
    async with issuer.lock:
        age_s = time.monotonic() - issuer.keys_read_at
        kept_s = _KEYS_AGAIN_S if is_stale else _KEPT_S
        if issuer.keys is not None and age_s < kept_s:
            return issuer.keys
        uri = issuer.metadata["jwks_uri"]
        try:
            found = await provider_http.get_json(uri, is_public_only=provider.is_chosen_by_people)
            issuer.keys = KeySet.import_key_set(found)  # pyright: ignore[reportArgumentType]
        except NoAnswer as error:
            raise unavailable(provider, f"keys: {error}") from None
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise unavailable(provider, f"keys: {type(error).__name__}") from None
        issuer.keys_read_at = time.monotonic()
        return issuer.keys


def refused(provider: Provider, reason: str) -> ProviderRefused:
    """What to raise when a check failed; which one, only the log says (S-62)."""
    log.warning("provider_refused", provider=provider.key, reason=reason)
    return ProviderRefused(provider.name)


def unavailable(provider: Provider, reason: str) -> ProviderUnavailable:
    """What to raise when there is no answer to use; why, only the log says."""
    log.warning("provider_unavailable", provider=provider.key, reason=reason)
    return ProviderUnavailable(provider.name)


def is_usable(endpoint: object, issuer: str) -> bool:
    """Whether an endpoint is an address people and we can be sent to, no weaker than its issuer."""
    if not isinstance(endpoint, str) or not endpoint.isprintable() or len(endpoint) > 1000:
        return False
    scheme = urlsplit(endpoint).scheme
    return scheme == "https" or (scheme == "http" and issuer.startswith("http://"))
