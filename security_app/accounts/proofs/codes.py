"""Reading a code somebody typed: what it can be, before anything is compared (S-14, S-24)."""

import re

_SIX_DIGITS = re.compile(r"[0-9]{6}\Z")
_RECOVERY = re.compile(r"[A-Z2-7]{16}\Z")
#: Longest text looked at: a recovery code with generous spacing.
CODE_MAX_CHARS = 64


def as_digits(text: str) -> str | None:
    """Six ASCII digits, spaces taken out; None for anything else."""
    if len(text) > CODE_MAX_CHARS:
        return None
    digits = text.replace(" ", "")
    return digits if _SIX_DIGITS.match(digits) else None


def as_recovery_code(text: str) -> str | None:
    """Sixteen base32 characters; case, spaces and dashes do not matter. None otherwise."""
    if len(text) > CODE_MAX_CHARS:
        return None
    letters = text.replace(" ", "").replace("-", "").upper()
    return letters if letters.isascii() and _RECOVERY.match(letters) else None
