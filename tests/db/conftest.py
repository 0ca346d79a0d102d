"""The people of the rule tests are useful here too."""

from tests.accounts.conftest import ada, clock
from tests.environment import environment

__all__ = ["ada", "clock", "environment"]
