"""What a new password must and should be. Pure rules; only the breach look-up talks to others.

The blocklist is the frequency list that comes with zxcvbn: 30,000 passwords
from real breaches, most common first.
"""

import asyncio
import contextvars
import functools
import hashlib
import logging
import ssl
import string
import unicodedata
from dataclasses import dataclass
from typing import Protocol

import httpx
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from security_app.accounts.errors import PasswordRefused
from security_app.policy import get_policy

#: NFKC can shorten a text: letters typed as base and accents. No script needs more than 4 for 1.
_RAW_CHARS_PER_CHAR = 4
#: `password1` and `Password2026!` are their stem; a longer tail is worth something of its own.
_MAX_TAIL_CHARS = 8
#: Stems shorter than this are not looked up: "a" and "sky" are in the list, "sky73920184" is fine.
_MIN_COMMON_CHARS = 4
#: Names and local parts shorter than this say nothing.
_MIN_CONTEXT_CHARS = 3
_TAIL = string.digits + string.punctuation + " "

#: zxcvbn's time grows with the square of the length: 50 ms for 72 characters.
_STRENGTH_CHARS = 72
#: And with the number of ways to read digits and signs as letters: 72 characters with all
#: of these take 4 s, so a text with more than seven of them is judged by its first 16 (25 ms).
_LETTER_LIKE = frozenset("4@8({[<369&#!1|0$5+7%2")
_MAX_LETTER_LIKE = 7
_STRENGTH_CHARS_LETTER_LIKE = 16
_LABELS = ("Very weak", "Weak", "Fair", "Good", "Strong")

#: More than a padded range answer (about 80 KB) ever is.
_MAX_RANGE_BYTES = 1_000_000


class PasswordPolicy(Protocol):
    """The fields of the policy these rules read."""

    @property
    def password_min_length(self) -> int:
        """Code points after NFKC."""
        ...

    @property
    def password_max_length(self) -> int:
        """Code points after NFKC."""
        ...

    @property
    def password_require_digit(self) -> bool:
        """Whether one decimal digit must be there."""
        ...

    @property
    def password_advised_length(self) -> int:
        """Code points the advice recommends."""
        ...


@dataclass(frozen=True, slots=True)
class Strength:
    """What the meter shows.

    Attributes:
        score: 0 (guessed at once) to 4 (out of reach).
        label: the score in words.
        advice: sentences, most important first; empty when there is nothing to add.
    """

    score: int
    label: str
    advice: tuple[str, ...]


def normalise(password: str) -> str:
    """The form that is checked, hashed and compared (S-01).

    Unicode NFKC, so that composed and decomposed letters are one password;
    case and outer spaces stay as typed.

    Args:
        password: any text; the caller bounds its length.

    Returns:
        NFKC text that can be encoded: lone surrogates become U+FFFD.
    """
    text = unicodedata.normalize("NFKC", password)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check(password: str, *, email: str, name: str, product: str, policy: PasswordPolicy) -> None:
    """Refuse a new password that breaks a rule (S-01, S-02, S-03).

    Args:
        password: as typed, any length.
        email: the account's address.
        name: the account's display name, may be empty.
        product: the name of this product.
        policy: the operator's figures.

    Raises:
        PasswordRefused: with a sentence that says which rule and what to do.
    """
    longest = policy.password_max_length
    too_long = f"Use at most {longest} characters."
    # Before any work: normalising a megabyte would block everybody else.
    if len(password) > longest * _RAW_CHARS_PER_CHAR:
        raise PasswordRefused(too_long)
    text = normalise(password)
    if len(text) > longest:
        raise PasswordRefused(too_long)
    if len(text) < policy.password_min_length:
        raise PasswordRefused(f"Use at least {policy.password_min_length} characters.")
    if text != unicodedata.normalize("NFKC", password):
        raise PasswordRefused("This password contains a broken character. Type it again.")
    if policy.password_require_digit and not any(letter.isdecimal() for letter in text):
        raise PasswordRefused("Add at least one digit.")
    if not _stems(text, _MIN_COMMON_CHARS).isdisjoint(_common_passwords()):
        raise PasswordRefused(
            "This password is one of the most common ones and would be guessed at once. "
            "Choose another one."
        )
    stems = _stems(text, _MIN_CONTEXT_CHARS)
    for words, what in (
        (_address_words(email), "your e-mail address"),
        (_name_words(name), "your name"),
        (_name_words(product), "the name of this product"),
    ):
        if not stems.isdisjoint(words):
            raise PasswordRefused(f"This password is too close to {what}. Choose another one.")


def strength(
    password: str, inputs: tuple[str, ...], policy: PasswordPolicy | None = None
) -> Strength:
    """Estimate how hard a password is to guess; takes up to 60 ms, call it off the event loop.

    Args:
        password: as typed; the first 72 characters are judged.
        inputs: what an attacker knows: address, name, product.
        policy: for the advised length; by default the operator's.
    """
    policy = policy or get_policy()
    text = normalise(password[: policy.password_max_length])
    judged = text[:_STRENGTH_CHARS]
    if len(_LETTER_LIKE.intersection(judged)) > _MAX_LETTER_LIKE:
        judged = judged[:_STRENGTH_CHARS_LETTER_LIKE]
    if not judged:
        return Strength(0, _LABELS[0], ())
    known = [word for known in inputs for word in _words(known)]
    result = zxcvbn(judged, user_inputs=known)
    score: int = result["score"]
    advice: list[str] = []
    if result["feedback"]["warning"]:
        advice.append(result["feedback"]["warning"])
    advised = policy.password_advised_length
    if len(text) < advised or (score < len(_LABELS) - 1 and not _is_mixed(text)):
        advice.append(
            f"We recommend at least {advised} characters: letters, digits and special characters."
        )
    if score < len(_LABELS) - 1:
        advice.append("A whole sentence is easy to remember and hard to guess.")
        advice += result["feedback"]["suggestions"]
    return Strength(score, _LABELS[score], tuple(dict.fromkeys(advice)))


async def is_breached(password: str, hibp_url: str, timeout: float = 2.0) -> bool:  # noqa: ASYNC109 - part of the contract: the answer comes within it
    """Ask a Have I Been Pwned range server; only five hex digits leave this machine.

    Args:
        password: as :func:`normalise` returned it.
        hibp_url: base of the range API; the prefix is added as the last path segment.
        timeout: seconds for the whole look-up.

    Returns:
        Whether the password is in the list; False when the server cannot be
        asked: the bundled list has already been passed (S-02).
    """
    # The protocol's own digest; nothing is stored under it.
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    silence = _is_silent.set(True)
    try:
        async with asyncio.timeout(timeout):
            # Off the event loop: the first call reads the authorities' certificates (50 ms).
            trusted = await asyncio.to_thread(_trusted_authorities)
            url = f"{hibp_url.rstrip('/')}/{digest[:5]}"
            async with (
                httpx.AsyncClient(verify=trusted, follow_redirects=False) as client,
                client.stream("GET", url, headers={"Add-Padding": "true"}) as answer,
            ):
                return answer.is_success and await _holds(answer, digest[5:])
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL):
        return False
    finally:
        _is_silent.reset(silence)


@functools.cache
def _trusted_authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()


async def _holds(answer: httpx.Response, suffix: str) -> bool:
    read = 0
    async for line in answer.aiter_lines():
        read += len(line)
        if read > _MAX_RANGE_BYTES:
            return False
        found, _, count = line.strip().partition(":")
        # Padding lines have a count of 0.
        if found.upper() == suffix and count.strip() != "0":
            return True
    return False


_is_silent: contextvars.ContextVar[bool] = contextvars.ContextVar("is_silent", default=False)


def _let_pass(_record: logging.LogRecord) -> bool:
    return not _is_silent.get()


# httpx logs every URL at INFO, and ours ends in a part of the password's digest.
logging.getLogger("httpx").addFilter(_let_pass)


@functools.cache
def _common_passwords() -> frozenset[str]:
    return frozenset(entry.casefold() for entry in FREQUENCY_LISTS["passwords"])


def _stems(text: str, shortest: int) -> frozenset[str]:
    """The password folded, and without the digits and signs people hang on to a word."""
    folded = text.casefold()
    stems = {folded}
    for stem in (folded.rstrip(_TAIL), folded.strip(_TAIL)):
        tail = folded[folded.index(stem) + len(stem) :]
        is_weak = len(folded) - len(stem) <= _MAX_TAIL_CHARS or tail in _common_passwords()
        if is_weak and len(stem) >= shortest:
            stems |= {stem, _bare(stem)}
    return frozenset(stems)


def _bare(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _address_words(email: str) -> frozenset[str]:
    folded = normalise(email).casefold()
    local = folded.partition("@")[0]
    return _variants(folded) | _variants(local)


def _name_words(name: str) -> frozenset[str]:
    folded = normalise(name).casefold()
    return _variants(folded) | _variants("".join(folded.split())) | frozenset(_words(name))


def _variants(text: str) -> frozenset[str]:
    """The text, its stem, and both without separators: `jane.doe1` gives `janedoe` as well."""
    forms = {text, text.rstrip(_TAIL)}
    forms |= {_bare(form) for form in forms}
    return frozenset(form for form in forms if len(form) >= _MIN_CONTEXT_CHARS)


def _words(text: str) -> list[str]:
    folded = normalise(text).casefold()
    parted = "".join(letter if letter.isalnum() else " " for letter in folded).split()
    return [word for word in (folded, *parted) if len(word) >= _MIN_CONTEXT_CHARS]


def _is_mixed(text: str) -> bool:
    return (
        any(letter.isalpha() for letter in text)
        and any(letter.isdecimal() for letter in text)
        and any(not letter.isalnum() for letter in text)
    )
