"""The rules. No Reflex, no HTTP."""
