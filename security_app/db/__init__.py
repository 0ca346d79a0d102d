"""Engine, transactions, tables, sealed values."""
