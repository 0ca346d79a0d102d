"""Checking one proof and spending it."""
