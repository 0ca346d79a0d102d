"""The Activity page's cards: sign-in history and security log."""
