"""What can be wrong with the database itself, in one line each."""


class DatabaseUnusable(Exception):
    """The start cannot go on: newer schema, read-only, no permission. One clear line."""


class DatabaseUnavailable(Exception):
    """A running transaction could not be done: locked for too long, full, gone.

    Nothing of it was written.
    """
