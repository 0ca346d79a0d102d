"""Connecting and disconnecting: S-63, S-64, S-66."""

import asyncio

import pytest
from sqlalchemy import update
from sqlmodel import col

from security_app.accounts import connections, identities, passwords, step_up
from security_app.accounts.actor import Actor
from security_app.accounts.errors import (
    AlreadyOn,
    EmailNotConfirmed,
    FieldRefused,
    StepUpRequired,
)
from security_app.accounts.provider_errors import (
    ConnectedElsewhere,
    LastWayIn,
    NotConnected,
    ProviderUnavailable,
    ProviderUnknown,
)
from security_app.accounts.provider_sign_in import Arrived
from security_app.accounts.step_up import Proofs
from security_app.clock import now
from security_app.db.engine import reading, transaction
from security_app.db.tables import Account, Connection, SecurityEvent, new_id
from tests.accounts.cast import (
    EMAIL,
    PASSWORD,
    kinds_of_mail,
    make_account,
    open_session,
    outcome_of,
    rows,
)
from tests.accounts.identities import ADA_AT_GOOGLE, come_back, google, url_of
from tests.accounts.postbox import Postbox, code_for
from tests.environment import SetEnvironment
from tests.oidc_provider import Provider

__all__ = ["google"]

pytestmark = pytest.mark.usefixtures("google")


@pytest.fixture
async def ada_here(ada: Account) -> Actor:
    """Ada at her laptop; she has a password."""
    return (await open_session(ada))[0]


@pytest.fixture
async def newcomer(ada: Account) -> Actor:
    """Ada, had she come through a provider: no password."""
    async with transaction() as db:
        await db.exec(update(Account).where(col(Account.id) == ada.id).values(password_hash=None))
    return (await open_session(ada))[0]


async def allow(actor: Actor, action: str, target_id: str = "") -> None:
    """The proofs were given, without the slow way through the password."""
    async with transaction() as db:
        step_up.grant(db, actor, action, target_id)


async def leave(actor: Actor, provider: Provider, sub: str = ADA_AT_GOOGLE) -> dict[str, str]:
    """Go to the provider to connect and agree there; gives what it answers."""
    await allow(actor, "connect_provider", "google")
    path = await connections.begin(actor, "google")
    return provider.authorize(await url_of(path, actor.visitor), sub)


async def connect(actor: Actor, provider: Provider, sub: str = ADA_AT_GOOGLE) -> Arrived:
    """The whole way there and back."""
    return await come_back(await leave(actor, provider, sub), visitor=actor.visitor, actor=actor)


async def plant(account_id: str, provider: str, issuer: str, subject: str = "planted") -> str:
    """Connect, straight in the database; gives the id."""
    row = Connection(
        id=new_id(),
        account_id=account_id,
        provider=provider,
        issuer=issuer,
        subject=subject,
        connected_at=now(),
    )
    async with transaction() as db:
        db.add(row)
    return row.id


async def disconnect(actor: Actor, connection_id: str) -> object:
    """What disconnecting with every proof ends with: the name, or a refusal."""
    await allow(actor, "disconnect_provider", connection_id)
    return await outcome_of(connections.disconnect(actor, connection_id))


async def log_of(account_id: str) -> list[tuple[str, str]]:
    """Action and detail of the security log, sorted."""
    found = await rows(SecurityEvent, SecurityEvent.account_id == account_id)
    return sorted((row.action, row.detail) for row in found)


async def test_connected_shown_used_and_disconnected(ada_here: Actor, google: Provider) -> None:
    assert await connect(ada_here, google) == Arrived(
        "connect", "/settings/personal/security?changed=connections#connected-accounts"
    )
    async with reading() as db:
        [shown] = await identities.of_account(db, ada_here.account_id)
    assert (shown.provider, shown.name) == ("google", "Google")
    assert (shown.email, shown.subject) == ("ada@example.com", ADA_AT_GOOGLE)
    assert (shown.connected_at, shown.last_used_at) == (now(), None)
    assert await kinds_of_mail() == ["provider_connected"]
    assert await disconnect(ada_here, shown.id) == "Google"
    assert not await rows(Connection)
    assert await kinds_of_mail() == ["provider_connected", "provider_disconnected"]
    assert await log_of(ada_here.account_id) == [
        ("connection.added", "Google"),
        ("connection.removed", "Google"),
    ]
    # And again: nothing of the former one is in the way.
    assert (await connect(ada_here, google)).refusal is None


async def test_to_connect_takes_a_grant_for_this_provider(ada_here: Actor) -> None:
    refused = await outcome_of(connections.begin(ada_here, "google"))
    assert isinstance(refused, StepUpRequired)
    for action, target in (("connect_provider", "apple"), ("disconnect_provider", "google")):
        await allow(ada_here, action, target)
        refused = await outcome_of(connections.begin(ada_here, "google"))
        assert isinstance(refused, StepUpRequired)
    await allow(ada_here, "connect_provider", "google")
    assert (await connections.begin(ada_here, "google")).startswith("/auth/go/")
    assert isinstance(await outcome_of(connections.begin(ada_here, "google")), StepUpRequired)


async def test_the_grant_is_given_for_password_and_code(ada_here: Actor) -> None:
    target = await connections.target_to_connect(ada_here, "google")
    assert target.name == "Google"
    missing = await outcome_of(step_up.prove(ada_here, "connect_provider", Proofs(), target))
    assert isinstance(missing, FieldRefused)
    await step_up.prove(ada_here, "connect_provider", Proofs(PASSWORD), target)
    assert await connections.begin(ada_here, "google")


async def test_an_unconfirmed_address_connects_nothing(ada: Account, ada_here: Actor) -> None:
    async with transaction() as db:
        unconfirmed = update(Account).where(col(Account.id) == ada.id)
        await db.exec(unconfirmed.values(email_confirmed_at=None))
    await allow(ada_here, "connect_provider", "google")
    for attempt in (
        connections.target_to_connect(ada_here, "google"),
        connections.begin(ada_here, "google"),
    ):
        assert isinstance(await outcome_of(attempt), EmailNotConfirmed)


async def test_what_is_not_offered_connects_nothing(ada_here: Actor) -> None:
    for key in ("apple", "sso-" + "A" * 20, "", "google ", "Google"):
        await allow(ada_here, "connect_provider", key)
        assert isinstance(await outcome_of(connections.begin(ada_here, key)), ProviderUnknown)


async def test_one_of_each_provider(ada_here: Actor, google: Provider) -> None:
    google.add_person("google-other", email="other@example.com")
    waiting = await leave(ada_here, google, "google-other")
    await connect(ada_here, google)
    assert isinstance(await outcome_of(leave(ada_here, google, "google-other")), AlreadyOn)
    late = await come_back(waiting, actor=ada_here)
    assert isinstance(late.refusal, AlreadyOn)
    assert [row.subject for row in await rows(Connection)] == [ADA_AT_GOOGLE]


async def test_a_provider_that_is_down_costs_nothing(ada_here: Actor, google: Provider) -> None:
    google.stop()
    await allow(ada_here, "connect_provider", "google")
    refused = await outcome_of(connections.begin(ada_here, "google"))
    assert isinstance(refused, ProviderUnavailable)
    google.start()
    assert await connections.begin(ada_here, "google")


async def test_s64_an_identity_of_another_account_is_refused(
    ada_here: Actor, google: Provider
) -> None:
    eve, _ = await open_session(await make_account("eve@example.org"), "eve's")
    await connect(ada_here, google)
    arrived = await connect(eve, google)
    assert isinstance(arrived.refusal, ConnectedElsewhere)
    assert EMAIL not in arrived.refusal.sentence
    assert [row.account_id for row in await rows(Connection)] == [ada_here.account_id]
    assert await log_of(eve.account_id) == []


async def test_s63_of_two_accounts_at_once_one_gets_the_identity(
    ada_here: Actor, google: Provider
) -> None:
    eve, _ = await open_session(await make_account("eve@example.org"), "eve's")
    answers = [(actor, await leave(actor, google)) for actor in (ada_here, eve)]
    arrived = await asyncio.gather(
        *(come_back(answer, visitor=actor.visitor, actor=actor) for actor, answer in answers)
    )
    refusals = [each.refusal for each in arrived]
    assert refusals.count(None) == 1
    assert sum(isinstance(refusal, ConnectedElsewhere) for refusal in refusals) == 1
    assert len(await rows(Connection)) == 1
    assert await kinds_of_mail() == ["provider_connected"]


async def test_to_disconnect_takes_a_grant_for_this_one(ada_here: Actor, google: Provider) -> None:
    await connect(ada_here, google)
    [row] = await rows(Connection)
    for target in ("", "google", new_id()):
        await allow(ada_here, "disconnect_provider", target)
    refused = await outcome_of(connections.disconnect(ada_here, row.id))
    assert isinstance(refused, StepUpRequired)
    assert await disconnect(ada_here, row.id) == "Google"
    assert isinstance(await disconnect(ada_here, row.id), NotConnected)


async def test_s56_nobody_disconnects_somebody_elses(ada_here: Actor, google: Provider) -> None:
    await connect(ada_here, google)
    [row] = await rows(Connection)
    eve, _ = await open_session(await make_account("eve@example.org"), "eve's")
    for connection_id in (row.id, new_id(), "", "x" * 500, "\x00"):
        asked = await outcome_of(connections.target_to_disconnect(eve, connection_id))
        assert isinstance(asked, NotConnected)
        if connection_id:
            asked = await outcome_of(connections.target_that_waits(eve, connection_id))
            assert isinstance(asked, NotConnected)
    assert isinstance(await disconnect(eve, row.id), NotConnected)
    assert len(await rows(Connection)) == 1


async def test_s66_the_last_way_in_stays_until_there_is_a_password(
    newcomer: Actor, google: Provider, postbox: Postbox
) -> None:
    await connect(newcomer, google)
    [row] = await rows(Connection)
    asked = await outcome_of(connections.target_to_disconnect(newcomer, row.id))
    assert isinstance(asked, LastWayIn)
    assert asked.provider == "Google"
    assert isinstance(await disconnect(newcomer, row.id), LastWayIn)
    code = await code_for(newcomer, "set_first_password", postbox)
    await passwords.set_first_password(newcomer, new=PASSWORD, repeat=PASSWORD, code=code)
    assert await disconnect(newcomer, row.id) == "Google"


async def test_s66_a_way_nobody_can_go_is_none(
    newcomer: Actor, google: Provider, environment: SetEnvironment
) -> None:
    """A provider that is not configured, or another one under the same name, signs nobody in."""
    await connect(newcomer, google)
    [row] = await rows(Connection)
    await plant(newcomer.account_id, "apple", "https://apple.example")
    assert isinstance(await disconnect(newcomer, row.id), LastWayIn)
    environment(APPLE_CLIENT_ID="client", APPLE_ISSUER="https://other.example")
    assert isinstance(await disconnect(newcomer, row.id), LastWayIn)
    environment(APPLE_ISSUER="https://apple.example")
    assert await disconnect(newcomer, row.id) == "Google"


async def test_s66_of_two_disconnects_at_once_one_stays(
    ada: Account, newcomer: Actor, google: Provider, environment: SetEnvironment
) -> None:
    await connect(newcomer, google)
    environment(APPLE_CLIENT_ID="client", APPLE_ISSUER="https://apple.example")
    await plant(newcomer.account_id, "apple", "https://apple.example")
    at_phone, _ = await open_session(ada, "phone")
    first, second = await rows(Connection)
    ends = await asyncio.gather(disconnect(newcomer, first.id), disconnect(at_phone, second.id))
    assert sum(isinstance(end, LastWayIn) for end in ends) == 1
    assert sum(end in {"Google", "Apple"} for end in ends) == 1
    assert len(await rows(Connection)) == 1
