"""What an operator types: ``python -m security_app.cli <command>``.

Each command imports what it needs when it runs, so that a small one answers at
once. Exit status: 1 the frontend could not be built or is missing, 2 a wrong
environment value, 3 an unusable database, 4 the port is taken.
"""

import asyncio
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

import typer

from security_app.settings import Settings, SettingsError, get_settings

#: The largest socket message (S-89), in bytes.
SOCKET_MESSAGE_MAX_BYTES = 64 * 1024
#: How long open requests may go on once the server is told to stop.
SHUTDOWN_GRACE_S = 2
#: How long the start-up message waits for a first answer.
FIRST_ANSWER_WITHIN_S = 120
#: Where the backend of `dev` listens; the page itself is on PORT.
DEV_BACKEND_PORT = "8000"

app = typer.Typer(
    name="security-centre",
    help="The security page of a product, and what runs it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def build() -> None:
    """Build the frontend, unless its sources are unchanged."""
    from security_app.web import frontend

    if not frontend.is_current():
        typer.echo("Building the frontend; the first time takes a minute or two ...")
    try:
        frontend.ensure_built()
    except frontend.BuildFailed as error:
        _stop(str(error), 1)


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema; in demo mode add the demo accounts."""
    settings = get_settings()
    from security_app.db import migrations

    migrations.upgrade()
    if settings.demo:
        from security_app.demo import accounts

        asyncio.run(accounts.seed())


@app.command()
def serve() -> None:
    """Serve page, socket and API on one port; needs `build` and `migrate` first."""
    settings = get_settings()
    from security_app.db import migrations
    from security_app.web import frontend

    if not (frontend.STATIC_DIR / "index.html").exists():
        _stop("The frontend is not built: run `python -m security_app.cli build` first.", 1)
    migrations.ensure_current()
    listener = _bind(settings)
    _leave_on_signals()
    os.chdir(frontend.ROOT)
    threading.Thread(target=_announce, args=(settings,), daemon=True).start()
    with _identity_providers(settings):
        _run_server(settings, listener)


@app.command()
def dev() -> None:
    """Serve with hot reload: the page on PORT, the backend on BACKEND_PORT."""
    settings = get_settings()
    from security_app.web import frontend

    port = os.environ.get("BACKEND_PORT", DEV_BACKEND_PORT)
    backend = {
        "BACKEND_PORT": port,
        "BACKEND_URL": os.environ.get("BACKEND_URL", f"http://localhost:{port}"),
    }
    with _identity_providers(settings):
        reflex = subprocess.Popen(
            [sys.executable, "-m", "reflex", "run", "--env", "dev"],
            cwd=frontend.ROOT,
            env=os.environ | frontend.toolchain() | frontend.registry() | backend,
            start_new_session=True,
        )
        _leave_on_signals()
        try:
            sys.exit(reflex.wait())
        finally:
            _end_group(reflex)


@app.command()
def demo_info() -> None:
    """Print the demo accounts with their passwords, secrets and current codes."""
    if not get_settings().demo:
        _stop("There are no demo accounts: DEMO is not 1.", 1)
    from security_app.demo import accounts

    typer.echo(asyncio.run(accounts.info()))


@app.command()
def rotate_keys() -> None:
    """Seal everything again under the first of SECRET_KEYS; the server may go on running."""
    get_settings()
    from security_app.accounts.key_rotation import rotate
    from security_app.limits import UNDO_LINK_LIFE

    done = asyncio.run(rotate())
    typer.echo(f"{done.resealed} sealed values are under the first key now.")
    if done.passwords or done.recovery_codes or done.pins:
        typer.echo(
            f"Keep the former keys: {done.passwords} passwords, {done.recovery_codes} recovery "
            f"codes and {done.pins} PINs still need them. A password moves at its owner's next "
            "sign-in, a PIN when it is next entered."
        )
    if done.undo_links:
        typer.echo(
            f'Keep the former keys for {UNDO_LINK_LIFE.days} days: {done.undo_links} "This '
            "wasn't me\" links would put second factors back that are sealed under them."
        )


@app.command()
def mail_status() -> None:
    """Print how the mail queue stands."""
    get_settings()
    from security_app.db.engine import reading
    from security_app.mail.queueing import queue_status

    async def read() -> str:
        async with reading() as db:
            status = await queue_status(db)
        since = f"{status.oldest_at:%Y-%m-%d %H:%M} UTC" if status.oldest_at else "-"
        return f"{status.waiting} waiting (since {since}), {status.failed} given up in 30 days"

    typer.echo(asyncio.run(read()))


@app.command()
def lift_suspension(email: str) -> None:
    """Let an account use its second factors again after 50 wrong codes in a row.

    Only once you know who asks: it gives whoever was guessing 50 more tries.
    """
    get_settings()
    from security_app.accounts import second_factor
    from security_app.accounts.addresses import address_key
    from security_app.db.engine import transaction

    async def lift() -> bool:
        async with transaction() as db:
            return await second_factor.lift_suspension(db, address_key(email))

    if not asyncio.run(lift()):
        _stop("There is no account with this address.", 1)


@app.command()
def release_domain(domain: str) -> None:
    """Take a domain of single sign-on from the organization that has proven it.

    Only once you know that it belongs to somebody else by now: whoever finds their
    provider by an address there is not sent to it any more.
    """
    get_settings()
    from security_app.accounts import sso_domains
    from security_app.accounts.errors import EmailRefused
    from security_app.accounts.mail_domains import parse_domain
    from security_app.db.engine import transaction

    async def release(name: str) -> str:
        async with transaction() as db:
            return await sso_domains.release(db, name)

    try:
        organization_id = asyncio.run(release(parse_domain(domain)))
    except EmailRefused:
        _stop("That is no domain.", 1)
    if not organization_id:
        _stop("No organization has proven this domain.", 1)
    typer.echo(f"Organization {organization_id} has to prove it again before it counts.")


def _identity_providers(settings: Settings) -> contextlib.AbstractContextManager[object]:
    """What stands in for Google and Apple in demo mode, while the server runs."""
    if not settings.demo:
        return contextlib.nullcontext()
    from security_app.demo import provider

    return provider.start(settings)


def _run_server(settings: Settings, listener: socket.socket) -> None:
    import uvicorn
    from reflex_base.constants import Env
    from reflex_base.environment import environment
    from uvicorn.supervisors import Multiprocess

    # What `reflex run --env prod` sets before it starts its own server.
    environment.REFLEX_ENV_MODE.set(Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    config = uvicorn.Config(
        "security_app.security_app:app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        lifespan="on",
        # h11 bounds the size of request headers; the other parser does not.
        http="h11",
        ws="websockets-sansio",
        ws_max_size=SOCKET_MESSAGE_MAX_BYTES,
        # Secrets and text somebody else chose can share a message: the length of
        # a compressed one would tell (the CRIME attack).
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_GRACE_S,
    )
    if settings.workers > 1:
        Multiprocess(config, sockets=[listener]).run()
        return
    server = uvicorn.Server(config)
    server.run(sockets=[listener])
    if not server.started:
        sys.exit(1)


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named asyncio sets TCP_NODELAY: no 40 ms waits for small answers.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        _stop(f"Cannot listen on {place} ({error.strerror}): set PORT or HOST.", 4)
    listener.set_inheritable(True)
    return listener


def _announce(settings: Settings) -> None:
    """Print the address once it answers, not when the server believes it would."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    deadline = time.monotonic() + FIRST_ANSWER_WITHIN_S
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(host, settings.port, timeout=5)
        try:
            connection.request("GET", "/", headers={"Host": settings.public_url.split("//")[1]})
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
            continue
        finally:
            connection.close()
        typer.echo(f"Running at {settings.public_url} (stop with Ctrl-C)")
        if settings.demo:
            typer.echo("Demo accounts: see the sign-in page; `make demo-info` prints their codes.")
        return


def _leave_on_signals() -> None:
    def leave(_number: int, _frame: FrameType | None) -> NoReturn:
        sys.exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all it started: npm does not hand signals on to the dev server."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SHUTDOWN_GRACE_S)
        os.killpg(process.pid, signal.SIGKILL)


def _stop(message: str, status: int) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(status)


def main() -> None:
    """Run a command; what an operator can put right is said in words, without a traceback."""
    try:
        app()
    except SettingsError as error:
        _stop(str(error), 2)
    except Exception as error:
        from security_app.db.errors import DatabaseUnusable

        if not isinstance(error, DatabaseUnusable):
            raise
        _stop(str(error), 3)


if __name__ == "__main__":
    main()
