"""The Email code card."""
