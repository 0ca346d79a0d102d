"""The text file of a set of recovery codes: what the screen shows, and what to do with it."""

from datetime import datetime

from security_app.accounts.recovery_codes import Kit
from security_app.policy import get_policy


def file_name(kit: Kit, email: str) -> str:
    """Product, account and date, in characters every file system takes."""
    parts = (get_policy().product_name, email, f"{kit.made_at:%Y-%m-%d}", "recovery codes")
    name = " ".join(parts)
    return "".join(char if char.isalnum() or char in "@.-_" else "-" for char in name) + ".txt"


def file_text(kit: Kit, email: str) -> str:
    """The codes that still work, the kit's number and date, and the advice of the guides."""
    codes = [item.code for item in kit.codes if item.used_at is None]
    lines = [
        f"{get_policy().product_name} recovery codes",
        f"Account: {email}",
        kit_line(kit.number, kit.made_at),
        "",
        *(f"{number:2}. {code}" for number, code in enumerate(codes, 1)),
        "",
        "Each code works once, in place of a code from your authenticator app.",
        "Keep this file where only you can reach it: a password manager, or on paper",
        "in a safe place. Never share a code; support will never ask for one.",
        "A new kit makes all codes of this one useless.",
    ]
    return "\n".join(lines) + "\n"


def kit_line(number: int, made_at: datetime) -> str:
    """How a kit is called, on screen and in the file."""
    return f"Kit {number}, made {made_at.day} {made_at:%B %Y}"
