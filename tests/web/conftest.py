"""Another environment is what most of these tests are about."""

from tests.environment import environment

__all__ = ["environment"]
