"""Which cards follow which change: what is easily forgotten when a card is added."""

import importlib

from security_app.cards.connected_accounts.state import ConnectedAccountsState
from security_app.cards.managed.state import ManagedState
from security_app.pages import security
from security_app.web.live_page import _loaders

importlib.import_module("security_app.security_app")


def test_what_an_organizations_sign_on_changes_follows_its_members_too() -> None:
    """Joining, leaving, another role: none of them touches a connected account."""
    following = {handler.state_full_name for handler in _loaders[security.ROUTE]["workspace"]}
    assert {ManagedState.get_full_name(), ConnectedAccountsState.get_full_name()} <= following
