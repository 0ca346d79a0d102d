"""The workspace over raw sockets: foreign ids, wrong roles, no proof, hostile names.

S-33, S-42, S-54, S-56, S-57, S-59, S-83, S-89.
"""

import dataclasses
from typing import Any

import pytest
from sqlmodel import select

from security_app.accounts.hashing import _hash
from security_app.clock import now
from security_app.db.tables import Membership, Organization, Pin, Release, StepUpGrant, new_id
from tests.attacks.people import fresh_address
from tests.attacks.raw_client import RawClient, handler
from tests.server import Browser, Person, Server

ORGANIZATION = "cards.organization.state.OrganizationState"
MEMBERS = "cards.members.state.MembersState"
INVITATIONS = "cards.invitations.state.InvitationsState"
RELEASES = "cards.releases.state.ReleasesState"
STEP_UP = "web.step_up_state.StepUpState"
PAGE = "/workspace"
PIN = "2580"
Step = tuple[str, dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class House:
    """An organization with one of everything in it."""

    id: str
    owner: Person
    member: Person
    invitation_id: str
    waiting_id: str
    running_id: str

    @property
    def steps(self) -> list[Step]:
        """Every handler that takes an id of it, or acts on it."""
        return [
            (handler(MEMBERS, "ask_role"), {"account_id": self.member.id}),
            (handler(MEMBERS, "change_role"), {"form": {"role": "finance"}}),
            (handler(MEMBERS, "ask_removal"), {"account_id": self.member.id}),
            (handler(MEMBERS, "remove"), {"form": {}}),
            (handler(MEMBERS, "remind"), {"account_id": self.member.id}),
            (handler(INVITATIONS, "send_again"), {"invitation_id": self.invitation_id}),
            (handler(INVITATIONS, "withdraw"), {"invitation_id": self.invitation_id}),
            (handler(INVITATIONS, "join"), {"invitation_id": self.invitation_id}),
            (handler(INVITATIONS, "decline"), {"invitation_id": self.invitation_id}),
            (handler(RELEASES, "ask_start"), {"release_id": self.waiting_id}),
            (handler(RELEASES, "schedule"), {"form": {"start": "now"}}),
            (handler(RELEASES, "cancel"), {"release_id": self.waiting_id}),
            (handler(RELEASES, "force_cancel"), {"release_id": self.running_id}),
            (handler(ORGANIZATION, "delete"), {"organization_id": self.id}),
            (
                handler(STEP_UP, "ask_about"),
                {"action": "delete_organization", "target_id": self.id},
            ),
            (handler(STEP_UP, "submit"), {"form": {"pin": PIN, "confirmation": "x"}}),
            (
                handler(STEP_UP, "ask_about"),
                {"action": "cancel_release", "target_id": self.running_id},
            ),
            (handler(STEP_UP, "submit"), {"form": {"pin": PIN, "confirmation": "x"}}),
        ]


@pytest.fixture
def house(server: Server) -> House:
    return make_house(server)


def make_house(server: Server) -> House:
    owner, member = server.add_account(), server.add_account()
    house_id = server.add_organization(owner)
    server.add_member(house_id, member, "member")
    return House(
        house_id,
        owner,
        member,
        server.add_invitation(house_id, owner, f"{new_id().lower()}@example.com"),
        server.add_release(house_id),
        server.add_release(house_id, starts_in_s=-60),
    )


def _open(server: Server, browser: Browser | None) -> RawClient:
    return RawClient(server, browser=browser, path=PAGE, source=fresh_address())


def _tables(server: Server) -> dict[str, list[str]]:
    """Everything but the counters."""
    server.settle()
    return {name: rows for name, rows in server.dump().items() if "throttle" not in name}


def _give_pin(server: Server, person: Person) -> None:
    with server.rows() as rows:
        rows.add(Pin(account_id=person.id, pin_hash=_hash(PIN, "pin"), set_at=now()))
        rows.commit()


def _releases(server: Server) -> list[Release]:
    with server.rows() as rows:
        return list(rows.exec(select(Release)).all())


@pytest.mark.parametrize("attacker", ["nobody's", "another's owner"])
async def test_s56_nothing_of_another_organization_is_shown_or_changed(
    server: Server, house: House, attacker: str
) -> None:
    mallory = server.add_account()
    if attacker == "another's owner":
        server.add_organization(mallory)
    unknown = dataclasses.replace(
        house,
        id=new_id(),
        member=dataclasses.replace(house.member, id=new_id()),
        invitation_id=new_id(),
        waiting_id=new_id(),
        running_id=new_id(),
    )
    answers: list[list[str]] = []
    for target in (house, unknown):
        async with _open(server, server.add_session(mallory)) as page:
            await page.load()
            before = _tables(server)
            said = []
            for name, payload in target.steps:
                updates = repr(await page.call(name, payload))
                for secret in (house.owner.email, house.member.email, "Release "):
                    assert secret not in updates
                assert _tables(server) == before, name
                for each in dataclasses.astuple(target):
                    updates = updates.replace(each, "<id>") if isinstance(each, str) else updates
                said.append(updates.replace(target.member.id, "<id>"))
            answers.append(said)
    assert answers[0] == answers[1]


async def test_s54_a_plain_member_changes_nothing(server: Server, house: House) -> None:
    async with _open(server, server.add_session(house.member)) as page:
        await page.load()
        assert house.owner.email in page.text
        before = _tables(server)
        more: list[Step] = [
            (handler(ORGANIZATION, "rename"), {"form": {"name": "Mine"}}),
            (handler(ORGANIZATION, "open_dialog"), {"dialog": "require_2fa"}),
            (handler(ORGANIZATION, "change_requirement"), {"form": {"is_required": True}}),
            (handler(ORGANIZATION, "create"), {"form": {"name": "Mine too"}}),
            (
                handler(INVITATIONS, "invite"),
                {"form": {"email": "friend@example.com", "role": "owner"}},
            ),
            (handler(RELEASES, "create"), {"form": {"name": "Mine"}}),
            (handler(MEMBERS, "ask_role"), {"account_id": house.owner.id}),
            (handler(MEMBERS, "change_role"), {"form": {"role": "member"}}),
            (handler(MEMBERS, "ask_role"), {"account_id": house.member.id}),
            (handler(MEMBERS, "change_role"), {"form": {"role": "owner"}}),
            (handler(MEMBERS, "change_role"), {"form": {"role": "hand_over"}}),
        ]
        for name, payload in house.steps + more:
            await page.call(name, payload)
            assert _tables(server) == before, name


async def test_s33_without_the_pin_nothing_irreversible_happens(
    server: Server, house: House
) -> None:
    _give_pin(server, house.owner)
    async with _open(server, server.add_session(house.owner)) as page:
        await page.load()
        before = _tables(server)
        await page.call(handler(ORGANIZATION, "delete"), {"organization_id": house.id})
        assert "Please confirm it is you" in page.text
        await page.call(handler(RELEASES, "force_cancel"), {"release_id": house.running_id})
        assert _tables(server) == before


async def test_s33_the_pin_for_one_release_cancels_no_other(server: Server, house: House) -> None:
    _give_pin(server, house.owner)
    other = server.add_release(house.id, starts_in_s=-30)
    async with _open(server, server.add_session(house.owner)) as page:
        await page.load()
        # The grant alone, without what the dialog would run next.
        with server.rows() as rows:
            rows.add(
                StepUpGrant(
                    account_id=house.owner.id,
                    holder=_holder(server, house.owner),
                    action="cancel_release",
                    target=house.running_id,
                    expires_at=now().replace(year=now().year + 1),
                )
            )
            rows.commit()
        await page.call(handler(RELEASES, "force_cancel"), {"release_id": other})
        await page.call(handler(ORGANIZATION, "delete"), {"organization_id": house.id})
        assert all(row.cancelled_at is None for row in _releases(server) if row.id == other)
        await page.call(handler(RELEASES, "force_cancel"), {"release_id": house.running_id})
        done = {row.id for row in _releases(server) if row.cancelled_at is not None}
        assert house.running_id in done
        assert other not in done


async def test_the_dialog_with_the_pin_does_it_once(server: Server, house: House) -> None:
    _give_pin(server, house.owner)
    async with _open(server, server.add_session(house.owner)) as page:
        await page.load()
        about = {"action": "cancel_release", "target_id": house.running_id}
        await page.call(handler(STEP_UP, "ask_about"), about)
        assert page.value(STEP_UP, "needs_pin")
        await page.call(handler(STEP_UP, "submit"), {"form": {"pin": "1111"}})
        assert page.value(STEP_UP, "errors")["pin"].startswith("That is not your PIN.")
        await page.call(handler(STEP_UP, "submit"), {"form": {"pin": PIN}})
        await page.until(lambda: "The release is cancelled." in page.text)
    [row] = [row for row in _releases(server) if row.id == house.running_id]
    assert row.cancelled_at is not None


@pytest.mark.parametrize(
    "name", ["n" * 4000, "a\u202egpj.exe", "\u200f\u200f", "", " \t ", "x" * 101]
)
async def test_s83_names_no_list_can_show_are_refused(server: Server, name: str) -> None:
    person = server.add_account()
    async with _open(server, server.add_session(person)) as page:
        await page.load()
        await page.call(handler(ORGANIZATION, "create"), {"form": {"name": name}})
        assert page.value(ORGANIZATION, "errors")["name"]
    with server.rows() as rows:
        assert rows.get(Membership, person.id) is None


async def test_s89_a_name_of_a_megabyte_reaches_nobody(server: Server) -> None:
    person = server.add_account()
    page = _open(server, server.add_session(person))
    async with page:
        await page.load()
        too_long = {"form": {"name": "n" * 1_000_000}}
        await page.send_too_long(handler(ORGANIZATION, "create"), too_long)
    with server.rows() as rows:
        assert rows.get(Membership, person.id) is None


async def test_s83_markup_in_a_name_is_plain_text_everywhere(server: Server) -> None:
    person = server.add_account()
    guest = f"{new_id().lower()}@example.com"
    name = '<img src=x onerror="alert(1)">{name}'
    async with _open(server, server.add_session(person)) as page:
        await page.load()
        await page.call(handler(ORGANIZATION, "create"), {"form": {"name": name}})
        await page.call(handler(INVITATIONS, "invite"), {"form": {"email": guest, "role": "admin"}})
        house_id = page.value(ORGANIZATION, "organization_id")
        about = {"action": "delete_organization", "target_id": house_id}
        await page.call(handler(STEP_UP, "ask_about"), about)
        assert name in page.value(STEP_UP, "explanation")
    mail = server.mail_to(guest)
    assert "<img" not in mail.as_string()
    with server.rows() as rows:
        assert rows.get_one(Organization, house_id).name == name


async def test_s59_who_is_removed_holds_nothing_of_it_any_more(
    server: Server, house: House
) -> None:
    async with (
        _open(server, server.add_session(house.member)) as page,
        _open(server, server.add_session(house.owner)) as boss,
    ):
        await page.load()
        await boss.load()
        assert page.value(MEMBERS, "rows")
        await boss.call(handler(MEMBERS, "ask_removal"), {"account_id": house.member.id})
        await boss.call(handler(MEMBERS, "remove"), {"form": {}})
        # What the live page asks for when it hears of the change.
        for state in (ORGANIZATION, MEMBERS, RELEASES):
            await page.call(handler(state, "load"))
        assert page.value(MEMBERS, "rows") == []
        assert page.value(RELEASES, "rows") == []
        assert page.value(ORGANIZATION, "organization_id") == ""


async def test_s54_2fa_once_required_shuts_open_sockets_too(server: Server, house: House) -> None:
    async with _open(server, server.add_session(house.owner)) as page:
        await page.load()
        server.change(Organization, house.id, requires_2fa=True)
        before = _tables(server)
        for name, payload in [
            *house.steps[:-4],
            (handler(ORGANIZATION, "open_dialog"), {"dialog": "make_2fa_optional"}),
            (handler(ORGANIZATION, "change_requirement"), {"form": {}}),
            (handler(RELEASES, "create"), {"form": {"name": "More"}}),
        ]:
            await page.call(name, payload)
            assert _tables(server) == before, name


def _holder(server: Server, person: Person) -> str:
    from security_app.db.tables import Session

    with server.rows() as rows:
        return rows.exec(select(Session.id).where(Session.account_id == person.id)).one()


def test_every_id_taking_handler_is_among_the_steps() -> None:
    import inspect

    from security_app.cards.invitations.state import InvitationsState
    from security_app.cards.members.state import MembersState
    from security_app.cards.organization.state import OrganizationState
    from security_app.cards.releases.state import ReleasesState

    taken = {
        handler(f"cards.{state.__module__.split('.')[2]}.state.{state.__name__}", name)
        for state in (InvitationsState, MembersState, OrganizationState, ReleasesState)
        for name, each in state.event_handlers.items()
        if any(parameter.endswith("_id") for parameter in inspect.signature(each.fn).parameters)
    }
    person = Person("", "", "")
    listed = {name for name, _ in House("", person, person, "", "", "").steps}
    assert taken <= listed
