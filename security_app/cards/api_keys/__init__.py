"""The API keys card."""
