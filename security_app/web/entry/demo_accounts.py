"""The demo accounts as the sign-in page lists them; they exist in demo mode only."""

import dataclasses

DEMO_PASSWORD = "demo-passphrase-42"  # noqa: S105 - public on purpose, loopback only


@dataclasses.dataclass(frozen=True)
class DemoAccount:
    """One account and what it shows.

    Attributes:
        door: "" for the password, else who signs it in: "google" or "sso".
    """

    email: str
    shows: str
    door: str = ""


DEMO_ACCOUNTS = (
    DemoAccount("fresh@demo.test", "Nothing on, password seven months old"),
    DemoAccount("totp@demo.test", "Authenticator app on, 7 of 10 codes left"),
    DemoAccount("both@demo.test", "Authenticator app and e-mail code on, a PIN"),
    DemoAccount("google@demo.test", "Made with Google, no password", "google"),
    DemoAccount("sso@demo.test", "Managed by SSO: its organization signs it in", "sso"),
    DemoAccount("owner@demo.test", "Owner of an organization: releases, API keys, a PIN"),
    DemoAccount("busy@demo.test", "500 sessions, 10,000 sign-ins"),
)
