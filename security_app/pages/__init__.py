"""One file per page: composes cards and registers the route."""
