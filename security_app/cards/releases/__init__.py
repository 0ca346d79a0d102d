"""The Releases card."""
