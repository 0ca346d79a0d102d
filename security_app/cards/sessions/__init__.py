"""The Sessions card."""
