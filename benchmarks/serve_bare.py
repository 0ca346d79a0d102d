"""Serves the bare app of the current folder as the product's own command line would."""

import sys

import uvicorn
from reflex_base.constants import Env
from reflex_base.environment import environment

if __name__ == "__main__":
    environment.REFLEX_ENV_MODE.set(Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    uvicorn.run(
        "bare.bare:app",
        factory=True,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="h11",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
