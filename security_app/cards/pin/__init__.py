"""The PIN card."""
