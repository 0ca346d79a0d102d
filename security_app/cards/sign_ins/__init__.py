"""The Recent sign-ins card."""
