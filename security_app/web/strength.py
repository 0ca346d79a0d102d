"""The strength meter: advice in words, off the event loop."""

import asyncio
import dataclasses

from security_app.accounts.password_rules import strength


@dataclasses.dataclass(frozen=True)
class Strength:
    """What the meter shows.

    Attributes:
        score: 0 to 4, -1 while nothing is typed.
        label: the score in a word.
        advice: what would make it stronger.
    """

    score: int
    label: str
    advice: list[str]


NOTHING_TYPED = Strength(-1, "", [])


async def assess_password(value: str, email: str, name: str) -> Strength:
    """Judge a password that is being typed.

    Args:
        value: as typed so far.
        email: the account's address; parts of it make a password weak.
        name: the person's name, likewise.
    """
    if not value:
        return NOTHING_TYPED
    judged = await asyncio.to_thread(strength, value, (email, name))
    return Strength(judged.score, judged.label, list(judged.advice))
