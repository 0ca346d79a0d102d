"""A grant is for one object: what is no id finds none, and is no fault (S-33, S-58)."""

import pytest

from security_app.accounts import api_key_changes, step_up
from security_app.accounts.errors import StepUpRequired
from security_app.accounts.step_up import Proofs, Target
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account
from tests.accounts.cast import open_session, outcome_of
from tests.accounts.test_sessions import ODD_IDS

ALL = Target("all", "revoke all")


@pytest.mark.parametrize("odd", [*ODD_IDS, "all\0"])
async def test_an_id_that_cannot_be_one_finds_no_grant(ada: Account, odd: str) -> None:
    actor, _ = await open_session(ada)
    await step_up.prove(actor, "revoke_api_keys", Proofs(confirmation=ALL.name), ALL)
    async with transaction() as db:
        step_up.grant(db, actor, "revoke_api_keys")
    async with reading() as db:
        assert await step_up.is_granted(db, actor, "revoke_api_keys", odd) is (odd == "")
    if odd:
        refusal = await outcome_of(api_key_changes.revoke_all(actor, odd))
        assert isinstance(refusal, StepUpRequired)
