"""The card that says whether 2FA is on."""
