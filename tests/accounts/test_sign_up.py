"""Making an account and confirming its address, without telling who has one (S-47)."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update
from time_machine import Traveller

from security_app.accounts import activity, sign_up
from security_app.accounts.addresses import Address
from security_app.accounts.errors import (
    EmailRefused,
    FieldRefused,
    LinkDead,
    PasswordRefused,
    PasswordsDiffer,
    Refused,
    TooManyAttempts,
)
from security_app.clock import now
from security_app.db.engine import Database, reading, transaction
from security_app.db.tables import Account, OutboxMessage, SecurityEvent, Session
from security_app.settings import get_settings
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    deliver,
    is_signed_in,
    kinds_of_mail,
    link_in,
    open_session,
    rows,
    sign_in_browser,
    the_account,
    token_in,
    visitor,
)


async def join(
    email: str = EMAIL,
    password: str = PASSWORD,
    *,
    repeat: str | None = None,
    name: str = "Ada",
    ip: str = "203.0.113.10",
) -> Address:
    return await sign_up.sign_up(
        visitor("laptop", ip),
        email=email,
        password=password,
        repeat=password if repeat is None else repeat,
        name=name,
    )


async def confirmation(folder: Path) -> str:
    (mail,) = await deliver(folder)
    return token_in(mail)


async def test_a_new_account_is_unconfirmed_and_gets_one_mail(
    database: Database, tmp_path: Path, clock: Traveller
) -> None:
    assert (await join(" Ada@Example.org ")).key == EMAIL
    (account,) = await rows(Account)
    assert (account.email, account.email_key, account.name) == ("Ada@example.org", EMAIL, "Ada")
    assert account.email_confirmed_at is None
    assert account.created_at == account.password_changed_at == now()
    assert await rows(Session) == []
    assert [event.action for event in await rows(SecurityEvent)] == ["account.created"]
    (mail,) = await deliver(tmp_path)
    assert mail["To"] == "Ada@example.org"
    assert link_in(mail).startswith(f"{get_settings().public_url}/confirm-email?token=")
    assert await is_signed_in(await sign_in_browser())


async def test_s47_an_address_that_has_an_account_gets_the_same_answer_and_another_mail(
    ada: Account, tmp_path: Path
) -> None:
    known = await join(EMAIL, OTHER_PASSWORD, name="Mallory")
    unknown = await join("new@example.org", OTHER_PASSWORD, name="Mallory")
    assert type(known) is type(unknown)
    assert repr(known) == repr(unknown)
    assert await the_account(ada) == ada
    assert len(await rows(Account)) == 2
    assert await kinds_of_mail() == ["confirm_email", "sign_up_existing"]
    for mail in await deliver(tmp_path):
        assert "Mallory" not in str(mail) or mail["To"] == "new@example.org"


@pytest.mark.parametrize(
    "email", [EMAIL.upper(), f" {EMAIL} ", "ＡＤＡ@example.org", "ada@EXAMPLE.org"]
)
async def test_spellings_of_an_address_are_one_account(ada: Account, email: str) -> None:
    await join(email, OTHER_PASSWORD)
    assert len(await rows(Account)) == 1
    (message,) = await rows(OutboxMessage)
    assert (message.kind, message.recipient) == ("sign_up_existing", EMAIL)


async def test_of_parallel_sign_ups_one_makes_the_account(database: Database) -> None:
    await asyncio.gather(*(join(ip=f"192.0.2.{number}") for number in range(5)))
    assert len(await rows(Account)) == 1
    assert await kinds_of_mail() == ["confirm_email"] + ["sign_up_existing"] * 4


@pytest.mark.parametrize(
    ("field", "refusal", "values"),
    [
        ("email", EmailRefused, {"email": ""}),
        ("email", EmailRefused, {"email": "nobody"}),
        ("email", EmailRefused, {"email": "a@b.org, c@d.org"}),
        ("email", EmailRefused, {"email": "a@b.org\r\nBcc: c@d.org"}),
        ("email", EmailRefused, {"email": "x" * 250 + "@b.org"}),
        ("new_password", PasswordRefused, {"password": "short 1"}),
        ("new_password", PasswordRefused, {"password": EMAIL}),
        ("new_password", PasswordRefused, {"password": "Grace Hopper 1", "name": "Grace Hopper"}),
        ("repeat_password", PasswordsDiffer, {"repeat": OTHER_PASSWORD}),
        ("repeat_password", PasswordsDiffer, {"repeat": ""}),
        ("name", FieldRefused, {"name": "n" * 101}),
        ("name", FieldRefused, {"name": "a\x00b"}),
        ("name", FieldRefused, {"name": "a\x1b[31mb"}),
        ("name", FieldRefused, {"name": "a\u202eb"}),
    ],
)
async def test_a_refused_field_makes_nothing(
    database: Database, field: str, refusal: type[Refused], values: dict[str, str]
) -> None:
    with pytest.raises(refusal) as refused:
        await join(**values)
    assert refused.value.field == field
    assert await rows(Account) == []
    assert await rows(OutboxMessage) == []


@pytest.mark.parametrize(("name", "kept"), [("", ""), ("n" * 100, "n" * 100), (" A \n B ", "A B")])
async def test_a_name_may_be_missing_and_is_one_line(
    database: Database, name: str, kept: str
) -> None:
    await join(name=name)
    assert [account.name for account in await rows(Account)] == [kept]


async def test_s83_a_name_is_no_markup_in_a_mail(database: Database, tmp_path: Path) -> None:
    await join(name="<img src=x onerror=alert(1)>")
    (mail,) = await deliver(tmp_path)
    body = mail.get_body(("html",))
    assert body is not None
    assert "<img" not in body.get_content()


async def test_an_address_is_confirmed_once(
    database: Database, tmp_path: Path, clock: Traveller
) -> None:
    await join()
    token = await confirmation(tmp_path)
    clock.shift(60)
    await sign_up.confirm_email(OWNER, token)
    (account,) = await rows(Account)
    assert account.email_confirmed_at == now()
    with pytest.raises(LinkDead):
        await sign_up.confirm_email(OWNER, token)
    actions = sorted(event.action for event in await rows(SecurityEvent))
    assert actions == ["account.created", "email.confirmed"]
    async with reading() as db:
        log = await activity.events(db, account.id, limit=10)
    assert {event.device for event in log.items} == {"Chrome on Windows"}


@pytest.mark.parametrize(("seconds", "works"), [(3 * 86400 - 1, True), (3 * 86400, False)])
async def test_a_confirmation_lives_three_days(
    database: Database, tmp_path: Path, clock: Traveller, seconds: int, works: bool
) -> None:
    await join()
    token = await confirmation(tmp_path)
    clock.shift(seconds)
    if works:
        await sign_up.confirm_email(OWNER, token)
    else:
        with pytest.raises(LinkDead):
            await sign_up.confirm_email(OWNER, token)
    (account,) = await rows(Account)
    assert (account.email_confirmed_at is not None) is works


async def test_a_confirmation_of_a_former_address_is_dead(
    database: Database, tmp_path: Path
) -> None:
    await join()
    token = await confirmation(tmp_path)
    async with transaction() as db:
        await db.exec(update(Account).values(email="b@example.org", email_key="b@example.org"))
    with pytest.raises(LinkDead):
        await sign_up.confirm_email(OWNER, token)
    (account,) = await rows(Account)
    assert account.email_confirmed_at is None


async def test_a_confirmation_confirms_its_own_account_only(
    database: Database, tmp_path: Path
) -> None:
    await join()
    token = await confirmation(tmp_path)
    await join("eve@example.org")
    await sign_up.confirm_email(OWNER, token)
    confirmed = [a.email for a in await rows(Account) if a.email_confirmed_at]
    assert confirmed == [EMAIL]


@pytest.mark.parametrize("token", ["", "unknown", "\x00", "\ud800", "x" * 100_000])
async def test_what_is_no_link_confirms_nothing(ada: Account, token: str) -> None:
    with pytest.raises(LinkDead):
        await sign_up.confirm_email(OWNER, token)


async def test_a_disabled_account_is_not_confirmed(database: Database, tmp_path: Path) -> None:
    await join()
    token = await confirmation(tmp_path)
    async with transaction() as db:
        await db.exec(update(Account).values(disabled_at=now()))
    with pytest.raises(LinkDead):
        await sign_up.confirm_email(OWNER, token)


async def test_asking_again_replaces_the_link(database: Database, tmp_path: Path) -> None:
    await join()
    former = await confirmation(tmp_path / "first")
    (account,) = await rows(Account)
    actor, _ = await open_session(account)
    await sign_up.send_confirmation_again(actor)
    newer = await confirmation(tmp_path / "second")
    with pytest.raises(LinkDead):
        await sign_up.confirm_email(OWNER, former)
    await sign_up.confirm_email(OWNER, newer)
    await sign_up.send_confirmation_again(actor)
    assert await deliver(tmp_path / "third") == []


async def test_mails_to_one_person_are_limited(ada: Account, clock: Traveller) -> None:
    for number in range(5):
        await join(password=OTHER_PASSWORD, ip=f"192.0.2.{number}")
    with pytest.raises(TooManyAttempts) as refused:
        await join(password=OTHER_PASSWORD, ip="192.0.2.99")
    assert refused.value.wait_s <= 15 * 60 + 1
    clock.shift(refused.value.wait_s)
    await join(password=OTHER_PASSWORD, ip="192.0.2.99")


async def test_s47_what_is_stored_does_not_tell_the_visitors_apart(ada: Account) -> None:
    await join(EMAIL, OTHER_PASSWORD)
    await sign_up.sign_up(
        STRANGER, email="new@example.org", password=PASSWORD, repeat=PASSWORD, name="Ada"
    )
    existing, new = sorted(await rows(OutboxMessage), key=lambda row: row.kind, reverse=True)
    assert (existing.attempts, existing.not_before) == (new.attempts, new.not_before)
    assert OWNER.ip.encode() not in (existing.sealed_params or b"")
