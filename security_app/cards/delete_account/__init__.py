"""The Delete account card."""
