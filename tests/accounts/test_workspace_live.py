"""What colleagues see of a person changes on their open pages at once."""

from collections.abc import Awaitable

import time_machine

from security_app.accounts import accounts, email_codes, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.step_up import Proofs
from security_app.db.engine import Database, transaction
from security_app.live.hub import hub
from tests.accounts import phone
from tests.accounts.cast import PASSWORD
from tests.accounts.postbox import Postbox, code_for, enable
from tests.accounts.workplace import Colleague, colleague, found


async def _topics_heard_by(person: Colleague, act: Awaitable[object]) -> set[str]:
    with hub.subscribe(person.id) as page:
        await act
        return {change.topic for change in await page.next(0)}


async def _rename(actor: Actor) -> None:
    async with transaction() as db:
        await accounts.change_name(db, actor, "Ada Lovelace")


async def _turn_off(actor: Actor, postbox: Postbox) -> None:
    code = await code_for(actor, "disable_email_code", postbox)
    await step_up.prove(actor, "disable_email_code", Proofs(PASSWORD, code))
    await email_codes.disable(actor)


async def test_a_second_factor_and_a_name_show_on_the_pages_of_colleagues(
    database: Database, clock: time_machine.Traveller, postbox: Postbox
) -> None:
    organization_id = await found()
    olga = await colleague(organization_id, "owner")
    actor = (await colleague(organization_id, "member", password=PASSWORD)).actor
    stranger = await colleague(await found(), "owner")
    with hub.subscribe(stranger.id) as elsewhere:
        assert await _topics_heard_by(olga, enable(actor, postbox)) == {"workspace"}
        clock.shift(61)
        assert await _topics_heard_by(olga, _turn_off(actor, postbox)) == {"workspace"}
        assert await _topics_heard_by(olga, phone.enable(actor)) == {"workspace"}
        assert await _topics_heard_by(olga, _rename(actor)) == {"workspace"}
        assert await elsewhere.next(0) == []
