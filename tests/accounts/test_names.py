"""Names of people, sessions, keys, organizations and releases follow one rule: S-22, S-83."""

from collections.abc import Callable

import pytest

from security_app.accounts.accounts import parse_name
from security_app.accounts.api_key_terms import accepted_name
from security_app.accounts.errors import FieldRefused
from security_app.accounts.memberships import parse_title

Parse = Callable[[str], str]
PARSERS = [
    pytest.param(parse_name, 100, id="person"),
    pytest.param(accepted_name, 60, id="key"),
    pytest.param(parse_title, 100, id="organization"),
]


def _refusal(parse: Parse, text: str) -> str:
    with pytest.raises(FieldRefused) as refused:
        parse(text)
    assert refused.value.field == "name"
    return refused.value.sentence


@pytest.mark.parametrize(("parse", "longest"), PARSERS)
def test_nothing_is_cut(parse: Parse, longest: int) -> None:
    assert parse("x" * longest) == "x" * longest
    for text in ("x" * (longest + 1), "x" * 1_000_000, f"x{' ' * 20 * longest}y"):
        assert _refusal(parse, text) == f"A name has at most {longest} characters."


@pytest.mark.parametrize(("parse", "longest"), PARSERS)
@pytest.mark.parametrize("sign", ["\u202e", "\u200f", "\u2066", "\u200b", "\0", "\x1b", "\ud800"])
def test_s83_what_nobody_sees_is_refused_and_called_so(
    parse: Parse, longest: int, sign: str
) -> None:
    assert "invisible" in _refusal(parse, f"Olga{sign}")


@pytest.mark.parametrize(("parse", "longest"), PARSERS)
def test_s83_markup_and_braces_are_plain_text(parse: Parse, longest: int) -> None:
    assert parse(" <b>{name}</b>\t %s \n& Söhne 🍷 ") == "<b>{name}</b> %s & Söhne 🍷"


def test_only_a_person_may_have_none() -> None:
    assert parse_name("  ") == ""
    assert _refusal(accepted_name, " \t") == "Give the key a name."
    assert _refusal(parse_title, "") == "Enter a name."
