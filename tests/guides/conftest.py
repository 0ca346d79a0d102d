"""Makes the fixtures of the browser tests known to pytest."""

from tests.e2e.fixtures import *  # noqa: F403 - pytest finds fixtures by their names here
