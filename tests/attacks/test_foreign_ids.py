"""Ids in arguments: foreign, ended and unknown ones look the same, and change nothing (S-56)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from security_app.db.tables import Session, new_id
from tests.attacks.conftest import Victim
from tests.attacks.people import HOME, web
from tests.attacks.raw_client import RawClient, Update, handler
from tests.server import Browser, Person, Server

SESSIONS = "cards.sessions.state.SessionsState"


@pytest.fixture
def mallory(server: Server) -> Person:
    return server.add_account()


@pytest.fixture
def mallorys(server: Server, mallory: Person) -> Browser:
    return server.add_session(mallory)


def _masked(updates: list[Update], session_id: str) -> str:
    return repr(updates).replace(session_id, "<id>")


@pytest.mark.parametrize("name", ["sign_out", "start_renaming", "rename"])
async def test_a_foreign_session_looks_like_an_unknown_one(
    server: Server, victim: Victim, mallorys: Browser, name: str
) -> None:
    def payload(session_id: str) -> dict[str, Any]:
        if name == "rename":
            return {"form": {"session_id": session_id, "name": "mine now"}}
        return {"session_id": session_id}

    answers = []
    before = server.dump()
    for session_id in (new_id(), victim.there.session_id):
        async with RawClient(server, browser=mallorys, path=HOME) as attacker:
            await attacker.load()
            notices = len(attacker.frames)
            updates = await attacker.call(handler(SESSIONS, name), payload(session_id))
            answers.append(_masked(updates, session_id))
            shown = "\n".join(attacker.frames[notices:]).replace(victim.there.session_id, "")
            victim.assert_absent(shown)
            assert ("That session has already ended." in shown) == (name == "sign_out") or (
                "That session has already ended." in answers[-1]
            )
    assert answers[0] == answers[1]
    assert server.dump() == before


async def test_an_ended_session_of_ones_own_looks_like_an_unknown_one(
    server: Server, victim: Victim
) -> None:
    server.change(Session, victim.there.session_id, ended_at=datetime.now(UTC))
    before = server.dump()
    answers = []
    for session_id in (new_id(), victim.there.session_id):
        async with RawClient(server, browser=victim.here, path=HOME) as page:
            await page.load()
            form = {"session_id": session_id, "name": "again"}
            updates = await page.call(handler(SESSIONS, "rename"), {"form": form})
            answers.append(_masked(updates, session_id))
    assert answers[0] == answers[1]
    assert server.dump() == before


async def test_a_foreign_session_looks_like_an_unknown_one_to_the_api(
    server: Server, victim: Victim, mallory: Person
) -> None:
    token = server.add_session(mallory, kind="api", opened_by="api").session
    before = server.dump()
    async with web(server, headers={"Authorization": f"Bearer {token}"}) as client:
        answers = [
            await client.delete(f"/api/v1/sessions/{session_id}")
            for session_id in (new_id(), victim.there.session_id)
        ]
        pages = await client.get("/api/v1/sessions", params={"cursor": victim.there.session_id})
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    victim.assert_absent(pages.text)
    assert server.dump() == before


async def test_surplus_fields_of_a_form_change_nothing(
    server: Server, victim: Victim, mallory: Person, mallorys: Browser
) -> None:
    """S-57: no mass assignment through a form."""
    extra = {
        "account_id": victim.person.id,
        "user_id": victim.person.id,
        "is_admin": "1",
        "ended_at": "",
        "two_factor_verified": "1",
    }
    async with RawClient(server, browser=mallorys, path=HOME) as attacker:
        await attacker.load()
        form = {"session_id": mallorys.session_id, "name": "mine"} | extra
        await attacker.call(handler(SESSIONS, "rename"), {"form": form})
        form = {"session_id": victim.there.session_id, "name": "not mine"} | extra
        await attacker.call(handler(SESSIONS, "rename"), {"form": form})
    mine, theirs = (
        server.session_row(mallorys.session_id),
        server.session_row(victim.there.session_id),
    )
    assert (mine.name, mine.account_id, mine.two_factor_verified) == ("mine", mallory.id, False)
    assert (theirs.name, theirs.account_id) == (victim.session_name, victim.person.id)


async def test_nobody_hears_of_another_accounts_changes(
    server: Server, victim: Victim, mallorys: Browser
) -> None:
    """S-59: the live follower is fed from one account only."""
    async with (
        RawClient(server, browser=mallorys, path=HOME) as attacker,
        RawClient(server, browser=victim.there, path=HOME) as other,
        RawClient(server, browser=victim.here, path=HOME) as page,
    ):
        for client in (attacker, other, page):
            await client.load()
        seen = len(attacker.frames)
        form = {"session_id": victim.here.session_id, "name": "told to my own pages"}
        await page.send(handler(SESSIONS, "rename"), {"form": form})
        await other.until(lambda: "told to my own pages" in other.text)
        await attacker.fence()
        new = attacker.frames[seen:]
        assert len(new) == 1
        victim.assert_absent(new[0])
