"""The JSON API: FastAPI routers, one per resource."""
