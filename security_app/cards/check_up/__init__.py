"""What would make the account safer, at a glance."""
