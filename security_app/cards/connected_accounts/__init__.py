"""The Connected accounts card."""
