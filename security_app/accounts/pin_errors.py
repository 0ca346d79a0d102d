"""What the PIN refuses, beside the refusals of ``errors``.

Refused
├── PinRequired             an irreversible action without the PIN that is set
├── PinWrong                not the PIN
└── PinLocked               five wrong PINs in a row; says how long
    └── PinDisabled         ten of them: only a new PIN helps
"""

import math
from datetime import timedelta

from security_app.accounts.errors import Refused, wait_in_words


class PinRequired(Refused):
    """A PIN is set, and the action asks for it (S-33)."""

    code = "pin_required"
    status = 403
    field = "pin"
    sentence = "Enter your PIN."


class PinWrong(Refused):
    """Not the PIN. Says how many tries are left: the owner is signed in already."""

    code = "pin_wrong"
    status = 403
    field = "pin"
    sentence = "That is not your PIN."


class PinLocked(Refused):
    """Too many wrong PINs in a row (S-32); nothing was compared."""

    code = "pin_locked"
    status = 403
    field = "pin"

    def __init__(self, wait: timedelta) -> None:
        """Say how long.

        Args:
            wait: time until a PIN is looked at again.
        """
        self.wait_s = max(1, math.ceil(wait.total_seconds()))
        super().__init__(f"Too many wrong PINs. Try again in {wait_in_words(self.wait_s)}.")


class PinDisabled(PinLocked):
    """Ten wrong PINs in a row: it stays disabled until it is set with full proof."""

    def __init__(self) -> None:
        """Say what helps; waiting does not."""
        super().__init__(timedelta())
        self.wait_s = 0
        self.sentence = "Your PIN is disabled after ten wrong ones. Set a new one first."
