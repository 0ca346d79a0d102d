"""What the Organization card knows and what its buttons do."""

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import memberships, organizations
from security_app.accounts.errors import Refused
from security_app.cards.members.roles import role_name
from security_app.cards.organization.requirement import what_happened, what_will_happen
from security_app.db.engine import reading
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.dialogs import HasDialogs
from security_app.web.forms import Form, Line, parse, refusals, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import ask_before

#: Dialogs that say whom a change of the requirement touches → what it is changed to.
_REQUIREMENTS = {"require_2fa": True, "make_2fa_optional": False}
_DIALOGS = ("create", "rename", "leave", *_REQUIREMENTS)
#: People without a second factor whom the dialog names; more it counts.
_NAMED = 5


class OrganizationNameForm(Form):
    """The field of the dialogs that name an organization."""

    name: Line


class OrganizationState(Card, HasDialogs, rx.State):
    """Browser: the organization, the role, what the role allows, which dialog is open.

    While the dialog about the requirement is open, also whom it touches.
    """

    organization_id: str = ""
    name: str = ""
    role: str = ""
    members: str = ""
    protected: str = ""
    requires_2fa: bool = False
    is_shut: bool = False
    rights: list[str] = []
    consequence: str = ""
    touched: list[str] = []

    @rx.event
    async def open_dialog(self, dialog: str) -> None:
        """Open one of the card's dialogs. Policy: signed in."""
        self.dialog = ""
        async with refusals(self):
            if dialog in _REQUIREMENTS:
                async with reading() as db:
                    await self._foresee(db, is_required=_REQUIREMENTS[dialog])
            self.dialog = dialog if dialog in _DIALOGS else ""
        await tell_refusal(self)

    @rx.event
    async def create(self, form: RawForm) -> Events:
        """Make an organization.

        Policy: signed in, confirmed address, in no organization. Audit: organization.created.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(OrganizationNameForm, form)
            await organizations.create(current_actor(), name=filled.name)
            self.dialog = ""
            await notify(self, "success", "Your organization is ready. Invite your people.")
        await self._load()

    @rx.event
    async def rename(self, form: RawForm) -> Events:
        """Give the organization another name.

        Policy: signed in, owner, super admin or admin. Audit: organization.renamed.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(OrganizationNameForm, form)
            await organizations.rename(current_actor(), name=filled.name)
            self.dialog = ""
            await notify(self, "success", "The new name is saved.")
        await self._load()

    @rx.event
    async def change_requirement(self, form: RawForm) -> Events:
        """Let members in with a second factor only, or without, as the open dialog says.

        Policy: signed in, owner or super admin who has one. Limit: required 3 times an hour
        an organization. Audit: organization.2fa_required, organization.2fa_optional.
        """
        is_required = _REQUIREMENTS.get(self.dialog)
        if is_required is None:
            return
        self.is_busy = True
        yield
        async with refusals(self):
            told = await organizations.require_2fa(current_actor(), is_required=is_required)
            self.dialog = ""
            await notify(self, "success", what_happened(told, is_required=is_required))
        await self._load()
        if not self.dialog:
            # Closed by what has changed meanwhile.
            await tell_refusal(self)

    @rx.event
    async def leave(self, form: RawForm) -> Events:
        """Leave the organization.

        Policy: signed in, not the last owner. Audit: organization.left.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            provider = await organizations.leave(current_actor())
            self.dialog = ""
            await notify(self, "success", f"You left the organization.{_way_in(provider)}")
        await self._load()

    @rx.event
    async def delete(self, organization_id: str) -> None:
        """Delete the organization.

        Policy: signed in, owner, grant of delete_organization for this one, which it spends.
        Audit: organization.deleted.
        """
        async with refusals(self):
            await organizations.delete_organization(current_actor(), organization_id)
            await notify(self, "success", "The organization is deleted.")
        await tell_refusal(self)
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        actor = current_actor()
        place = await memberships.standing(db, actor)
        self.organization_id = place.organization_id if place else ""
        self.name = place.name if place else ""
        self.role = role_name(place.role) if place else ""
        self.requires_2fa = place.requires_2fa if place else False
        self.is_shut = place.is_shut if place else False
        self.rights = sorted(place.rights) if place else []
        self.members = self.protected = ""
        if place is not None and place.may("read"):
            overview = await organizations.overview(db, actor)
            self.members = "1 member" if overview.members == 1 else f"{overview.members} members"
            if overview.protected is not None:
                self.protected = f"{overview.protected} of {overview.members}"
        is_required = _REQUIREMENTS.get(self.dialog)
        if is_required is None:
            self.consequence, self.touched = "", []
        elif self.requires_2fa is is_required:
            # Somebody else was quicker.
            self.dialog = ""
        else:
            try:
                await self._foresee(db, is_required=is_required)
            except Refused:
                self.dialog = ""

    async def _foresee(self, db: AsyncSession, *, is_required: bool) -> None:
        affected = await organizations.affected_by_2fa(db, current_actor(), is_required=is_required)
        self.touched = [*affected.without_2fa] if len(affected.without_2fa) <= _NAMED else []
        self.consequence = what_will_happen(affected, is_required=is_required)


def _way_in(provider: str) -> str:
    """How somebody gets in whom a provider signed in until now, as a further sentence."""
    if not provider:
        return ""
    return (
        f" {provider} no longer signs you in: your password does. If you have none, set one on "
        "the Security page."
    )


ask_before(
    "delete_organization",
    OrganizationState.delete,
    title="Delete organization",
    explanation=(
        "Deletes {name} with its members' places, invitations and releases, at once and for good."
    ),
    button="Confirm",
    is_danger=True,
    find_target=organizations.find_to_delete,
)
