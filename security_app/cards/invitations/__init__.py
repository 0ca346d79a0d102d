"""The Invitations card."""
