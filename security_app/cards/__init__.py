"""One folder per card the user sees: what it knows and how it looks."""
