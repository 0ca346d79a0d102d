"""The door between browser and accounts."""
