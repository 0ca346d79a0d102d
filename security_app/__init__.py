"""One account-security centre: the settings screen, the sign-in, and the JSON API."""
