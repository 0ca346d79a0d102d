"""Which methods an address of the API knows: several routes may share one (RFC 9110 §10.2.1)."""

import functools
import re

from fastapi import FastAPI, Request
from starlette.routing import compile_path


def allow_header(request: Request) -> str:
    """The ``Allow`` header of the request's address, "" where the description has none.

    The framework names the methods of the first route that fits, and there may be more.
    """
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    for pattern, methods in _addresses(request.app):
        if pattern.match(path):
            return methods
    return ""


@functools.cache
def _addresses(api: FastAPI) -> list[tuple[re.Pattern[str], str]]:
    """Every described address with its methods, those without a parameter first."""
    paths = api.openapi()["paths"]
    return [
        (compile_path(path)[0], ", ".join(sorted(method.upper() for method in paths[path])))
        for path in sorted(paths, key=lambda path: path.count("{"))
    ]
