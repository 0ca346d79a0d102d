"""The environment of a run, settled before anything of the product is imported."""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

_OURS = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "POLICY", "HIBP_URL", "GEOIP_DATABASE", "DEMO")


def settle() -> None:
    """Take this shell's configuration away and give servers and seeding the same keys."""
    scratch = Path(tempfile.mkdtemp(prefix="security-centre-bench-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    for name in (*_OURS, *(name for name in os.environ if name.startswith("POLICY_"))):
        os.environ.pop(name, None)
    os.environ |= {
        "DEMO": "0",
        "DATA_DIR": str(scratch),
        "SECRET_KEYS": secrets.token_urlsafe(32),
        "PORT": "3999",
        "PUBLIC_URL": "http://localhost:3999",
        "LOG_LEVEL": "warning",
    }
