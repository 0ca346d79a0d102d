"""The Password card."""
