"""What every security mail says: who, when, from which device, from where."""

from security_app.accounts.actor import Visitor
from security_app.accounts.devices import describe
from security_app.accounts.places import place_of
from security_app.clock import iso, now
from security_app.db.tables import Account


def notice_params(account: Account, visitor: Visitor) -> dict[str, str]:
    """The parameters all mail templates share."""
    return {
        "name": account.name,
        "when": iso(now()),
        "device": describe(visitor.user_agent).title,
        "place": place_of(visitor.ip) or "unknown",
    }
