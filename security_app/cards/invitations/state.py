"""What the Invitations card knows and what its buttons do: those sent, and those received."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import invitations, memberships
from security_app.cards.members.roles import RoleChoice, role_choices, role_name
from security_app.clock import iso
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.dialogs import HasDialog
from security_app.web.forms import (
    Email,
    Form,
    Line,
    parse,
    refusals,
    required,
    tell_refusal,
)
from security_app.web.notices import notify


@dataclasses.dataclass(frozen=True)
class SentRow:
    """An invitation that waits for its answer."""

    id: str
    email: str
    role: str
    expires_at: str
    may_change: bool


@dataclasses.dataclass(frozen=True)
class OfferRow:
    """An invitation to the person themselves."""

    id: str
    organization: str
    role: str
    by: str
    expires_at: str


class InviteForm(Form):
    """The fields of the dialog."""

    email: Email
    role: Line = ""


class InvitationsState(Card, HasDialog, rx.State):
    """Browser: what was sent, what was received, whether the dialog is open."""

    sent: list[SentRow] = []
    offers: list[OfferRow] = []
    may_invite: bool = False
    roles: list[RoleChoice] = []

    @rx.event
    async def invite(self, form: RawForm) -> Events:
        """Invite an address; the answer never tells whether it has an account.

        Policy: signed in, owner, super admin or admin, no role above their own.
        Limit: 5 mails an hour an address, 20 an account and a network.
        Audit: organization.invited.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(InviteForm, form)
            email = required(filled.email, "email", "Enter an e-mail address.")
            role = required(filled.role, "role", "Choose a role.")
            address = await invitations.invite(current_actor(), email=email, role=role)
            self.is_open = False
            await notify(self, "success", f"We mailed the invitation to {address.email}.")
        await self._load()

    @rx.event
    async def send_again(self, invitation_id: str) -> None:
        """Mail an invitation once more.

        Policy: signed in, owner, super admin or admin, own organization only.
        Limit: 5 mails an hour an address. Audit: organization.invited_again.
        """
        async with refusals(self):
            address = await invitations.send_again(current_actor(), invitation_id)
            await notify(self, "success", f"We mailed the invitation to {address.email} again.")
        await self._tell()

    @rx.event
    async def withdraw(self, invitation_id: str) -> None:
        """Take an invitation back.

        Policy: signed in, owner, super admin or admin, own organization only.
        Audit: organization.withdrawn.
        """
        async with refusals(self):
            await invitations.withdraw(current_actor(), invitation_id)
            await notify(self, "success", "The invitation is withdrawn.")
        await self._tell()

    @rx.event
    async def join(self, invitation_id: str) -> None:
        """Accept an invitation.

        Policy: signed in, the confirmed address that was invited, in no organization.
        Audit: organization.joined.
        """
        async with refusals(self):
            await invitations.join(current_actor(), invitation_id)
            await notify(self, "success", "Welcome: you belong to the organization now.")
        await self._tell()

    @rx.event
    async def decline(self, invitation_id: str) -> None:
        """Turn an invitation down.

        Policy: signed in, the confirmed address that was invited. Audit: organization.declined.
        """
        async with refusals(self):
            await invitations.decline(current_actor(), invitation_id)
            await notify(self, "success", "You turned the invitation down.")
        await self._tell()

    async def _tell(self) -> None:
        if sentence := self.errors.get("role"):
            # There is no form whose field could say it.
            self.errors = {"form": sentence}
        await tell_refusal(self)
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        actor = current_actor()
        place = await memberships.standing(db, actor)
        self.may_invite = place is not None and place.may("invite")
        self.roles = role_choices(place.roles) if place and self.may_invite else []
        waiting = await invitations.waiting(db, place) if place and self.may_invite else []
        self.sent = [
            SentRow(
                each.id, each.email, role_name(each.role), iso(each.expires_at), each.may_change
            )
            for each in waiting
        ]
        self.offers = [
            OfferRow(
                each.id, each.organization, role_name(each.role), each.by, iso(each.expires_at)
            )
            for each in await invitations.offered(db, actor)
        ]
