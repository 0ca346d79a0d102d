"""Another environment for one test: variables set, and everything read anew."""

from collections.abc import Callable, Iterator

import pytest

from security_app import keys, policy, settings
from security_app.web import headers

#: What the product reads once per process.
_READ_ONCE = (
    settings.get_settings,
    keys.keys,
    policy.get_policy,
    headers._policies_of,
    headers._headers_of,
    headers._pages_of,
)

SetEnvironment = Callable[..., None]


def _forget() -> None:
    for read in _READ_ONCE:
        read.cache_clear()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetEnvironment]:
    """Call it with ``NAME=value`` (None removes); the old environment comes back by itself."""

    def change(**variables: str | None) -> None:
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        _forget()

    with monkeypatch.context():
        yield change
    monkeypatch.undo()
    _forget()
