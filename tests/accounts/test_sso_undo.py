"""What a colleague connected at the organization's own provider goes with "This wasn't me"."""

from pathlib import Path

import pytest
import time_machine

from security_app.accounts import connections, pins, step_up, undo
from security_app.accounts.provider_errors import AddressTaken
from security_app.accounts.step_up import Proofs, Target
from tests.accounts.cast import (
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    open_session,
    sign_in_browser,
)
from tests.accounts.identities import come_back, url_of
from tests.accounts.moving import mails_to, new_password, undo_tokens
from tests.accounts.postbox import Postbox, code_for
from tests.accounts.sso_house import (
    house_with_sso,
    managed_member,
    okta,
    sign_in_with_sso,
    the_connection,
)
from tests.accounts.workplace import Colleague, colleague
from tests.oidc_provider import Provider

__all__ = ["okta"]

pytestmark = pytest.mark.usefixtures("database", "clock")

VICTIM = "victim@example.com"
THIEF = "okta-thief"


@pytest.fixture
async def victim(okta: Provider) -> Colleague:
    """A member at whose open session a colleague, who knew the password, connected themselves."""
    made = await house_with_sso(okta)
    okta.add_person(THIEF, email="thief@example.com")
    member = await colleague(made.id, "member", VICTIM, password=PASSWORD)
    actor, _ = await open_session(member.account, "stranger")
    key = f"sso-{(await the_connection()).id}"
    await step_up.prove(actor, "connect_provider", Proofs(PASSWORD), Target(key))
    answer = okta.authorize(await url_of(await connections.begin(actor, key), STRANGER), THIEF)
    assert (await come_back(answer, visitor=STRANGER, actor=actor, provider=key)).refusal is None
    return member


async def test_a_stolen_way_in_through_the_organization_is_closed_by_the_mail_it_caused(
    okta: Provider, victim: Colleague, tmp_path: Path
) -> None:
    assert (await sign_in_with_sso(okta, THIEF, visitor=STRANGER)).ticket
    [token] = (await undo_tokens(tmp_path, VICTIM)).values()
    assert (await undo.undo(OWNER, token)).disconnected == 1
    okta.person(THIEF).claims["email"] = VICTIM
    arrived = await sign_in_with_sso(okta, THIEF, visitor=STRANGER)
    assert isinstance(arrived.refusal, AddressTaken)
    # Nothing manages the account any more: its owner comes back by the mailed link.
    await new_password(tmp_path, VICTIM)
    assert (await sign_in_browser(email=VICTIM, password=OTHER_PASSWORD)).secret


async def test_what_managed_the_account_before_that_mail_stays(
    okta: Provider, clock: time_machine.Traveller, postbox: Postbox, tmp_path: Path
) -> None:
    """Else whoever reads the mailbox alone would get past the organization's provider."""
    made = await house_with_sso(okta)
    member = await managed_member(made, okta, VICTIM)
    clock.shift(60)
    proofs = Proofs(code=await code_for(member.actor, "set_pin", postbox), method="email_code")
    await pins.set_pin(member.actor, pin="2580", repeat="2580", proofs=proofs)
    [token] = (await undo_tokens(tmp_path, VICTIM)).values()
    assert (await undo.undo(STRANGER, token)).disconnected == 0
    assert (await sign_in_with_sso(okta)).ticket
    assert await mails_to(tmp_path, VICTIM, "/reset-password") == []
