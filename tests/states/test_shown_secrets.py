"""Every state that can show a secret says so, and forgets all of it (S-59, S-77)."""

from typing import Any

import pytest
from reflex.state import BaseState, State

from security_app.cards.api_keys.making import NewKeyState
from security_app.cards.recovery_codes.state import CodeRow, RecoveryCodesState
from security_app.cards.totp.state import TotpState
from security_app.web.vanished_tabs import ShowsSecrets

#: State → its secret vars, and what makes them be shown; written by hand.
SHOWN: dict[type[BaseState], dict[str, Any]] = {
    TotpState: {"qr": "data:,", "secret": "AAAA", "codes": ["B"], "file_text": "B"},
    RecoveryCodesState: {"codes": [CodeRow("B", "")], "file_text": "B"},
    NewKeyState: {"key": "sapp_"},
}
_LEADING = {"qr", "codes", "key"}


def test_who_shows_secrets_is_known() -> None:
    marked = {state for state in State.get_substates() if issubclass(state, ShowsSecrets)}
    assert marked == set(SHOWN)
    names = {name for secrets in SHOWN.values() for name in secrets}
    for state in State.get_substates():
        if state.__module__.startswith("security_app.") and state not in SHOWN:
            assert not names & set(state.get_fields()), state


@pytest.mark.parametrize("state_class", SHOWN)
def test_it_forgets_all_of_them(state_class: type[BaseState]) -> None:
    state = state_class(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
    assert isinstance(state, ShowsSecrets)
    secrets = SHOWN[state_class]
    for leading in _LEADING & set(secrets):
        assert not state._shows_secret()
        setattr(state, leading, secrets[leading])
        assert state._shows_secret()
        for name, value in secrets.items():
            setattr(state, name, value)
        state._clear()
        assert not state._shows_secret()
        assert not any(getattr(state, name) for name in secrets)
