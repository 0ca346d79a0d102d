"""A real OpenID Provider for tests: over HTTP, well-behaved unless a knob says otherwise.

``with Provider() as provider:`` runs one in a thread of its own; the product is given
``provider.issuer``, ``client_id`` and ``client_secret``. A browser finds a page with one
button per person; a test without one calls ``provider.authorize(url, sub)``.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.oidc_consent import AuthorizationRequest, Person, RequestRefused, consent_page, deliver
from tests.oidc_keys import MISSING, Signing, SigningKeys, digest_text, overlay
from tests.oidc_tokens import Client, Grant, TokenRefused
from tests.threaded_server import ThreadedServer

__all__ = ["MISSING", "Person", "Provider", "RequestRefused", "Signing"]

#: How long an ID token is good, in seconds.
TOKEN_LIFE_S = 300

_Answer = Callable[[Request], Awaitable[Response]]


class Provider:
    """One issuer on a free port of this machine; a context manager.

    Knobs, to be set at any time; endpoints are named "discovery", "jwks", "authorize", "token",
    "userinfo".

    Attributes:
        claims: override claims of the ID token; MISSING leaves one out.
        userinfo: the same for the UserInfo answer.
        signing: how the ID token is signed; see ``Signing``.
        delay_s: wait before an endpoint answers, in seconds.
        status: the HTTP status an endpoint answers with instead of doing its work.
        bodies: the raw body an endpoint answers with instead of doing its work.
        metadata: override fields of the discovery document; MISSING leaves one out.
        auth_time: override the moment of consent in the ID token, seconds of the epoch.
        response_iss: the ``iss`` parameter of the authorization answer (RFC 9207);
            discovery says it is supported while this is not None.
        drop_id_token: the token endpoint answers without an ID token.
        hits: requests so far, by endpoint.
        token_requests: the decoded form of each request to the token endpoint, oldest first.
    """

    def __init__(
        self,
        client_id: str = "client",
        client_secret: str = "secret-of-the-client",
        *,
        name: str = "Test provider",
        form_post: bool = False,
        apple_public_key: bytes | str | None = None,
        apple_team_id: str | None = None,
        host: str = "127.0.0.1",
        certificate: Path | None = None,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            name: what the consent page calls the provider.
            form_post: offer the response modes ``fragment`` and ``form_post`` too.
            apple_public_key: PEM of a P-256 key: the client secret has to be an ES256
                token as Apple asks for, and ``client_secret`` counts no longer.
            apple_team_id: the issuer that token has to name; any, when None.
            host: what its addresses call this machine.
            certificate: PEM file with key and certificate; it speaks https with one.
        """
        self.client_id = client_id
        self.client_secret = client_secret
        self.name = name
        self.response_modes = ["query", "fragment", "form_post"] if form_post else ["query"]
        self.claims: dict[str, object] = {}
        self.userinfo: dict[str, object] = {}
        self.signing: Signing = "RS256"
        self.delay_s: dict[str, float] = {}
        self.status: dict[str, int] = {}
        self.bodies: dict[str, bytes] = {}
        self.metadata: dict[str, object] = {}
        self.auth_time: int | None = None
        self.response_iss: str | None = None
        self.drop_id_token = False
        self.hits: Counter[str] = Counter()
        self.token_requests: list[dict[str, str]] = []
        self._client = Client(client_id, client_secret, apple_public_key, apple_team_id)
        self._keys = SigningKeys()
        self._people: dict[str, Person] = {}
        self._grants: dict[str, Grant] = {}
        self._subjects: dict[str, str] = {}
        self._host = host
        self._scheme = "https" if certificate else "http"
        self._server = ThreadedServer(self._app(), certificate)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Answer on a free port, after a stop on the same one."""
        self._server.start()

    def stop(self) -> None:
        """Refuse connections; people, keys, knobs and codes stay as they are."""
        self._server.stop()

    @property
    def issuer(self) -> str:
        """Where it is, once it was started; no slash at the end."""
        assert self._server.port, "the provider was not started"
        return f"{self._scheme}://{self._host}:{self.port}"

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1, once it was started."""
        return self._server.port

    def add_person(
        self,
        sub: str,
        *,
        email: str | None = None,
        email_verified: object = True,
        name: str | None = None,
    ) -> Person:
        """Give somebody an account; without an address or name they have no such claim."""
        claims: dict[str, object] = {}
        if email is not None:
            claims |= {"email": email, "email_verified": email_verified}
        if name is not None:
            claims["name"] = name
        self._people[sub] = Person(sub, claims)
        return self._people[sub]

    def person(self, sub: str) -> Person:
        """Somebody with an account, to be looked at or changed."""
        return self._people[sub]

    def rotate_keys(self) -> None:
        """Sign with new keys under new ids; the former are gone from ``/jwks``."""
        self._keys.rotate()

    def authorize(self, url: str, sub: str) -> dict[str, str]:
        """Agree on somebody's behalf, as the button of the page does.

        Args:
            url: the whole URL the product sends the browser to.

        Returns:
            The parameters of the answer: ``code``, ``state``, maybe ``iss`` and ``user``.

        Raises:
            RequestRefused: the URL leads elsewhere, or the page would not be shown.
        """
        if url.partition("?")[0] != f"{self.issuer}/authorize":
            raise RequestRefused("the URL is not the authorization endpoint of this provider")
        return self._consent(self._parse(urlsplit(url).query), sub)

    def _parse(self, query: str) -> AuthorizationRequest:
        return AuthorizationRequest.parse(
            query, client_id=self.client_id, response_modes=self.response_modes
        )

    def _consent(self, request: AuthorizationRequest, sub: str) -> dict[str, str]:
        person = self._people[sub]
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(request, sub, time.time())
        answer = {"code": code}
        if request.response_mode == "form_post" and not person.has_consented:
            answer["user"] = person.as_user()
        person.has_consented = True
        return self._sealed(request, answer)

    def _sealed(self, request: AuthorizationRequest, answer: dict[str, str]) -> dict[str, str]:
        iss = {} if self.response_iss is None else {"iss": self.response_iss}
        return answer | {"state": request.state} | iss

    def _app(self) -> Starlette:
        def at(path: str, name: str, answer: _Answer, *methods: str) -> Route:
            return Route(path, self._knobbed(name, answer), methods=methods)

        return Starlette(
            routes=[
                at("/.well-known/openid-configuration", "discovery", self._discovery, "GET"),
                at("/jwks", "jwks", self._jwks, "GET"),
                at("/authorize", "authorize", self._authorize, "GET", "POST"),
                at("/token", "token", self._token, "POST"),
                at("/userinfo", "userinfo", self._userinfo, "GET"),
            ]
        )

    def _knobbed(self, name: str, answer: _Answer) -> _Answer:
        async def endpoint(request: Request) -> Response:
            self.hits[name] += 1
            if name == "token":
                self.token_requests.append(await _form_of(request))
            await asyncio.sleep(self.delay_s.get(name, 0))
            if name in self.bodies:
                status = self.status.get(name, 200)
                return Response(self.bodies[name], status, media_type="application/json")
            if name in self.status:
                return JSONResponse({"error": "server_error"}, self.status[name])
            return await answer(request)

        return endpoint

    async def _discovery(self, _request: Request) -> Response:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "response_modes_supported": self.response_modes,
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "email", "profile", "name"],
            "id_token_signing_alg_values_supported": [
                "RS256",
                *(["ES256"] if self.signing == "ES256" else []),
            ],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
        if self._client.apple_public_key is not None:
            document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
        if self.response_iss is not None:
            document["authorization_response_iss_parameter_supported"] = True
        return JSONResponse(overlay(document, self.metadata))

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse(self._keys.published(self.signing))

    async def _authorize(self, request: Request) -> Response:
        try:
            asked = self._parse(request.url.query)
        except RequestRefused as refused:
            return PlainTextResponse(f"This request cannot be answered: {refused}.", 400)
        if request.method == "GET":
            return consent_page(self.name, self._people.values())
        form = await _form_of(request)
        if "cancel" in form:
            return deliver(asked, self._sealed(asked, {"error": "access_denied"}))
        if form.get("sub") not in self._people:
            return PlainTextResponse("Nobody of this name has an account.", 400)
        return deliver(asked, self._consent(asked, form["sub"]))

    async def _token(self, request: Request) -> Response:
        no_store = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        try:
            form = await _form_of(request)
            answer = self._exchange(request.headers.get("authorization"), form)
        except TokenRefused as refused:
            if refused.status == 401:
                no_store["WWW-Authenticate"] = "Basic"
            error = {"error": refused.error, "error_description": str(refused)}
            return JSONResponse(error, refused.status, headers=no_store)
        return JSONResponse(answer, headers=no_store)

    async def _userinfo(self, request: Request) -> Response:
        scheme, _, access_token = request.headers.get("authorization", "").partition(" ")
        sub = self._subjects.get(access_token)
        if scheme != "Bearer" or sub is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(overlay({"sub": sub, **self._people[sub].claims}, self.userinfo))

    def _exchange(self, authorization: str | None, form: dict[str, str]) -> dict[str, object]:
        self._client.check(authorization, form, self.issuer)
        if form.get("grant_type") != "authorization_code":
            raise TokenRefused("unsupported_grant_type", "only authorization_code is known")
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None:
            raise TokenRefused("invalid_grant", "the code is unknown or was used")
        grant.check(form)
        access_token = secrets.token_urlsafe(24)
        self._subjects[access_token] = grant.sub
        answer: dict[str, object] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE_S,
        }
        if not self.drop_id_token:
            answer["id_token"] = self._id_token(grant, access_token)
        return answer

    def _id_token(self, grant: Grant, access_token: str) -> str:
        issued_at = int(time.time())
        claims: dict[str, object] = {
            **self._people[grant.sub].claims,
            "iss": self.issuer,
            "sub": grant.sub,
            "aud": self.client_id,
            "iat": issued_at,
            "exp": issued_at + TOKEN_LIFE_S,
            "auth_time": int(grant.at) if self.auth_time is None else self.auth_time,
            "nonce": grant.request.nonce,
            "at_hash": digest_text(access_token, size_bytes=16),
        }
        claims = overlay(claims, self.claims)
        return self._keys.sign(claims, self.signing, self.client_secret)


async def _form_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
