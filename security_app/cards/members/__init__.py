"""The Members card."""
