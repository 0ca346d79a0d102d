"""The states of the public pages: getting in."""
