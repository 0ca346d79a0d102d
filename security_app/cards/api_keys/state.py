"""What the API keys card knows and what the buttons of its rows do."""

import dataclasses
from datetime import timedelta

import reflex as rx
from sqlmodel.ext.asyncio.session import AsyncSession

from security_app.accounts import api_key_changes, api_key_list, api_keys
from security_app.accounts.api_key_list import ShownKey
from security_app.clock import iso, now
from security_app.settings import get_settings
from security_app.web.card import Card
from security_app.web.context import current_actor
from security_app.web.forms import HasErrors, refusals, tell_refusal
from security_app.web.notices import notify
from security_app.web.step_up_state import ask_before

#: Rows shown at first, and added by "Show more".
_PAGE_ROWS = 20
#: Each is made with a step-up, and one that expired is listed for a month: nobody has more.
_MAX_ROWS = 500
#: A key that ends this soon is marked.
_SOON = timedelta(days=7)


@dataclasses.dataclass(frozen=True)
class KeyRow:
    """One row of the list, as the view shows it."""

    id: str
    name: str
    hint: str
    scopes: list[str]
    created_at: str
    expires_at: str
    ends_soon: bool
    last_used_at: str
    last_used_place: str
    status: str


class ApiKeysState(Card, HasErrors, rx.State):
    """Browser: the keys without the keys, how many work, an example to try one with."""

    rows: list[KeyRow] = []
    working: int = 0
    has_more: bool = False
    example: str = ""
    _shown: int = _PAGE_ROWS

    @rx.event
    async def show_more(self) -> None:
        """Show the next rows. Policy: signed in."""
        self._shown = min(self._shown + _PAGE_ROWS, _MAX_ROWS)
        await self._load()

    @rx.event
    async def revoke(self, key_id: str) -> None:
        """Revoke a key.

        Policy: signed in, own keys only, grant of revoke_api_key for this key, which it
        spends. Audit: api_key.revoked.
        """
        async with refusals(self):
            await api_key_changes.revoke(current_actor(), key_id)
            await notify(self, "success", "The API key is revoked. It works no more.")
        await tell_refusal(self)
        await self._load()

    @rx.event
    async def revoke_all(self, target_id: str) -> None:
        """Revoke every key.

        Policy: signed in, grant of revoke_api_keys, which it spends. Audit:
        api_keys.revoked.
        """
        async with refusals(self):
            revoked = await api_key_changes.revoke_all(current_actor(), target_id)
            await notify(self, "success", _revoked_sentence(revoked))
        await tell_refusal(self)
        await self._load()

    async def _read(self, db: AsyncSession) -> None:
        """The list as far as it was shown."""
        actor = current_actor()
        page = await api_key_list.list_keys(db, actor, limit=self._shown)
        self.rows = [_row(key) for key in page.items]
        self.working = await api_keys.count_live(db, actor.account_id)
        self.has_more = bool(page.next) and self._shown < _MAX_ROWS
        site = get_settings().public_url
        self.example = f'curl -H "Authorization: Bearer $API_KEY" {site}/api/v1/me'


def _row(key: ShownKey) -> KeyRow:
    return KeyRow(
        id=key.id,
        name=key.name,
        hint=f"{key.prefix}…{key.last_four}",
        scopes=list(key.scopes),
        created_at=iso(key.created_at),
        expires_at=iso(key.expires_at),
        ends_soon=key.status == "active" and key.expires_at <= now() + _SOON,
        last_used_at=iso(key.last_used_at),
        last_used_place=key.last_used_place,
        status=key.status,
    )


def _revoked_sentence(count: int) -> str:
    if count == 1:
        return "1 API key is revoked. It works no more."
    return f"{count} API keys are revoked. They work no more."


ask_before(
    "revoke_api_key",
    ApiKeysState.revoke,
    title="Revoke API key",
    explanation="“{name}” stops working at once, for good: whatever uses it is locked out.",
    button="Confirm",
    is_danger=True,
    find_target=api_key_changes.find_target,
)
ask_before(
    "revoke_api_keys",
    ApiKeysState.revoke_all,
    title="Revoke all API keys",
    explanation="Every key stops working at once, for good: whatever uses one is locked out.",
    button="Confirm",
    is_danger=True,
    find_target=api_key_changes.find_all,
)
