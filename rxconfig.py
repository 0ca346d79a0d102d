"""Reflex configuration, read from the settings."""

import os

from security_app.settings import get_settings
from security_app.web.bundle import FewFiles
from security_app.web.frontend import SameOrigin, toolchain

settings = get_settings()

# Reflex reads these when it needs them, in this process and in those it starts:
# the project's own Node and npm, no calls home, socket messages of at most 64 KiB (S-89).
os.environ.update(toolchain())
os.environ.setdefault("REFLEX_SOCKET_MAX_HTTP_BUFFER_SIZE", str(64 * 1024))
# A tab talks to one worker as long as its socket lives: that worker keeps the tab's state at
# hand for seconds and hands it over when another asks, instead of reading and writing Redis
# for every event.
os.environ.setdefault("REFLEX_OPLOCK_ENABLED", "1")

import reflex as rx  # noqa: E402 - reads the environment set above
from reflex_base.constants import StateManagerMode  # noqa: E402
from reflex_base.plugins.sitemap import SitemapPlugin  # noqa: E402

from security_app.ui import theme  # noqa: E402
from security_app.ui.radix import LeanRadixThemes  # noqa: E402

config = rx.Config(
    app_name="security_app",
    frontend_port=settings.port,
    # Another port than the page's in development only.
    backend_port=int(os.environ.get("BACKEND_PORT", settings.port)),
    backend_host=settings.host,
    api_url=os.environ.get("BACKEND_URL", settings.public_url),
    deploy_url=settings.public_url,
    cors_allowed_origins=[settings.public_url],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=(
        StateManagerMode.MEMORY if settings.workers == 1 else StateManagerMode.REDIS
    ),
    redis_url=settings.redis_url.get_secret_value() if settings.redis_url else None,
    frontend_compression_formats=["brotli", "gzip"],
    disable_plugins=[SitemapPlugin],
    plugins=[
        LeanRadixThemes(theme=theme.radix_theme()),
        FewFiles(),
        SameOrigin(),
    ],
)
