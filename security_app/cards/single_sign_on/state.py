"""What the Single sign-on card knows and what its buttons do."""

import dataclasses
import re
from typing import Annotated, Final

import reflex as rx
from pydantic import StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import (
    email_codes,
    memberships,
    sso_domain_check,
    sso_overview,
    sso_settings,
    sso_terms,
    step_up,
)
from security_app.accounts.email_codes import MailedCode
from security_app.accounts.sso_overview import WaitingDomain
from security_app.accounts.step_up import Proofs
from security_app.clock import iso
from security_app.web.access import Events, RawForm
from security_app.web.card import Card
from security_app.web.code_proof import StepUpProof
from security_app.web.context import current_actor
from security_app.web.forms import Form, Line, Secret, parse, refusals, tell_refusal
from security_app.web.notices import notify

_ACTION: Final = "configure_sso"
_STEPS: Final = ("set_up", "change", "remove")


class SsoSettingsForm(Form):
    """The dialog that describes the provider, with the proofs it asks."""

    name: Line = ""
    issuer: Secret = ""
    client_id: Secret = ""
    client_secret: Secret = ""
    domains: Annotated[str, StringConstraints(max_length=3000)] = ""
    password: Secret = ""
    code: Line = ""


class SsoRemovalForm(Form):
    """The proofs the dialog of the removal asks."""

    password: Secret = ""
    code: Line = ""


@dataclasses.dataclass(frozen=True)
class DomainRow:
    """A domain that waits for its record; ``finding`` is "" before the first look for it."""

    domain: str
    record_name: str
    record_value: str
    finding: str
    checked_at: str


class SingleSignOnState(Card, StepUpProof, rx.State):
    """Browser: the organization's provider, which dialog is open; never the client secret.

    ``step`` is "set_up", "change", "remove", "done" or "". ``name`` is "" without a
    provider; issuer, client id, redirect address and the domains that wait for their
    proof are there for owners only. ``domains`` are the proven ones, ``described`` all;
    ``checking`` is the one DNS is being asked about.
    """

    name: str = ""
    domains: str = ""
    described: str = ""
    waiting: list[DomainRow] = []
    checking: str = ""
    members: str = ""
    issuer: str = ""
    client_id: str = ""
    redirect_uri: str = ""
    may_change: bool = False
    step: str = ""

    @rx.event
    async def start(self, step: str) -> Events:
        """Open one of the card's dialogs; mails the code where it is the one asked.

        Policy: signed in, owner. Limit: one mail a minute, 5 an hour, 10 a day an account.
        """
        async with refusals(self):
            await sso_settings.require_owner(current_actor())
            self._ask_for(await step_up.needed(current_actor(), _ACTION))
            self.step = step if step in _STEPS else ""
        if self.errors:
            await tell_refusal(self)
            return
        async for shown in self._mail_if_asked():
            yield shown

    @rx.event
    async def save(self, form: RawForm) -> Events:
        """Describe the provider, for the first time or anew.

        Policy: signed in, owner, the proofs of configure_sso. Limit: 20 an hour an
        organization; 5 wrong passwords in 5 minutes a session, 10 wrong codes in 15
        minutes an account. Audit: organization.sso_configured.
        """
        self.is_busy = True
        yield
        is_new = self.step == "set_up"
        async with refusals(self):
            filled = parse(SsoSettingsForm, form)
            terms = sso_terms.accepted(
                name=filled.name,
                issuer=filled.issuer,
                client_id=filled.client_id,
                client_secret=filled.client_secret,
                domains=[each for each in re.split(r"[,;\s]+", filled.domains) if each],
            )
            write = sso_settings.configure if is_new else sso_settings.change
            proofs = Proofs(filled.password, filled.code, self.mode)
            await write(current_actor(), terms, proofs)
            self.step = "done" if is_new else ""
            if not is_new:
                await notify(self, "success", "Single sign-on is changed.")
        await self._load()

    @rx.event
    async def check_domain(self, domain: str) -> Events:
        """Look for the DNS record of a domain; it counts once the record is found.

        Policy: signed in, owner, own organization only. Limit: 20 a minute, 60 an hour an
        organization. Audit: organization.sso_domain_proven.
        """
        self.checking = domain
        yield
        async with refusals(self):
            if await sso_domain_check.check(current_actor(), domain) == "proven":
                await notify(self, "success", f"{domain} is proven.")
            else:
                await notify(self, "warning", f"{domain} is not proven yet.")
        self.checking = ""
        await tell_refusal(self)
        await self._load()

    @rx.event
    async def remove(self, form: RawForm) -> Events:
        """Let nobody sign in through the provider any more.

        Policy: signed in, owner, the proofs of configure_sso. Limit: 5 wrong passwords in
        5 minutes a session, 10 wrong codes in 15 minutes an account. Audit:
        organization.sso_removed.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(SsoRemovalForm, form)
            proofs = Proofs(filled.password, filled.code, self.mode)
            name = await sso_settings.remove(current_actor(), proofs)
            self.step = ""
            await notify(self, "warning", f"Nobody signs in through {name} any more.")
        await self._load()

    @rx.event
    async def toggle(self, is_open: bool) -> None:
        """Close the dialog. Policy: signed in."""
        if not is_open:
            self.step = ""
            self.errors = {}

    async def _read(self, db: AsyncSession) -> None:
        place = await memberships.standing(db, current_actor())
        found = None
        if place is not None and place.may("read"):
            found = await sso_overview.of_organization(db, place)
        self.may_change = place is not None and place.may("sso")
        self.name = found.name if found else ""
        self.domains = ", ".join(found.domains) if found else ""
        self.waiting = [_row(each) for each in found.waiting] if found else []
        self.described = ", ".join(found.described) if found else ""
        self.issuer = found.issuer if found else ""
        self.client_id = found.client_id if found else ""
        self.redirect_uri = found.redirect_uri if found else ""
        self.members = _counted(found.members) if found else ""

    async def _send(self) -> MailedCode:
        return await email_codes.send_for_step_up(current_actor(), _ACTION)

    async def _standing(self) -> MailedCode:
        return await email_codes.standing_for_step_up(current_actor(), _ACTION)


def _row(waiting: WaitingDomain) -> DomainRow:
    return DomainRow(
        waiting.domain,
        waiting.record_name,
        waiting.record_value,
        waiting.finding,
        iso(waiting.checked_at),
    )


def _counted(members: int) -> str:
    """How many sign in through it, as the beginning of a sentence; "" for nobody."""
    if members == 1:
        return "1 person signs in through it"
    return f"{members} people sign in through it" if members else ""
