"""The Name card."""
