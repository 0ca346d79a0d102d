"""What the product takes, beside what the same machine takes bare: ``make bench``."""
