"""What a thief connected goes with "This wasn't me": decision 14."""

from pathlib import Path

import pytest

from security_app.accounts import connections, identities, step_up, undo
from security_app.accounts.actor import Actor
from security_app.accounts.provider_errors import AddressTaken
from security_app.accounts.step_up import Proofs, Target
from security_app.db.engine import reading
from security_app.db.tables import Account
from tests.accounts.cast import EMAIL, OWNER, PASSWORD, STRANGER, open_session
from tests.accounts.identities import come_back, google, sign_in_with, url_of
from tests.accounts.moving import undo_tokens
from tests.oidc_provider import Provider

__all__ = ["google"]
THIEF = "google-thief"


@pytest.fixture
async def thief(google: Provider, ada: Account) -> Actor:
    """Somebody at Ada's open session, who knows her password, and has connected their Google."""
    google.add_person(THIEF, email="thief@example.net")
    actor, _ = await open_session(ada, "stranger")
    await step_up.prove(actor, "connect_provider", Proofs(PASSWORD), Target("google"))
    answer = google.authorize(
        await url_of(await connections.begin(actor, "google"), STRANGER), THIEF
    )
    assert (await come_back(answer, visitor=STRANGER, actor=actor)).refusal is None
    return actor


async def test_a_stolen_way_in_is_closed_by_the_mail_it_caused(
    google: Provider, ada: Account, thief: Actor, tmp_path: Path
) -> None:
    assert (await sign_in_with(google, THIEF, visitor=STRANGER)).ticket
    [token] = (await undo_tokens(tmp_path, EMAIL)).values()
    done = await undo.undo(OWNER, token)
    assert done.disconnected == 1
    assert "1 connected accounts ended" in str(done)
    async with reading() as db:
        assert await identities.of_account(db, ada.id) == ()
    arrived = await sign_in_with(google, THIEF, visitor=STRANGER)
    # A newcomer now, with an account of their own.
    assert arrived.ticket


async def test_whoever_it_was_cannot_come_back_as_the_owner(
    google: Provider, ada: Account, thief: Actor, tmp_path: Path
) -> None:
    google.person(THIEF).claims["email"] = EMAIL
    [token] = (await undo_tokens(tmp_path, EMAIL)).values()
    await undo.undo(OWNER, token)
    arrived = await sign_in_with(google, THIEF, visitor=STRANGER)
    assert isinstance(arrived.refusal, AddressTaken)
