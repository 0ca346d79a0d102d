"""The Organization card."""
