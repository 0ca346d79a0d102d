"""What a new password must and should be."""

import asyncio
import contextlib
import hashlib
import logging
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_app.accounts.errors import PasswordRefused
from security_app.accounts.password_rules import (
    _common_passwords,
    check,
    is_breached,
    normalise,
    strength,
)


@dataclass(frozen=True)
class Rules:
    """A policy with the default figures."""

    password_min_length: int = 8
    password_max_length: int = 256
    password_require_digit: bool = True
    password_advised_length: int = 12


def refusal(password: str, *, name: str = "Ada Lovelace", rules: Rules | None = None) -> str:
    """The sentence a password is refused with, "" when it is accepted."""
    try:
        check(
            password,
            email="jane.doe@example.com",
            name=name,
            product="Security Centre",
            policy=rules or Rules(),
        )
    except PasswordRefused as refused:
        return refused.sentence
    return ""


@pytest.mark.parametrize("length", [8, 9, 64, 255, 256])
def test_lengths_within_the_bounds_pass_s01(length: int) -> None:
    assert refusal(("wx7 Kq" * 50)[:length]) == ""


@pytest.mark.parametrize("length", [0, 1, 7])
def test_short_passwords_are_refused_s01(length: int) -> None:
    assert refusal("x7qzKw4"[:length]) == "Use at least 8 characters."


def test_a_refusal_belongs_to_its_field_and_does_not_repeat_the_password() -> None:
    with pytest.raises(PasswordRefused) as refused:
        check("password1", email="a@x.test", name="", product="P", policy=Rules())
    assert refused.value.field == "new_password"
    assert "password1" not in refused.value.sentence


@pytest.mark.parametrize("length", [257, 1024, 1025, 1_000_000])
def test_long_passwords_are_refused_and_not_cut_s01(length: int) -> None:
    assert refusal(("wx7 Kq" * length)[:length]) == "Use at most 256 characters."


def test_length_counts_code_points_after_nfkc_s01() -> None:
    decomposed = unicodedata.normalize("NFD", "é" * 200) + "7"
    assert len(decomposed) > 256
    assert refusal(decomposed) == ""
    # One code point that becomes eighteen.
    assert refusal("\ufdfa" * 15 + "7") == "Use at most 256 characters."
    assert refusal("e\u0301" * 6 + "7") == "Use at least 8 characters."
    assert refusal("\U0001f600\U0001f680 ж ñ 漢7") == ""


def test_normalising_joins_composed_and_decomposed_and_keeps_case_and_spaces_s01() -> None:
    assert normalise("pass\u00e9") == normalise("passe\u0301")
    assert normalise(" Pass ") == " Pass "
    assert normalise("Pass") != normalise("pass")


@given(st.text(alphabet=st.characters(), max_size=60))
def test_normalised_text_is_stable_and_can_be_encoded(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    normalise(text).encode()


def test_a_broken_character_is_refused_in_words() -> None:
    assert "broken character" in refusal("x7qzKw4 \ud800!")


def test_the_digit_rule_is_a_policy_s03() -> None:
    assert refusal("wandering otters sing") == "Add at least one digit."
    assert refusal("wandering otters sing", rules=Rules(password_require_digit=False)) == ""
    assert refusal("wandering otters sing ٣") == ""


def test_the_list_is_long_enough_s02() -> None:
    assert len(_common_passwords()) >= 10_000


@pytest.mark.parametrize(
    "password",
    [
        "password1",
        "Password1",
        "PASSWORD1!",
        "Password123!",
        "password2026!",
        "12345678",
        "qwerty123",
        "Qwerty1!",
        "letmein1",
        "123password",
        "ｐａｓｓｗｏｒｄ１",  # full-width letters fold to the same
        "password123456789",
    ],
)
def test_common_passwords_are_refused_s02(password: str) -> None:
    assert "most common" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        "sky73920184",
        "demo-passphrase-42",
        "correct horse battery 9",
        "Tr0ub4dour&3",
        "blue73920184756",
    ],
)
def test_ordinary_passwords_pass(password: str) -> None:
    assert refusal(password) == ""


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("jane.doe2026", "your e-mail address"),
        ("Jane.Doe1", "your e-mail address"),
        ("janedoe2026!", "your e-mail address"),
        ("Jane_Doe_2026", "your e-mail address"),
        ("2026jane.doe", "your e-mail address"),
        ("jane.doe@example.com1", "your e-mail address"),
        ("adalovelace1", "your name"),
        ("Ada Lovelace 1815", "your name"),
        ("lovelace1815", "your name"),
        ("SecurityCentre1", "the name of this product"),
        ("security centre 2026", "the name of this product"),
    ],
)
def test_what_everybody_can_guess_of_this_account_is_refused_s02(
    password: str, reason: str
) -> None:
    assert reason in refusal(password)


def test_an_empty_name_refuses_nothing() -> None:
    assert refusal("x7qzKw4mn", name="") == ""


def test_the_meter_says_score_label_and_what_to_do() -> None:
    weak = strength("password1", (), Rules())
    assert (weak.score, weak.label) == (0, "Very weak")
    assert any("12 characters" in sentence for sentence in weak.advice)
    assert any("sentence" in sentence for sentence in weak.advice)
    strong = strength("Seven otters sang 2 songs, quietly!", (), Rules())
    assert (strong.score, strong.label, strong.advice) == (4, "Strong", ())


def test_the_meter_knows_what_an_attacker_knows() -> None:
    inputs = ("wandersturm.qx@example.com", "Wandersturm Qx")
    password = "wandersturm.qx1"
    assert strength(password, inputs, Rules()).score < strength(password, (), Rules()).score


def test_the_meter_advises_the_length_of_the_policy() -> None:
    advice = strength("x7qzKw4mnT!p", (), Rules(password_advised_length=16)).advice
    assert any("16 characters" in sentence for sentence in advice)


@pytest.mark.parametrize("password", ["", "4@8({[<369&#!1|0$5+7%2" * 12, "\ud800", "é" * 256])
def test_the_meter_answers_any_text(password: str) -> None:
    assert 0 <= strength(password, ("", "a"), Rules()).score <= 4


# ---- the breach look-up: a real HTTP server on loopback

_PASSWORD = "wandering otters 7"
_DIGEST = hashlib.sha1(_PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()


@dataclass
class RangeServer:
    """Answers each request with fixed bytes and keeps what was asked."""

    url: str
    requests: list[str]


@contextlib.asynccontextmanager
async def range_server(answer: bytes | None) -> AsyncIterator[RangeServer]:
    """Serve; None keeps the connection open without a word."""
    seen: list[str] = []
    released = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if answer is None:
            await released.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield RangeServer(f"http://127.0.0.1:{port}/range/", seen)
    finally:
        released.set()
        server.close()
        await server.wait_closed()


def http(body: str, status: str = "200 OK", header: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n{header}\r\n{body}"
    ).encode()


@pytest.mark.parametrize(
    ("answer", "is_known"),
    [
        (http(f"{'0' * 35}:3\r\n{_DIGEST[5:]}:42\r\n"), True),
        (http(f"{_DIGEST[5:].lower()}:1"), True),
        (http(f"{'0' * 35}:3\r\n"), False),
        # A padding line.
        (http(f"{_DIGEST[5:]}:0\r\n"), False),
        (http(f"{_DIGEST[5:]}:9\r\n", "503 Busy"), False),
        (http(f"{_DIGEST[5:]}:9\r\n", "302 Found", "Location: http://127.0.0.1:1/\r\n"), False),
        (http("x" * 2_000_000), False),
        (b"not http at all\r\n\r\n", False),
        (b"", False),
        (None, False),
    ],
)
async def test_the_breach_look_up_answers_or_fails_open_s02(
    answer: bytes | None, is_known: bool
) -> None:
    timeout = 5 if answer is not None else 0.3
    async with range_server(answer) as server:
        assert await is_breached(_PASSWORD, server.url, timeout) is is_known
        assert server.requests[0].startswith(f"GET /range/{_DIGEST[:5]} HTTP/1.1\r\n")
        assert "add-padding: true" in server.requests[0].lower()
        assert _DIGEST[5:] not in server.requests[0]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/range", "not a url", "http://[::1", "ftp://x/"]
)
async def test_a_dead_or_senseless_server_fails_open_s02(url: str) -> None:
    assert await is_breached(_PASSWORD, url, timeout=0.5) is False


async def test_the_look_up_leaves_no_trace_in_the_log_s76(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with range_server(http("")) as server:
            await is_breached(_PASSWORD, server.url)
    assert _DIGEST[:5] not in caplog.text
    assert _PASSWORD not in caplog.text
