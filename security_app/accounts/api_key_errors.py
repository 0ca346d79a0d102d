"""What is refused about API keys, beside the refusals of ``errors``.

Refused
├── KeyGone                 no such API key of this account, or it works no more
├── KeyReplaced             an API key that has its successor already
├── TooManyKeys             as many API keys as an account may have
├── SessionRequired         an API key where a signed-in person is needed
└── ScopeRequired           an API key that was not given this
"""

from security_app.accounts.errors import Refused


class KeyGone(Refused):
    """No such working API key of this account: foreign and unknown look alike (S-56)."""

    code = "not_found"
    status = 404
    sentence = "That API key no longer works."


class KeyReplaced(Refused):
    """The API key was replaced before; the one that took its place can be replaced."""

    code = "already_replaced"
    status = 409
    sentence = "This API key was replaced already. Rotate the one that took its place."


class TooManyKeys(Refused):
    """One more API key than an account may have."""

    code = "too_many_api_keys"
    status = 409

    def __init__(self, limit: int) -> None:
        """Say how many there may be."""
        super().__init__(f"You have {limit} API keys that work. Revoke one first.")


class SessionRequired(Refused):
    """An API key where only a person may act: keys never touch authentication (S-71)."""

    code = "session_required"
    status = 403
    sentence = "An API key cannot do this. Sign in."


class ScopeRequired(Refused):
    """An API key without the scope of this act."""

    code = "scope_required"
    status = 403

    def __init__(self, scope: str) -> None:
        """Say which scope is missing."""
        super().__init__(f"This API key has no scope {scope}.")
