"""The process that stands in for Google and Apple; ``provider.py`` starts and ends it.

Called with ``name=descriptor`` for each issuer, the descriptor being that of a
listening socket. It ends when its standard input does: with its parent, however
that one ended.
"""

import logging
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from flask import Flask
    from jinja2 import FileSystemLoader
    from werkzeug.debug import DebuggedApplication

_TEMPLATES = Path(__file__).parent / "templates"

#: By issuer, then by subject: what the ID token says. Apple's tells no name.
PEOPLE: dict[str, dict[str, dict[str, object]]] = {
    "google": {
        "google-oauth-demo-1": {
            "email": "google@demo.test",
            "email_verified": True,
            "name": "Gina Google",
        },
        "google-ada": {
            "email": "ada.google@example.com",
            "email_verified": True,
            "name": "Ada Lovelace",
        },
        "google-unverified": {
            "email": "unverified@demo.test",
            "email_verified": False,
            "name": "Uma Unverified",
        },
    },
    "apple": {
        "apple-oauth-demo-1": {
            "email": "k2x9q7@privaterelay.appleid.com",
            "email_verified": True,
            "is_private_email": True,
        },
        "apple-grace": {"email": "grace.apple@example.com", "email_verified": True},
    },
    "sso": {
        "demo-sso": {"email": "sso@demo.test", "email_verified": True, "name": "Sofia Soto"},
        "demo-newcomer": {
            "email": "newcomer@demo.test",
            "email_verified": True,
            "name": "Nora Newcomer",
        },
    },
}
#: What the pages call an issuer.
NAMES = {"google": "Google", "apple": "Apple", "sso": "Demo ID"}


def application(name: str) -> "Flask":
    """One issuer as a WSGI application.

    Args:
        name: a key of ``PEOPLE``.
    """
    import oidc_provider_mock
    from oidc_provider_mock._storage import AuthorizationCode

    people = PEOPLE[name]
    app = oidc_provider_mock.app(
        user_claims=[oidc_provider_mock.User(sub=sub, claims=people[sub]) for sub in people]
    )
    # It comes wrapped into a debugger, which shows source and stack to anybody.
    debugger = cast("DebuggedApplication", app.wsgi_app)
    app.wsgi_app = debugger.app  # pyright: ignore[reportAttributeAccessIssue]
    app.debug = False
    # The issuer is made of the Host header.
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1"]
    # Its own pages load a stylesheet from elsewhere and name people by subject only.
    pages = cast("FileSystemLoader", app.jinja_loader)
    pages.searchpath.insert(0, str(_TEMPLATES))
    app.jinja_env.globals["provider"] = NAMES[name]
    app.jinja_env.globals["people"] = {sub: people[sub]["email"] for sub in people}
    # It leaves out auth_time; a code is exchanged within seconds of the click.
    AuthorizationCode.get_auth_time = _now
    return app


def _now(self: object) -> int:  # noqa: ARG001 - the name the library calls it by
    return int(time.time())


def main(arguments: list[str]) -> None:
    """Serve each issuer in a thread until standard input ends."""
    # The libraries beneath set filters of their own for what they deprecate.
    warnings.showwarning = lambda *_args, **_kwargs: None
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    from werkzeug.serving import make_server

    for argument in arguments:
        name, _, descriptor = argument.partition("=")
        server = make_server("127.0.0.1", 0, application(name), threaded=True, fd=int(descriptor))
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()


if __name__ == "__main__":
    main(sys.argv[1:])
