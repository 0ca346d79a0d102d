"""Headers nobody can inject into."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart
from email.policy import default as modern
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_app.mail.envelope import build_message, sender_address
from security_app.mail.errors import PermanentFailure
from security_app.mail.messages import Message, render
from security_app.settings import get_settings

SENDER = sender_address("noreply@example.com")
BODY = Message("A subject", "text\n", "<p>html</p>\n")


def sent(message: EmailMessage) -> EmailMessage:
    """The message as the recipient's program reads it."""
    return cast("EmailMessage", email.message_from_bytes(message.as_bytes(), policy=modern))


def lines(part: MIMEPart) -> str:
    """A part's content with the line ends of this machine."""
    return part.get_content().replace("\r\n", "\n")


def test_the_headers_of_a_mail() -> None:
    mail = sent(build_message(BODY, to="ada@example.com", sender=SENDER, message_id="abc"))
    assert mail["To"] == "ada@example.com"
    assert mail["From"] == "Security Centre <noreply@example.com>"
    assert mail["Message-ID"] == "<abc@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    age = datetime.now(UTC) - mail["Date"].datetime
    assert abs(age.total_seconds()) < 60
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    # The last part is the one a program prefers (RFC 2046 §5.1.4).
    html = mail.get_body()
    assert html is not None
    assert lines(html) == BODY.html


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a@b@example.com",
        "ada@example.com,eve@evil.test",
        "ada@example.com;eve@evil.test",
        "ada@example.com\r\nBcc: eve@evil.test",
        "ada@example.com\n",
        "ada@exam\x00ple.com",
        "Ada <ada@example.com>",
        '"a b"@example.com',
        "a b@example.com",
        "ada@exa mple.com",
        "ada@-..com",
        "a" * 300 + "@example.com",
        "group:ada@example.com;",
        "ada(c)@example.com",
        "ada@\ud800.com",
    ],
)
def test_the_recipient_is_exactly_one_address_s22(to: str) -> None:
    with pytest.raises(PermanentFailure) as failure:
        build_message(BODY, to=to, sender=SENDER, message_id="abc")
    assert failure.value.kind == "invalid_address"


@pytest.mark.parametrize(
    ("to", "spelled"),
    [
        ("ada@localhost", "ada@localhost"),
        ("o'brien+tag@example.co.uk", "o'brien+tag@example.co.uk"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_unusual_addresses_work(to: str, spelled: str) -> None:
    mail = sent(build_message(BODY, to=to, sender=SENDER, message_id="abc"))
    assert [address.addr_spec for address in mail["To"].addresses] == [spelled]


@given(st.text(alphabet=st.characters(), max_size=80))
def test_no_text_makes_a_second_recipient_or_header_s22(to: str) -> None:
    try:
        mail = build_message(BODY, to=to, sender=SENDER, message_id="abc")
    except PermanentFailure:
        return
    assert len(mail["To"].addresses) == 1
    assert len(mail.keys()) == 8


def test_links_are_not_cut_in_the_raw_mail() -> None:
    link = f"{get_settings().public_url}/confirm-email?token={'aB3_-' * 20}"
    message = render("confirm_email", {"link": link}, to="ada@example.com")
    mail = build_message(message, to="ada@example.com", sender=SENDER, message_id="abc")
    assert link.encode() in mail.as_bytes()


def test_other_scripts_and_long_lines_arrive_unchanged() -> None:
    body = Message("Новый вход — 新しい", "Привет\n" + "x" * 2000 + "\n", "<p>é</p>\n")
    mail = sent(build_message(body, to="ada@example.com", sender=SENDER, message_id="abc"))
    assert mail["Subject"] == body.subject
    text = mail.get_body(("plain",))
    assert text is not None
    assert lines(text) == body.text


@pytest.mark.parametrize(
    ("mail_from", "shown"),
    [
        ("noreply@localhost", "Security Centre <noreply@localhost>"),
        ("Acme, Inc. <a@example.com>", None),
        ('"Acme, Inc." <a@example.com>', '"Acme, Inc." <a@example.com>'),
        ("Acme <a@example.com>", "Acme <a@example.com>"),
        ("nobody", None),
        ("", None),
    ],
)
def test_the_sender_is_read_or_refused(mail_from: str, shown: str | None) -> None:
    if shown is None:
        with pytest.raises(ValueError, match="MAIL_FROM"):
            sender_address(mail_from)
    else:
        assert str(sender_address(mail_from)) == shown
