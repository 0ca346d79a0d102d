"""The frontend build: made once, good for every origin, made again only when its sources change."""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any, Unpack

from reflex_base.constants import Endpoint, Env
from reflex_base.environment import environment
from reflex_base.plugins.base import CommonContext, Plugin, PostBuildContext

from security_app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
WEB_DIR = ROOT / ".web"
STATIC_DIR = WEB_DIR / "build" / "client"

#: Stands for the origin in a build. ".invalid" never resolves (RFC 2606 §2), so
#: a build that was not finished cannot talk to anybody.
_PLACEHOLDER = "https://origin.invalid"
_PLACEHOLDER_SOCKET = _PLACEHOLDER.replace("https", "wss")
_BAKED_URL = re.compile(r"""(["'`])(https|wss)://origin\.invalid(/[\w/-]*)\1""")
#: What the browser must be able to reach; the other endpoints are not used by us.
_NEEDED_ENDPOINTS = (Endpoint.PING, Endpoint.EVENT)

_STAMP = WEB_DIR / "build" / "made-from"
_LOCK = ROOT / ".web.lock"
_NPM_LOCK = "package-lock.json"
_SOURCES = ("security_app", "assets", "rxconfig.py", "requirements.txt")
#: Folders among the sources that Python and Reflex write themselves.
_GENERATED = frozenset({"__pycache__", "external"})


class BuildFailed(Exception):
    """The frontend could not be built. The message ends with the tool's own words."""


class SameOrigin(Plugin):
    """Makes a production build talk to the origin it was loaded from.

    Reflex writes the configured ``api_url`` into the script, so that a build
    fits one address only. In a production build we write a placeholder
    instead and turn it into the page's own origin afterwards, before Reflex
    makes the compressed copies. Development keeps Reflex's ways: there the
    backend listens on another port.
    """

    def update_env_json(self, **_context: Unpack[CommonContext]) -> dict[str, Any] | None:
        """Put the placeholder where Reflex would write the configured address.

        Returns:
            Endpoint name to placeholder URL; None in development.
        """
        if environment.REFLEX_ENV_MODE.get() != Env.PROD:
            return None
        return {
            endpoint.name: f"{_PLACEHOLDER_SOCKET if endpoint is Endpoint.EVENT else _PLACEHOLDER}"
            f"{endpoint}"
            for endpoint in Endpoint
        }

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Let the built script ask the browser for the origin.

        Raises:
            BuildFailed: when the build does not look as expected, so that no
                frontend that cannot reach its backend is ever served.
        """
        bind_to_own_origin(context["static_dir"])


def bind_to_own_origin(static_dir: Path) -> None:
    """Replace the placeholder origin in built scripts by the browser's own origin.

    The name of a built file is a hash of what it held before this step, which
    is harmless as the replacement depends on nothing else.

    Args:
        static_dir: the folder a web server serves.

    Raises:
        BuildFailed: an endpoint is missing, or the placeholder stands where it
            cannot be replaced.
    """
    found: set[str] = set()

    def own_origin(match: re.Match[str]) -> str:
        found.add(match[3])
        origin = "window.location.origin"
        if match[2] == "wss":
            origin += '.replace("http","ws")'
        return f'({origin}+"{match[3]}")'

    for script in sorted(static_dir.rglob("*.js")):
        text = script.read_text(encoding="utf-8")
        bound = _BAKED_URL.sub(own_origin, text)
        if bound != text:
            script.write_text(bound, encoding="utf-8")
    missing = {str(endpoint) for endpoint in _NEEDED_ENDPOINTS} - found
    leftover = [
        file.name
        for file in static_dir.rglob("*")
        if file.suffix in {".js", ".html", ".json", ".css"}
        and b"origin.invalid" in file.read_bytes()
    ]
    if missing or leftover:
        msg = (
            "The built frontend does not hold its addresses where they are expected "
            f"(missing: {sorted(missing)}, not replaced in: {leftover}). "
            "Has Reflex changed the way it writes env.json?"
        )
        raise BuildFailed(msg)


def toolchain() -> dict[str, str]:
    """The environment in which Reflex finds the project's Node and reports to nobody.

    Node comes from a Python package, next to the interpreter, and has to win
    over whatever else is on PATH: Reflex needs Node 22.22 or newer.
    """
    own = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    return {
        "PATH": path if path.startswith(own + os.pathsep) else own + os.pathsep + path,
        "REFLEX_USE_NPM": "1",
        "REFLEX_CHECK_LATEST_VERSION": "0",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
        "NPM_CONFIG_FETCH_RETRIES": "3",
        "NPM_CONFIG_AUDIT": "false",
        "NPM_CONFIG_FUND": "false",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    }


def registry() -> dict[str, str]:
    """The npm registry this machine is set up for, as an environment variable.

    Without it Reflex measures public registries and writes the nearest one
    over the user's own choice.
    """
    if name := os.environ.get("NPM_CONFIG_REGISTRY"):
        return {"NPM_CONFIG_REGISTRY": name}
    npm = Path(sys.executable).parent / "npm"
    answer = subprocess.run(  # noqa: S603 - the project's own npm
        [npm, "config", "get", "registry"],
        cwd=ROOT,
        env=os.environ | toolchain(),
        capture_output=True,
        text=True,
        check=False,
    )
    name = answer.stdout.strip()
    return {"NPM_CONFIG_REGISTRY": name} if name.startswith("http") else {}


def is_current() -> bool:
    """Whether the build was made from the sources as they are now."""
    try:
        made_from = _STAMP.read_text(encoding="utf-8")
    except OSError:
        return False
    return made_from == _fingerprint() + _lock_digest() and (STATIC_DIR / "index.html").exists()


def ensure_built() -> bool:
    """Build the frontend unless the present build is current.

    Callers in other processes wait, then find it done.

    Returns:
        Whether a build was made.

    Raises:
        BuildFailed: twice in a row, the second time from an empty folder.
    """
    if is_current():
        return False
    with _one_at_a_time():
        if is_current():
            return False
        fingerprint = _fingerprint()
        _STAMP.unlink(missing_ok=True)
        try:
            _build()
        except BuildFailed:
            if not _sources_import():
                raise
            # An interrupted start leaves a half-copied .web that never builds again.
            shutil.rmtree(WEB_DIR, ignore_errors=True)
            _build()
        _forget_registry()
        _STAMP.write_text(fingerprint + _lock_digest(), encoding="utf-8")
    return True


def _build() -> None:
    outcome = _run_in_build("-m", "reflex", "export", "--frontend-only", "--no-zip")
    if outcome.returncode != 0 or not (STATIC_DIR / "index.html").exists():
        msg = f"{outcome.stdout.strip()}\nThe frontend could not be built; the reason stands above."
        raise BuildFailed(msg)


def _sources_import() -> bool:
    """Whether the program itself is sound, so that only the folder can be at fault."""
    return _run_in_build("-c", "import rxconfig, security_app.security_app").returncode == 0


def _run_in_build(*arguments: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as data_dir:
        return subprocess.run(  # noqa: S603 - fixed commands
            [sys.executable, *arguments],
            cwd=ROOT,
            env=_build_environment(Path(data_dir)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def _build_environment(data_dir: Path) -> dict[str, str]:
    """One fixed set of settings for every build, so that it fits any environment.

    Args:
        data_dir: an empty folder; a build leaves nothing in the real one.
    """
    ours = {name.upper() for name in Settings.model_fields}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith(("POLICY_", "PYTEST_", "BACKEND_"))
    }
    fixed = {
        "DEMO": "1",
        "DATA_DIR": str(data_dir),
        "SECRET_KEYS": secrets.token_hex(32),
        "EXTENSIONS": os.environ.get("EXTENSIONS", ""),
    }
    return kept | toolchain() | registry() | fixed | {"REFLEX_ENV_MODE": "prod"}


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in filter(None, os.environ.get("EXTENSIONS", "").split(",")):
        found = importlib.util.find_spec(name.strip())
        digest.update(f"{name}\0".encode())
        if found is not None and found.origin:
            digest.update(Path(found.origin).read_bytes())
    for name in _SOURCES:
        top = ROOT / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            relative = file.relative_to(ROOT)
            if file.is_file() and _GENERATED.isdisjoint(relative.parts):
                digest.update(f"{relative}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _lock_digest() -> str:
    lock = ROOT / "reflex.lock" / _NPM_LOCK
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else ""


def _forget_registry() -> None:
    """Take the download addresses out of the lock files; npm checks hashes, not addresses."""
    for lock in (ROOT / "reflex.lock" / _NPM_LOCK, WEB_DIR / _NPM_LOCK):
        if not lock.exists():
            continue
        content = json.loads(lock.read_text(encoding="utf-8"))
        for package in content.get("packages", {}).values():
            package.pop("resolved", None)
        cleaned = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        if cleaned != lock.read_text(encoding="utf-8"):
            lock.write_text(cleaned, encoding="utf-8")


@contextlib.contextmanager
def _one_at_a_time() -> Generator[None]:
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
