"""The Email card."""
