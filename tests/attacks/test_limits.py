"""How often, and how much is told: races, forged addresses, look-alike answers (S-47 to S-52)."""

import asyncio
import re
import secrets
from datetime import UTC, datetime

import httpx
import pytest
from sqlmodel import select

from security_app.db.tables import Account, SignInAttempt
from security_app.limits import PASSWORD_LIMITS_ACCOUNT, PASSWORD_LIMITS_ADDRESS
from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, SIGN_IN, fresh_address, sign_in, web
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Server

SIGN_IN_STATE = "web.entry.sign_in.SignInState"
SIGN_UP = handler("web.entry.sign_up.SignUpState", "submit")
FORGOT = handler("web.entry.forgot_password.ForgotPasswordState", "submit")
OF_ACCOUNT = PASSWORD_LIMITS_ACCOUNT[0].hits
OF_ADDRESS = PASSWORD_LIMITS_ADDRESS[0].hits


def _results(server: Server, account_id: str) -> list[str]:
    with server.rows() as rows:
        statement = select(SignInAttempt.result).where(SignInAttempt.account_id == account_id)
        return list(rows.exec(statement).all())


async def _try_api(
    server: Server, source: str, email: str, password: str, **headers: str
) -> httpx.Response:
    async with web(server, source=source, headers=headers) as client:
        body = {"email": email, "password": password}
        return await client.post("/api/v1/auth/sign-in", json=body)


async def _try_socket(
    server: Server, source: str, email: str, password: str, **headers: str
) -> str:
    """Try on a page; returns the sentence of the refusal."""
    async with RawClient(server, source=source, headers=headers) as page:
        await page.load()
        await page.call(SIGN_IN, {"form": {"email": email, "password": password}})
        return (page.value(SIGN_IN_STATE, "errors") or {}).get("form", "")


async def test_thirty_guesses_at_once_are_five_guesses(server: Server, victim: Victim) -> None:
    """S-48: counted before they are looked at, by one counter for every door."""
    tries = [
        _try_api(server, fresh_address(), victim.person.email, f"wrong guess {number}")
        for number in range(20)
    ]
    socket_tries = [
        _try_socket(server, fresh_address(), victim.person.email, f"wrong guess {number}")
        for number in range(10)
    ]
    answers, sentences = await asyncio.gather(asyncio.gather(*tries), asyncio.gather(*socket_tries))
    assert _results(server, victim.person.id).count("wrong_password") == OF_ACCOUNT
    refused = [answer for answer in answers if answer.status_code == 429]
    evaluated = [answer for answer in answers if answer.status_code == 401]
    wrong = [sentence for sentence in sentences if "not right" in sentence]
    assert len(refused) + len(evaluated) == len(answers)
    assert len(evaluated) + len(wrong) == OF_ACCOUNT
    for answer in refused:
        assert 1 <= int(answer.headers["retry-after"]) <= 15 * 60


async def test_the_right_password_while_locked_looks_like_a_wrong_one(
    server: Server, victim: Victim
) -> None:
    """S-52, S-50: and the owner's own browser still gets in."""
    own = await sign_in(server, victim.person)
    await asyncio.gather(
        *(
            _try_api(server, fresh_address(), victim.person.email, f"wrong guess {number}")
            for number in range(OF_ACCOUNT)
        )
    )
    answers = [
        await _try_api(server, fresh_address(), victim.person.email, password)
        for password in ("wrong guess again", victim.person.password)
    ]
    assert [answer.status_code for answer in answers] == [429, 429]
    bodies = [re.sub(r"\d+", "N", answer.text) for answer in answers]
    assert bodies[0] == bodies[1]
    sentences = [
        re.sub(r"\d+", "N", await _try_socket(server, fresh_address(), victim.person.email, word))
        for word in ("wrong guess again", victim.person.password)
    ]
    assert sentences[0] == sentences[1]
    assert "Too many attempts" in sentences[0]
    again = await sign_in(server, victim.person, Browser(browser=own.browser))
    assert again.session


async def test_forged_addresses_give_no_new_budget(server: Server) -> None:
    """S-51: one network, whatever it says of itself, over both doors."""
    source = fresh_address()

    def forged(number: int) -> dict[str, str]:
        address = f"203.0.113.{number}"
        return {
            "X-Forwarded-For": f"{address}, {address}",
            "Forwarded": f"for={address}",
            "X-Real-IP": address,
            "X-Client-IP": address,
            "CF-Connecting-IP": address,
            "True-Client-IP": address,
        }

    def stranger() -> str:
        return f"nobody-{secrets.token_hex(6)}@example.com"

    half = OF_ADDRESS // 2
    answers, sentences = await asyncio.gather(
        asyncio.gather(
            *(
                _try_api(server, source, stranger(), "wrong 1", **forged(number))
                for number in range(half)
            )
        ),
        asyncio.gather(
            *(
                _try_socket(server, source, stranger(), "wrong 1", **forged(100 + number))
                for number in range(OF_ADDRESS - half)
            )
        ),
    )
    assert {answer.status_code for answer in answers} == {401}
    assert all("not right" in sentence for sentence in sentences)
    over = await _try_api(server, source, stranger(), "wrong 1", **forged(250))
    assert over.status_code == 429
    assert "Too many attempts" in await _try_socket(
        server, source, stranger(), "wrong 1", **forged(251)
    )
    elsewhere = await _try_api(server, fresh_address(), stranger(), "wrong 1")
    assert elsewhere.status_code == 401


async def test_a_forged_address_is_written_nowhere(server: Server, victim: Victim) -> None:
    headers = {"X-Forwarded-For": "203.0.113.77", "Forwarded": "for=203.0.113.77"}
    async with RawClient(server, browser=victim.here, headers=headers, path=HOME) as page:
        await page.load()
        assert "203.0.113.77" not in page.text
    await _try_api(server, fresh_address(), victim.person.email, "wrong 1", **headers)
    assert "203.0.113.77" not in str(server.dump())


async def test_another_accounts_success_clears_no_counter(server: Server, victim: Victim) -> None:
    """S-50: an attacker cannot wash his failures with an account of his own."""
    mallory = server.add_account()
    source = fresh_address()
    for number in range(OF_ACCOUNT):
        await _try_api(server, source, victim.person.email, f"wrong {number}")
        own = await _try_api(server, source, mallory.email, mallory.password)
        assert own.status_code == 200
    refused = await _try_api(server, source, victim.person.email, "wrong again")
    assert refused.status_code == 429


def _told(page: RawClient, seen: int, address: str) -> str:
    """All that came after a moment, with the address taken out."""
    text = "\n".join(page.frames[seen:])
    text = re.sub(r'"id":"[0-9a-f]{8}"', '"id":""', text.replace(address, "<address>"))
    return re.sub(r"Reference: [0-9a-f]{8}", "", text)


async def _answer_on_page(server: Server, path: str, name: str, form: dict[str, str]) -> str:
    async with RawClient(server, path=path, source=fresh_address()) as page:
        await page.load()
        seen = len(page.frames)
        await page.call(name, {"form": form})
        return _told(page, seen, form["email"])


@pytest.mark.parametrize(
    ("path", "name"),
    [("/sign-in", SIGN_IN), ("/sign-up", SIGN_UP), ("/forgot-password", FORGOT)],
    ids=["sign in", "sign up", "forgot password"],
)
async def test_a_page_does_not_tell_who_has_an_account(
    server: Server, victim: Victim, path: str, name: str
) -> None:
    """S-47: the same updates, in the same order, but for the address."""
    disabled = server.add_account(disabled_at=datetime.now(UTC))
    without = server.add_account()
    server.change(Account, without.id, password_hash=None)
    stranger = f"nobody-{secrets.token_hex(6)}@example.com"
    answers = []
    for email in (victim.person.email, disabled.email, without.email, stranger):
        form = {"email": email, "name": "Same", "password": "some wrong passphrase 8"}
        answers.append(await _answer_on_page(server, path, name, form))
    assert answers[0]
    assert len(set(answers)) == 1


@pytest.mark.parametrize("path", ["sign-in", "sign-up"])
async def test_the_api_does_not_tell_who_has_an_account(
    server: Server, victim: Victim, path: str
) -> None:
    disabled = server.add_account(disabled_at=datetime.now(UTC))
    stranger = f"nobody-{secrets.token_hex(6)}@example.com"
    answers = []
    for email in (victim.person.email, disabled.email, stranger):
        async with web(server, source=fresh_address()) as client:
            body = {"email": email, "password": "some wrong passphrase 8"}
            response = await client.post(f"/api/v1/auth/{path}", json=body)
        kept = {name: value for name, value in response.headers.items() if name != "date"}
        answers.append((response.status_code, response.text.replace(email, ""), str(kept)))
    assert len(set(answers)) == 1


async def test_signing_up_anew_changes_no_account(server: Server, victim: Victim) -> None:
    """S-65: nobody takes an address over by signing up with it again."""
    with server.rows() as rows:
        before = rows.get_one(Account, victim.person.id).model_dump()
    form = {
        "email": victim.person.email.upper(),
        "name": "Mallory",
        "password": "mallorys 1st pass",
    }
    async with RawClient(server, path="/sign-up", source=fresh_address()) as page:
        await page.load()
        await page.call(SIGN_UP, {"form": form})
    with server.rows() as rows:
        assert rows.get_one(Account, victim.person.id).model_dump() == before
    assert server.session_row(victim.here.session_id).ended_at is None


async def test_mail_cannot_be_made_to_flow(server: Server, victim: Victim) -> None:
    """At most five mails an hour to one address, however many ask at once."""

    async def ask() -> None:
        async with RawClient(server, path="/forgot-password", source=fresh_address()) as page:
            await page.load()
            await page.call(FORGOT, {"form": {"email": victim.person.email}})

    await asyncio.gather(*(ask() for _ in range(12)))
    await asyncio.to_thread(server.settle)
    sent = server.mails_to(victim.person.email)
    assert len(sent) == 5
