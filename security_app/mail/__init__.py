"""Outbox, transports and message templates."""
