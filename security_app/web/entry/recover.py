"""The state of the page for people who lost device and codes."""

import reflex as rx

from security_app.policy import get_policy
from security_app.web.access import Public


class RecoverState(Public, rx.State):
    """Browser: whether support can help, by policy."""

    has_support: bool = True

    @rx.event
    async def load(self) -> None:
        """Read the policy. Policy: anybody."""
        self.has_support = get_policy().support_recovery == "contact"
