"""What signing in through somebody else refuses, beside the refusals of ``errors``.

Refused
├── ProviderUnknown         no such provider here
├── ProviderUnavailable     it cannot be reached, or answers nonsense
├── ProviderDenied          the person said no there
├── ProviderRefused         its answer does not prove who this is
├── TripDead                a round trip that is used, too old, or another browser's
├── NotFresh                the provider did not ask anew who this is
├── ConnectedElsewhere      the identity signs another account in
├── NotConnected            no such connection of this account
├── LastWayIn               without it nobody could sign in any more
├── AddressUnproven         the provider does not vouch for the address
├── AddressTaken            the address has an account; accounts are never merged
└── OrganizationFull        its organization has no room for a new account
"""

from security_app.accounts.errors import Refused


class ProviderRefusal(Refused):
    """A refusal that names the provider."""

    template: str = ""

    def __init__(self, provider: str) -> None:
        """Name it.

        Args:
            provider: what people call it.
        """
        super().__init__(self.template.format(provider=provider))
        self.provider = provider


class ProviderUnknown(Refused):
    """No such provider is offered here."""

    code = "not_found"
    status = 404
    sentence = "This way to sign in is not offered here."


class ProviderUnavailable(ProviderRefusal):
    """The provider is down, slow, or answers what it should not (S-67: closed)."""

    code = "provider_unavailable"
    status = 503
    wait_s = 10
    template = "{provider} does not answer just now. Try again in a moment, or use another way."


class ProviderDenied(ProviderRefusal):
    """The person cancelled at the provider."""

    code = "provider_denied"
    status = 403
    template = "{provider} was not asked to sign you in. Nothing was changed."


class ProviderRefused(ProviderRefusal):
    """The provider's answer failed a check; which one, only the log says (S-62)."""

    code = "provider_refused"
    status = 403
    template = "{provider} did not prove who you are. Nothing was changed."


class TripDead(Refused):
    """Used, too old, another browser's, or never begun (S-61)."""

    code = "trip_dead"
    status = 410
    sentence = "That took too long, or was begun in another browser. Please try again."


class NotFresh(ProviderRefusal):
    """The sign-in the provider speaks of is an old one (S-45)."""

    code = "not_fresh"
    status = 403
    template = "{provider} did not ask you to sign in again. Use a code by e-mail instead."


class ConnectedElsewhere(ProviderRefusal):
    """The identity belongs to another account, which is not named (S-64)."""

    code = "connected_elsewhere"
    status = 409
    template = "This {provider} account cannot be connected: it is in use already."


class NotConnected(Refused):
    """Foreign and unknown connections look alike (S-56)."""

    code = "not_found"
    status = 404
    sentence = "This account is not connected any more."


class LastWayIn(ProviderRefusal):
    """Nothing else would sign the account in (S-66)."""

    code = "last_way_in"
    status = 409
    template = "{provider} is your only way to sign in. Set a password first."


class AddressUnproven(ProviderRefusal):
    """No account is made for an address the provider does not vouch for (S-65)."""

    code = "address_unproven"
    status = 403
    template = (
        "{provider} has not confirmed your e-mail address. Confirm it there, or create an "
        "account with a password."
    )


class AddressTaken(ProviderRefusal):
    """The address has an account, which the provider alone does not open (S-65)."""

    code = "address_taken"
    status = 409
    template = (
        "There is an account with this e-mail address already. Sign in to it as before, then "
        "connect {provider} on the Security page."
    )


class OrganizationFull(Refused):
    """No new member fits in."""

    code = "organization_full"
    status = 409
    sentence = "Your organization has as many members as it may have. Ask its owner."
