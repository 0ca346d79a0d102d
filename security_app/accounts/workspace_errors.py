"""What the workspace refuses, beside the refusals of ``errors``.

Refused
├── NotInWorkspace          no such organization, member, invitation or release of the actor's
├── RoleRequired            the actor's role does not allow it
├── TwoFactorRequired       the organization asks for a second factor the actor has not got
├── LastOwner               an organization would be left without an owner who can sign in
├── InOrganization          the account belongs to an organization already
└── ReleaseMoved            the release is not in the state this needs (any more)
"""

from security_app.accounts.errors import Refused


class NotInWorkspace(Refused):
    """Nothing of the actor's organization: foreign and unknown look alike (S-56)."""

    code = "not_found"
    status = 404
    sentence = "You belong to no such organization."


class RoleRequired(Refused):
    """The actor's role, or how it compares to the other person's, does not allow it."""

    code = "role_required"
    status = 403
    sentence = "Your role in the organization does not allow this."


class TwoFactorRequired(Refused):
    """The organization lets nobody in without a second factor; API keys are exempt (S-72)."""

    code = "two_factor_required"
    status = 403
    sentence = "Your organization requires two-factor authentication. Turn it on first."


class LastOwner(Refused):
    """An organization needs an owner who can sign in."""

    code = "last_owner"
    status = 409
    sentence = (
        "An organization needs an owner who can sign in. Make somebody else an owner first, or "
        "delete the organization."
    )


class InOrganization(Refused):
    """An account belongs to one organization at most."""

    code = "in_organization"
    status = 409
    sentence = "You belong to an organization already. Leave it first."


class ReleaseMoved(Refused):
    """A release goes on by the clock, or somebody else was quicker."""

    code = "release_state"
    status = 409
    sentence = "The release is not in that state any more."
