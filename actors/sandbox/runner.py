"""How is the sandbox started and stopped? In a thread of this process, or as a program."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette

from actors.clock import Clock, SystemClock
from actors.sandbox.exchange import Exchange
from actors.sandbox.faults import Faults
from actors.sandbox.limits import IpLimit
from actors.sandbox.server import application

_LOOPBACK: Final = "127.0.0.1"
_START_TIMEOUT_S: Final = 10.0


@contextmanager
def running_sandbox(
    seed: int = 1,
    clock: Clock | None = None,
    faults: Faults | None = None,
    ip_limit: IpLimit | None = None,
    port: int = 0,
) -> Iterator[str]:
    """Run a sandbox on this machine and yield its base URL; stop it cleanly afterwards.

    Port 0 picks a free one. Without a clock it lives in real time; without `ip_limit` it answers
    at any rate. Raises OSError when the port is taken.
    """
    exchange = Exchange(seed, clock or SystemClock())
    app = application(exchange, faults, ip_limit)
    with socket.create_server((_LOOPBACK, port)) as listener:
        server = _server(app)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        thread.start()
        try:
            if not server.ready.wait(_START_TIMEOUT_S):
                raise TimeoutError(f"the sandbox did not start within {_START_TIMEOUT_S:g} s")
            yield f"http://{_LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def serve_forever(seed: int, host: str, port: int, ip_limit: IpLimit | None) -> None:
    """Serve the sandbox in this process until it is interrupted."""
    app = application(Exchange(seed, SystemClock()), ip_limit=ip_limit)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


class _ThreadServer(uvicorn.Server):
    """A server that says when it listens and leaves the signals to the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _server(app: Starlette) -> _ThreadServer:
    # log_config=None: a library does not rearrange its caller's logging.
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    return _ThreadServer(config)
