"""What the Connected accounts card knows and what its buttons do."""

import dataclasses

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import connections, identities, providers, sso
from security_app.accounts.identities import Connected
from security_app.accounts.provider_errors import LastWayIn
from security_app.clock import iso
from security_app.web.access import Events, NextEvent
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.dialogs import HasDialog
from security_app.web.door import DoorState
from security_app.web.forms import refusals, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import StepUpState, ask_before


@dataclasses.dataclass(frozen=True)
class ProviderRow:
    """A provider, as the view shows it; ``id`` is empty while it is not connected.

    ``is_managing`` is whether the account cannot do without it: its organization says so.
    ``will_manage`` is whether it would be so once it is connected.
    """

    key: str
    name: str
    id: str = ""
    email: str = ""
    subject: str = ""
    connected_at: str = ""
    last_used_at: str = ""
    is_managing: bool = False
    will_manage: bool = False


class ConnectedAccountsState(Card, HasDialog, rx.State):
    """Browser: a row for each provider, how many are connected, which one is being asked.

    The dialog is about the only way to sign in: its name, and the connection's id.
    """

    rows: list[ProviderRow] = []
    connected: int = 0
    leaving_for: str = ""
    only_way: str = ""
    only_way_id: str = ""

    @rx.event
    async def connect_provider(self, provider: str) -> Events:
        """Leave for a provider, to come back with an identity that is connected.

        Policy: signed in, confirmed address, grant of connect_provider for this
        provider, which it spends. Audit: connection.added.
        """
        self.leaving_for = provider
        yield
        async with refusals(self):
            path = await connections.begin(current_actor(), provider)
            door = await self.get_state(DoorState)
            door.leave_to = path
        if self.errors:
            await tell_refusal(self)
            await self._load()

    @rx.event
    async def ask_to_disconnect(self, connection_id: str) -> NextEvent:
        """Ask for proof of identity; says what to do first where it is the only way in.

        Policy: signed in, own connections only.
        """
        async with refusals(self):
            try:
                await connections.target_to_disconnect(current_actor(), connection_id)
            except LastWayIn as refusal:
                self.only_way, self.only_way_id = refusal.provider, connection_id
                self.is_open = True
                return None
            return StepUpState.ask_about("disconnect_provider", connection_id)
        await tell_refusal(self)
        await self._load()
        return None

    @rx.event
    async def disconnect(self, connection_id: str) -> None:
        """Disconnect.

        Policy: signed in, own connections only, grant of disconnect_provider for this
        one, which it spends. Audit: connection.removed.
        """
        async with refusals(self):
            name = await connections.disconnect(current_actor(), connection_id)
            await notify(self, "success", f"{name} is disconnected.")
        await tell_refusal(self)
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        """Providers on offer first, then what is connected and on offer no more."""
        account_id = current_actor().account_id
        connected = await identities.of_account(db, account_id)
        manager = await sso.manager_of(db, account_id)
        managing = providers.sso_provider(manager).key if manager else ""
        rows = {
            each.provider: _row(each, is_managing=each.provider == managing) for each in connected
        }
        offered = {
            each.key: ProviderRow(
                each.key,
                each.name,
                will_manage=await sso.would_manage(db, account_id, each.sso_connection_id),
            )
            for each in await identities.offered(db, account_id)
        }
        self.rows = list((offered | rows).values())
        self.connected = len(connected)
        self.leaving_for = ""


def _row(connected: Connected, *, is_managing: bool) -> ProviderRow:
    return ProviderRow(
        key=connected.provider,
        name=connected.name,
        id=connected.id,
        email=connected.email,
        subject=connected.subject,
        connected_at=iso(connected.connected_at),
        last_used_at=iso(connected.last_used_at),
        is_managing=is_managing,
    )


ask_before(
    "connect_provider",
    ConnectedAccountsState.connect_provider,
    title="Connect account",
    explanation="You sign in at {name} next; from then on it signs you in here.",
    find_target=connections.target_to_connect,
)
ask_before(
    "disconnect_provider",
    ConnectedAccountsState.disconnect,
    title="Disconnect account",
    explanation="{name} will no longer sign you in. You can connect it again.",
    button="Disconnect",
    is_danger=True,
    find_target=connections.target_to_disconnect,
)
