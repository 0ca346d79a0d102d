"""Forgotten password: the same answer for anybody, a link that works once (S-08, S-47)."""

from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import SQLModel, col
from time_machine import Traveller

from security_app.accounts import links, password_reset, passwords, sign_in
from security_app.accounts.errors import (
    EmailRefused,
    InvalidCredentials,
    LinkDead,
    PasswordRefused,
    PasswordsDiffer,
    Refused,
    TooManyAttempts,
)
from security_app.clock import now
from security_app.db.engine import Database, transaction
from security_app.db.tables import Account, MailedLink, OutboxMessage, SecurityEvent, Session
from security_app.settings import get_settings
from tests.accounts.cast import (
    EMAIL,
    OTHER_PASSWORD,
    PASSWORD,
    STRANGER,
    deliver,
    is_signed_in,
    kinds_of_mail,
    link_in,
    live_sessions,
    make_account,
    open_session,
    rows,
    sign_in_browser,
    stored_form,
    the_account,
    token_in,
    visitor,
)


async def ask(folder: Path, email: str = EMAIL) -> str:
    """Ask for a link and open the newest mail."""
    await password_reset.ask_for_reset(STRANGER, email=email)
    before = set(folder.glob("**/*.eml"))
    await deliver(folder)
    (new,) = set(folder.glob("**/*.eml")) - before
    fresh = folder / new.stem
    fresh.mkdir()
    new = new.rename(fresh / new.name)
    return token_in((await deliver(fresh))[0])


async def reset(token: str, new: str = OTHER_PASSWORD, repeat: str | None = None) -> int:
    return await passwords.reset_password(
        STRANGER, token=token, new=new, repeat=new if repeat is None else repeat
    )


async def test_s08_a_link_sets_the_password_once(ada: Account, tmp_path: Path) -> None:
    token = await ask(tmp_path)
    await reset(token)
    with pytest.raises(LinkDead):
        await reset(token, "four geese fly at 6")
    with pytest.raises(InvalidCredentials):
        await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    await sign_in_browser(password=OTHER_PASSWORD)


@pytest.mark.parametrize(("seconds", "works"), [(30 * 60 - 1, True), (30 * 60, False)])
async def test_s08_a_link_lives_thirty_minutes(
    ada: Account, tmp_path: Path, clock: Traveller, seconds: int, works: bool
) -> None:
    token = await ask(tmp_path)
    clock.shift(seconds)
    if works:
        await reset(token)
    else:
        with pytest.raises(LinkDead):
            await reset(token)


async def test_s08_a_reset_ends_every_session_and_opens_none(ada: Account, tmp_path: Path) -> None:
    opened = [await open_session(ada), await open_session(ada, "", kind="api")]
    pending = await sign_in.sign_in(STRANGER, email=EMAIL, password=PASSWORD)
    assert await reset(await ask(tmp_path)) == 2
    assert await live_sessions(ada) == set()
    assert not any([await is_signed_in(session) for _, session in opened])
    assert {row.ended_by for row in await rows(Session)} == {"password_reset"}
    with pytest.raises(Refused):
        await sign_in.redeem_ticket(STRANGER, pending.ticket)


async def test_s08_a_reset_is_logged_mailed_and_confirms_the_address(
    database: Database, tmp_path: Path
) -> None:
    account = await make_account()
    async with transaction() as db:
        await db.exec(update(Account).values(email_confirmed_at=None))
    await reset(await ask(tmp_path))
    row = await the_account(account)
    assert row.email_confirmed_at is not None
    actions = sorted(event.action for event in await rows(SecurityEvent))
    assert actions == ["password.reset", "password.reset_asked"]
    assert "password_changed" in await kinds_of_mail()


async def test_a_confirmed_address_keeps_its_date(
    ada: Account, tmp_path: Path, clock: Traveller
) -> None:
    clock.shift(60)
    await reset(await ask(tmp_path))
    row = await the_account(ada)
    assert row.email_confirmed_at == ada.email_confirmed_at
    assert row.password_changed_at == now()


async def test_s08_the_link_leads_to_the_configured_host(ada: Account, tmp_path: Path) -> None:
    await password_reset.ask_for_reset(STRANGER, email=EMAIL)
    (mail,) = await deliver(tmp_path)
    assert link_in(mail).startswith(f"{get_settings().public_url}/reset-password?token=")
    (row,) = await rows(MailedLink)
    assert token_in(mail) not in row.secret_hash


async def test_s47_asking_touches_the_same_tables_whether_there_is_an_account_or_not(
    ada: Account,
) -> None:
    async def counts() -> dict[str, int]:
        mapped = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
        return {table.__name__: len(await rows(table)) for table in mapped}

    before = await counts()
    known = await password_reset.ask_for_reset(STRANGER, email=EMAIL)
    between = await counts()
    unknown = await password_reset.ask_for_reset(visitor(ip="192.0.2.9"), email="no@example.org")
    after = await counts()
    assert type(known) is type(unknown)
    first = {name: between[name] - before[name] for name in before}
    second = {name: after[name] - between[name] for name in before}
    assert first == second
    assert {name for name, more in first.items() if more} == {"OutboxMessage", "ThrottleKey"}
    assert first["OutboxMessage"] == 1
    messages = await rows(OutboxMessage)
    assert {message.kind for message in messages} == {"reset_password"}
    sizes = {len(message.sealed_params or b"") for message in messages}
    assert max(sizes) - min(sizes) <= len(STRANGER.ip)


async def test_s08_nobody_at_an_unknown_address_is_written_to(
    database: Database, tmp_path: Path
) -> None:
    await password_reset.ask_for_reset(STRANGER, email="nobody@example.org")
    assert await deliver(tmp_path) == []
    assert await rows(MailedLink) == []
    assert await rows(SecurityEvent) == []


async def test_a_disabled_account_gets_no_link(ada: Account, tmp_path: Path) -> None:
    token = await ask(tmp_path)
    async with transaction() as db:
        await db.exec(update(Account).values(disabled_at=now()))
    with pytest.raises(LinkDead):
        await reset(token)
    await password_reset.ask_for_reset(STRANGER, email=EMAIL)
    assert await deliver(tmp_path / "second") == []


async def test_s19_a_newer_link_replaces_the_former(ada: Account, tmp_path: Path) -> None:
    former, newer = await ask(tmp_path), await ask(tmp_path)
    with pytest.raises(LinkDead):
        await reset(former)
    await reset(newer)


async def test_a_link_of_another_kind_does_not_reset(ada: Account) -> None:
    async with transaction() as db:
        link = links.new_link(
            db, ada, purpose="confirm_email", path="/confirm-email", life=now() - ada.created_at
        )
        other = links.new_link(
            db, ada, purpose="confirm_email", path="/x", life=password_reset.RESET_LINK_LIFE
        )
    for url in (link, other):
        with pytest.raises(LinkDead):
            await reset(url.partition("?token=")[2])


@pytest.mark.parametrize("token", ["", "unknown", "\x00", "\ud800", "x" * 100_000])
async def test_what_is_no_link_resets_nothing(ada: Account, tmp_path: Path, token: str) -> None:
    await ask(tmp_path)
    with pytest.raises(LinkDead):
        await reset(token)


async def test_a_link_to_a_former_address_is_dead(ada: Account, tmp_path: Path) -> None:
    token = await ask(tmp_path)
    async with transaction() as db:
        await db.exec(
            update(Account)
            .where(col(Account.id) == ada.id)
            .values(email="new@example.org", email_key="new@example.org")
        )
    with pytest.raises(LinkDead):
        await reset(token)


@pytest.mark.parametrize(
    ("new", "repeat", "refusal"),
    [
        ("short 1", None, PasswordRefused),
        (OTHER_PASSWORD, "", PasswordsDiffer),
        (EMAIL + "1", None, PasswordRefused),
    ],
)
async def test_a_refused_password_does_not_spend_the_link(
    ada: Account, tmp_path: Path, new: str, repeat: str | None, refusal: type[Refused]
) -> None:
    token = await ask(tmp_path)
    with pytest.raises(refusal):
        await reset(token, new, repeat)
    assert (await the_account(ada)).password_hash == stored_form(PASSWORD)
    await reset(token)


@pytest.mark.parametrize("email", ["", "no address", "a@b.org, c@d.org", "a@b.org\r\nBcc: c@d.org"])
async def test_s22_what_is_no_address_is_refused(database: Database, email: str) -> None:
    with pytest.raises(EmailRefused):
        await password_reset.ask_for_reset(STRANGER, email=email)
    assert await rows(OutboxMessage) == []


async def test_mails_to_one_person_are_limited(ada: Account, clock: Traveller) -> None:
    for number in range(5):
        await password_reset.ask_for_reset(visitor(ip=f"192.0.2.{number}"), email=EMAIL)
    with pytest.raises(TooManyAttempts) as refused:
        await password_reset.ask_for_reset(visitor(ip="192.0.2.99"), email=EMAIL.upper())
    clock.shift(refused.value.wait_s)
    await password_reset.ask_for_reset(STRANGER, email=EMAIL)


@pytest.mark.parametrize(
    ("own", "asked"),
    [
        ("mike@example.org", "ｍike@example.org"),
        ("kim@example.org", "\u212aim@example.org"),
        ("strasse@example.org", "straße@example.org"),
        ("office@example.org", "oﬃce@example.org"),
        ("mike@example.org", "MIKE@example.org"),
    ],
)
async def test_s22_a_link_goes_to_the_address_of_the_account_never_to_a_look_alike(
    database: Database, tmp_path: Path, own: str, asked: str
) -> None:
    await make_account(own)
    await password_reset.ask_for_reset(STRANGER, email=asked)
    assert [str(mail["To"]) for mail in await deliver(tmp_path)] in ([own], [])
