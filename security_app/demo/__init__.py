"""Demo accounts and what shows them."""
