"""A session takes a name of its owner's own, and nothing that cannot be shown (S-56, S-83)."""

import pytest

from security_app.accounts import session_list
from security_app.accounts.errors import FieldRefused, SessionGone
from security_app.db.engine import transaction
from security_app.db.tables import Account
from tests.accounts.cast import make_account, open_session
from tests.accounts.test_sessions import the_session


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Office", "Office"),
        ("  My \n\t laptop ", "My laptop"),
        ("", ""),
        ("n" * 60, "n" * 60),
        ("Büro 🖥", "Büro 🖥"),
        ("<img src=x>", "<img src=x>"),
    ],
)
async def test_a_session_takes_a_name(ada: Account, typed: str, kept: str) -> None:
    actor, session = await open_session(ada)
    async with transaction() as db:
        await session_list.rename_session(db, actor, session.id, "former name")
        await session_list.rename_session(db, actor, session.id, typed)
    assert (await the_session(session.id)).name == kept


@pytest.mark.parametrize("name", ["n" * 61, "a\x00b", "a\x1b[31mb", "a\u202eb", "a\ud800b"])
async def test_s83_a_name_that_cannot_be_shown_is_refused(ada: Account, name: str) -> None:
    actor, session = await open_session(ada)
    with pytest.raises(FieldRefused) as refused:
        async with transaction() as db:
            await session_list.rename_session(db, actor, session.id, name)
    assert refused.value.field == "name"
    assert (await the_session(session.id)).name == ""


async def test_s56_a_foreign_session_is_not_renamed(ada: Account) -> None:
    actor, _ = await open_session(ada)
    theirs, _ = await open_session(await make_account("eve@example.org"))
    with pytest.raises(SessionGone):
        async with transaction() as db:
            await session_list.rename_session(db, actor, theirs.session_id, "mine")
    assert (await the_session(theirs.session_id)).name == ""
