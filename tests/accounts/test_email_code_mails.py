"""Mailing codes: how often, to whom, what they say: S-20, S-22, D5."""

import asyncio

import pytest
import time_machine

from security_app.accounts import email_codes, sign_in_code, step_up, throttle
from security_app.accounts.actor import Actor
from security_app.accounts.addresses import address_key
from security_app.accounts.errors import EmailNotConfirmed, MailNotSent, NotOn, TooManyAttempts
from security_app.accounts.proofs.email_code import Occasion
from security_app.accounts.step_up import Proofs
from security_app.db.engine import transaction
from security_app.db.tables import Account, EmailCode
from security_app.limits import EMAIL_CODE_LIMITS_ACCOUNT, EMAIL_CODE_LIMITS_ADDRESS
from security_app.policy import STEP_UP
from tests.accounts.cast import (
    OWNER,
    PASSWORD,
    STRANGER,
    make_account,
    open_session,
    outcome_of,
    rows,
    the_account,
    visitor,
)
from tests.accounts.postbox import Postbox, give_password

#: One purpose after another, so that the minute of each is not in the way.
PURPOSES = [
    "sign_in",
    "change_email",
    "change_password",
    "delete_account",
    "enable_totp",
    "disable_email_code",
]
HOURLY, DAILY = (limit.hits for limit in EMAIL_CODE_LIMITS_ACCOUNT)


async def send(account: Account, purpose: str, who=OWNER) -> object:  # noqa: ANN001
    """What mailing one code ends with."""
    return await outcome_of(email_codes.send(account.id, who, Occasion(purpose, "anything")))


async def change(account: Account, **values: object) -> None:
    """Change an account behind the rules' back."""
    async with transaction() as db:
        row = await db.get_one(Account, account.id)
        for name, value in values.items():
            setattr(row, name, value)
        db.add(row)


async def test_s20_again_after_a_minute_for_each_purpose(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    assert isinstance(await send(ada, "enable_totp"), email_codes.MailedCode)
    clock.shift(59)
    refusal = await send(ada, "enable_totp")
    assert isinstance(refusal, TooManyAttempts)
    assert 1 <= refusal.wait_s <= 2
    assert isinstance(await send(ada, "change_password"), email_codes.MailedCode)
    clock.shift(1.5)
    assert isinstance(await send(ada, "enable_totp"), email_codes.MailedCode)
    assert len(postbox.mails) == 3


async def test_s20_request_after_request_mails_one_a_minute_and_five_an_hour(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    for expected in (1, 2, 3, 4, 5, 5, 5):
        await asyncio.gather(*(send(ada, "sign_in") for _ in range(20)))
        for _ in range(20):
            await send(ada, "sign_in")
        assert len(postbox.mails) == expected
        clock.shift(61)


async def test_s20_purposes_share_five_an_hour(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    for purpose in PURPOSES[:HOURLY]:
        assert isinstance(await send(ada, purpose), email_codes.MailedCode)
    refusal = await send(ada, PURPOSES[HOURLY])
    assert isinstance(refusal, TooManyAttempts)
    assert 3595 <= refusal.wait_s <= 3601
    clock.shift(3601)
    assert isinstance(await send(ada, PURPOSES[HOURLY]), email_codes.MailedCode)


async def test_s20_ten_a_day_whatever_the_sweeper_does_between(
    ada: Account, postbox: Postbox, clock: time_machine.Traveller
) -> None:
    for _ in range(4):
        for purpose in PURPOSES[:HOURLY]:
            await send(ada, purpose)
        clock.shift(3 * 3600)
        async with transaction() as db:
            await throttle.forget_old(db)
    assert len(postbox.mails) == DAILY
    clock.shift(24 * 3600)
    assert isinstance(await send(ada, "sign_in"), email_codes.MailedCode)


async def test_s20_a_mailbox_gets_five_an_hour_whatever_account_it_belongs_to(
    ada: Account, postbox: Postbox
) -> None:
    for purpose in PURPOSES[:HOURLY]:
        await send(ada, purpose)
    address = ada.email
    await change(ada, email="moved@example.org", email_key=address_key("moved@example.org"))
    heir = await make_account(address.upper())
    assert isinstance(await send(heir, PURPOSES[HOURLY], STRANGER), TooManyAttempts)
    assert len(postbox.mails) == HOURLY


@pytest.mark.parametrize(
    ("network", "elsewhere"),
    [
        (["203.0.113.9"], "203.0.113.10"),
        (["::ffff:203.0.113.9", "203.0.113.9"], "203.0.113.10"),
        ([f"2001:db8:1:2::{number:x}" for number in range(1, 9)], "2001:db8:1:3::1"),
    ],
)
async def test_s20_one_network_causes_twenty_an_hour(
    ada: Account, postbox: Postbox, network: list[str], elsewhere: str
) -> None:
    limit = EMAIL_CODE_LIMITS_ADDRESS[0].hits
    people = [ada, *[await make_account(f"p{number}@example.org") for number in range(5)]]
    pairs = [(who, purpose) for who in people for purpose in PURPOSES[: HOURLY - 1]]
    for number, (who, purpose) in enumerate(pairs):
        await send(who, purpose, visitor(ip=network[number % len(network)]))
    assert len(postbox.mails) == limit
    refused = await send(people[-1], PURPOSES[HOURLY], visitor(ip=network[0]))
    assert isinstance(refused, TooManyAttempts)
    passed = await send(people[-1], PURPOSES[HOURLY], visitor(ip=elsewhere))
    assert isinstance(passed, email_codes.MailedCode)


async def test_s22_an_address_that_was_never_confirmed_gets_no_code(
    ada: Account, postbox: Postbox
) -> None:
    actor, _ = await open_session(ada)
    await change(ada, email_confirmed_at=None)
    await step_up.prove(actor, "enable_email_code", Proofs(PASSWORD))
    assert isinstance(await outcome_of(email_codes.start_set_up(actor)), EmailNotConfirmed)
    for purpose in PURPOSES:
        assert isinstance(await send(ada, purpose), EmailNotConfirmed)
    assert postbox.mails == []
    assert not await rows(EmailCode)


async def test_s22_a_code_goes_to_the_address_held_at_that_moment(
    owner: Actor, ada: Account, postbox: Postbox
) -> None:
    await change(ada, email="new@example.org", email_key=address_key("new@example.org"))
    sent = await email_codes.send_for_step_up(owner, "enable_totp")
    assert postbox.mails[-1]["To"] == "new@example.org"
    assert sent.sent_to == "n•••@example.org"


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_s22_the_mail_says_for_what_how_long_from_where_and_what_else(
    ada: Account, postbox: Postbox, purpose: str
) -> None:
    await send(ada, purpose)
    body = postbox.mails[-1].get_body(("plain",))
    assert body is not None
    words = " ".join(body.get_content().split())
    assert f'"{STEP_UP[purpose].title}"' in words
    assert "5 minutes" in words
    assert "Chrome" in words
    assert "If it was not you" in words
    # The subject is on locked screens.
    assert postbox.code not in postbox.mails[-1]["Subject"]


@pytest.mark.parametrize(
    "name", ["A\r\nBcc: eve@example.org", "A, eve@example.org", "A\nSubject: x", "\u2028A\u202eB"]
)
async def test_s22_a_name_adds_neither_header_nor_recipient(
    ada: Account, postbox: Postbox, name: str
) -> None:
    await change(ada, name=name)
    await send(ada, "sign_in")
    (mail,) = postbox.mails
    assert [str(address) for address in mail["To"].addresses] == [ada.email]
    assert "Bcc" not in mail
    assert len(mail.get_all("Subject") or []) == 1
    assert "eve@example.org" not in mail.as_string()


@pytest.mark.parametrize(
    "address",
    ["a@example.org\r\nBcc: eve@example.org", "a@example.org, eve@example.org", "a@b@c.org\n"],
)
async def test_s22_an_address_that_is_more_than_one_is_sent_nothing(
    ada: Account, postbox: Postbox, address: str
) -> None:
    await change(ada, email=address)
    assert isinstance(await send(ada, "sign_in"), MailNotSent)
    assert postbox.mails == []


async def test_d5_a_code_is_mailed_by_itself_only_where_it_is_the_one_asked(
    owner: Actor, ada: Account, postbox: Postbox
) -> None:
    before = len(postbox.mails)
    await give_password()
    await sign_in_code.mail_first_code(OWNER)
    assert len(postbox.mails) == before + 1
    # Nobody who has begun nothing causes mail.
    await sign_in_code.mail_first_code(STRANGER)
    assert len(postbox.mails) == before + 1


async def test_an_action_that_takes_no_mailed_code_mails_none(
    ada: Account, postbox: Postbox
) -> None:
    actor, _ = await open_session(ada)
    for action in ("change_password", "enable_totp", "disable_email_code"):
        assert isinstance(await outcome_of(email_codes.send_for_step_up(actor, action)), NotOn)
    assert postbox.mails == []
    assert (await the_account(ada)).email_confirmed_at is not None
