"""The buttons that sign people in, or up, through somebody else."""

from dataclasses import dataclass
from urllib.parse import quote

import reflex as rx

from security_app.accounts import provider_sign_in, providers
from security_app.accounts.activity_words import PROVIDER_NAMES
from security_app.accounts.provider_errors import OrganizationFull, ProviderRefusal
from security_app.accounts.sso import ManagedBySso
from security_app.accounts.tickets import safe_path
from security_app.web.access import Events, NextEvent, Public, RawForm
from security_app.web.context import current_visitor
from security_app.web.door import DoorState
from security_app.web.forms import Email, Form, HasErrors, parse, refusals, required

SSO_PATH = "/sign-in/sso"


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider people may choose: its key and what its button says."""

    key: str
    label: str


class SsoForm(Form):
    """The one field of the page."""

    email: Email


class ProviderDoorState(Public, HasErrors, rx.State):
    """Browser: the providers on offer, which one was chosen, the address typed, refusals."""

    choices: list[Choice] = []
    chosen: str = ""
    email: str = ""

    @rx.event
    async def load(self) -> None:
        """Read which providers there are; says why a round trip failed. Policy: anybody."""
        query = self.router.url.query_parameters
        self.choices = [
            Choice(provider.key, f"Continue with {provider.name}")
            for provider in providers.public_providers()
        ]
        self.chosen, self.is_busy = "", False
        sentence = refusal_sentence(query.get("refusal", ""), query.get("provider", ""))
        self.errors = {"form": sentence} if sentence else {}

    @rx.event
    async def go_on(self, provider: str) -> Events:
        """Begin to sign in with a provider.

        Policy: anybody. Limit: 60 in 5 minutes a network.
        """
        self.chosen = provider
        self.is_busy = True
        yield
        async with refusals(self):
            path = await provider_sign_in.begin(
                current_visitor(), provider, next_path=self._next_path()
            )
            await self._leave(path)
        if self.errors:
            self.chosen = ""

    @rx.event
    async def choose_sso(self) -> NextEvent:
        """Go to the page that asks for the work address. Policy: anybody."""
        back = safe_path(self._next_path())
        return rx.redirect(f"{SSO_PATH}?next={quote(back)}" if back else SSO_PATH)

    @rx.event
    async def go_on_with_sso(self, form: RawForm) -> Events:
        """Begin to sign in with the provider of an address's organization.

        Policy: anybody. Limit: 60 in 5 minutes a network.
        """
        self.is_busy = True
        yield
        async with refusals(self):
            filled = parse(SsoForm, form)
            self.email = filled.email
            path = await provider_sign_in.begin_sso(
                current_visitor(),
                email=required(filled.email, "email", "Enter your work e-mail address."),
                next_path=self._next_path(),
            )
            await self._leave(path)

    def _next_path(self) -> str:
        return self.router.url.query_parameters.get("next", "")

    async def _leave(self, path: str) -> None:
        door = await self.get_state(DoorState)
        door.leave_to = path


def refusal_sentence(code: str, provider: str) -> str:
    """Why a round trip failed, by what the address says of it; "" for what nobody here said."""
    name = PROVIDER_NAMES.get(provider.partition("-")[0])
    if name is None or not code:
        return ""
    for refusal in ProviderRefusal.__subclasses__():
        if refusal.code == code:
            return refusal(name).sentence
    for refusal in (ManagedBySso, OrganizationFull):
        if refusal.code == code:
            return refusal.sentence
    return f"{name} could not be used. Please try again."
