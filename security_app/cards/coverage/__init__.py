"""What 2FA covers, drawn from the step-up table."""
