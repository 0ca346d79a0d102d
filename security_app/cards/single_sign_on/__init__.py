"""The Single sign-on card."""
