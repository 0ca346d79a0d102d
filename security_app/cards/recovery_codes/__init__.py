"""The recovery codes of the authenticator app."""
