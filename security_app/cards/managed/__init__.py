"""What an organization's sign-on takes care of instead of the account."""
