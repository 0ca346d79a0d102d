"""One rule for e-mail addresses: what is one, and when two are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_app.accounts.addresses import EMAIL_MAX_CHARS, address_key, parse_address
from security_app.accounts.errors import EmailRefused


@pytest.mark.parametrize(
    ("typed", "email", "key"),
    [
        ("ada@example.org", "ada@example.org", "ada@example.org"),
        ("  ada@example.org\n", "ada@example.org", "ada@example.org"),
        ("Ada.Lovelace@EXAMPLE.org", "Ada.Lovelace@example.org", "ada.lovelace@example.org"),
        ("ada+tag@example.org", "ada+tag@example.org", "ada+tag@example.org"),
        ("o'brien@example.org", "o'brien@example.org", "o'brien@example.org"),
        ("ada@demo.test", "ada@demo.test", "ada@demo.test"),
        ("josé@example.org", "josé@example.org", "josé@example.org"),
        ("jose\u0301@example.org", "josé@example.org", "josé@example.org"),
    ],
)
def test_addresses_as_written_and_as_compared(typed: str, email: str, key: str) -> None:
    address = parse_address(typed)
    assert (address.email, address.key) == (email, key)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "@",
        "a@",
        "@b.org",
        "a b@c.org",
        "a@b",
        "a@b..org",
        ".a@b.org",
        "a@b.org, c@d.org",
        "a@b.org; c@d.org",
        "a@b.org c@d.org",
        "a@b.org\r\nBcc: c@d.org",
        "a\r\nb@c.org",
        "a\nb@c.org",
        "a\x00@b.org",
        "a@b.org\x00",
        "\ud800@b.org",
        "Ada <a@b.org>",
        "<a@b.org>",
        '"a b"@c.org',
        "a@[127.0.0.1]",
        "a\u202eb@c.org",
        "a" * 65 + "@b.org",
        "a" * 64 + "@" + "b" * 190 + ".org",
        "x" * 1_000_000,
    ],
)
def test_s22_what_is_not_one_address_is_refused(typed: str) -> None:
    with pytest.raises(EmailRefused) as refused:
        parse_address(typed)
    assert refused.value.field == "email"
    assert typed.strip() == "" or typed not in str(refused.value)


def test_a_full_width_at_is_refused_or_the_same_address() -> None:
    try:
        address = parse_address("ada\uff20example.org")
    except EmailRefused:
        return
    assert address.key == "ada@example.org"


@given(st.text(max_size=300))
def test_the_key_never_fails_and_is_stable(text: str) -> None:
    key = address_key(text)
    assert address_key(key) == address_key(address_key(key))
    assert address_key(text.upper().lower()) == address_key(text.upper().lower())


@given(st.emails())
def test_what_is_accepted_is_one_bounded_line(email: str) -> None:
    try:
        address = parse_address(email)
    except EmailRefused:
        return
    assert len(address.email) <= EMAIL_MAX_CHARS
    assert address.email.isprintable()
    assert not set(" ,;<>\r\n") & set(address.email)
    assert address.key == address_key(address.email)


@given(st.emails())
def test_a_key_is_found_again_from_what_is_mailed_to(email: str) -> None:
    try:
        address = parse_address(email)
    except EmailRefused:
        return
    assert parse_address(address.email) == address
    assert address_key(f" {address.email} ") == address.key


@pytest.mark.parametrize(
    "typed",
    [
        *("Ada@EXAMPLE.org", "ada@straße.de", "ada@xn--strae-oqa.de", "ada@BÜCHER.example"),
        *("ada@xn--bcher-kva.example", "ADA@ｅxample.org", "josé@example.org"),
    ],
)
def test_whoever_signed_up_with_a_spelling_signs_in_with_it(typed: str) -> None:
    assert address_key(typed) == parse_address(typed).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@straße.de", "ada@strasse.de"),
        ("ada@example.org", "ada@example.com"),
        ("a.da@example.org", "ada@example.org"),
        ("ada+1@example.org", "ada@example.org"),
    ],
)
def test_two_mailboxes_are_two_accounts(one: str, other: str) -> None:
    assert parse_address(one).key != parse_address(other).key


@pytest.mark.parametrize("text", ["ada@example.org\x00", "\ud800@example.org"])
def test_a_key_can_be_looked_up_in_any_database(text: str) -> None:
    key = address_key(text)
    assert "\x00" not in key
    key.encode()


def test_an_address_does_not_print_itself() -> None:
    assert "ada" not in repr(parse_address("ada@example.org"))
