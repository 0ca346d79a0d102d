"""What the Members card knows and what its buttons do."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import members, memberships
from security_app.accounts.members import Member
from security_app.cards.members.roles import RoleChoice, role_choices, role_name
from security_app.clock import iso
from security_app.limits import MAX_MEMBERS
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.dialogs import HasDialogs
from security_app.web.forms import Form, Line, parse, refusals, required, tell_refusal
from security_app.web.notices import notify

#: Rows shown at first, and added by "Show more".
PAGE_ROWS = 20
#: Beside the roles: the other one becomes the owner, and the actor a super admin.
_HAND_OVER = RoleChoice("hand_over", "Owner in your place", "You become a super admin.")


@dataclasses.dataclass(frozen=True)
class MemberRow:
    """One row of the list; ``two_factor`` is "on", "off", "managed" or "" where it is not shown."""

    id: str
    title: str
    email: str
    role: str
    role_name: str
    joined_at: str
    is_self: bool
    two_factor: str
    reminded_at: str
    may_change: bool
    may_remove: bool
    may_remind: bool


class RoleForm(Form):
    """The choice of the role dialog."""

    role: Line = ""


class MembersState(Card, HasDialogs, rx.State):
    """Browser: the rows shown so far, the dialog that is open and whom it is about."""

    rows: list[MemberRow] = []
    has_more: bool = False
    roles: list[RoleChoice] = []
    subject: str = ""
    subject_name: str = ""
    subject_role: str = ""
    _shown: int = PAGE_ROWS

    @rx.event
    async def show_more(self) -> None:
        """Show the next rows. Policy: signed in."""
        self._shown = min(self._shown + PAGE_ROWS, MAX_MEMBERS)
        await self._load()

    @rx.event
    async def ask_role(self, account_id: str) -> None:
        """Open the dialog that changes a member's role. Policy: signed in."""
        await self._ask("role", account_id)

    @rx.event
    async def ask_removal(self, account_id: str) -> None:
        """Open the dialog that removes a member. Policy: signed in."""
        await self._ask("remove", account_id)

    @rx.event
    async def change_role(self, form: RawForm) -> Events:
        """Give the member another role.

        Policy: signed in, owner or super admin, nobody and no role above their own.
        Audit: organization.role_given, organization.role_changed.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            role = required(parse(RoleForm, form).role, "role", "Choose a role.")
            if role == _HAND_OVER.value:
                await members.hand_over(current_actor(), self.subject)
            else:
                await members.change_role(current_actor(), self.subject, role=role)
            self.dialog = ""
            await notify(self, "success", f"The role of {self.subject_name} is changed.")
        await self._load()

    @rx.event
    async def remove(self, form: RawForm) -> Events:
        """Take the member out of the organization.

        Policy: signed in, owner, super admin or admin, nobody above their own role.
        Audit: organization.member_removed, organization.removed.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            await members.remove(current_actor(), self.subject)
            self.dialog = ""
            await notify(self, "success", f"{self.subject_name} is no longer a member.")
        await self._load()

    @rx.event
    async def remind(self, account_id: str) -> None:
        """Ask a member by mail to turn two-factor authentication on.

        Policy: signed in, owner or super admin. Limit: one mail a day a member.
        Audit: organization.reminded.
        """
        async with refusals(self):
            await members.remind(current_actor(), account_id)
            await notify(self, "success", "We mailed the reminder.")
        await tell_refusal(self)
        await self._load()

    async def _ask(self, dialog: str, account_id: str) -> None:
        """Open a dialog about somebody the list shows; anybody else opens nothing."""
        self.errors = {}
        for row in self.rows:
            if row.id == account_id:
                self.dialog, self.subject = dialog, row.id
                self.subject_name, self.subject_role = row.title, row.role
                await self._offer_roles()

    async def _offer_roles(self) -> None:
        given, may_hand_over = await members.roles_to_give(current_actor(), self.subject)
        self.roles = [*role_choices(given), *([_HAND_OVER] if may_hand_over else [])]

    async def _read(self, db: AsyncSession) -> None:
        actor = current_actor()
        place = await memberships.standing(db, actor)
        found: list[Member] = []
        if place is not None and place.may("read"):
            found = await members.listing(db, place, actor, limit=self._shown + 1)
        self.rows = [_row(member) for member in found[: self._shown]]
        self.has_more = len(found) > self._shown


def _row(member: Member) -> MemberRow:
    return MemberRow(
        id=member.account_id,
        title=member.name or member.email,
        email=member.email if member.name else "",
        role=member.role,
        role_name=role_name(member.role),
        joined_at=iso(member.joined_at),
        is_self=member.is_self,
        two_factor=_two_factor(member),
        reminded_at=iso(member.reminded_at) if member.reminded_at else "",
        may_change=member.may_change,
        may_remove=member.may_remove,
        may_remind=member.may_remind,
    )


def _two_factor(member: Member) -> str:
    if member.is_managed:
        return "managed"
    return {None: "", True: "on", False: "off"}[member.has_2fa]
