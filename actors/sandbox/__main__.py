"""Run the sandbox exchange as a program: `python -m actors.sandbox --port 8190 --seed 1`."""

from __future__ import annotations

import argparse

from actors.bybit.venues import SANDBOX_PORT
from actors.sandbox.limits import IpLimit
from actors.sandbox.runner import serve_forever


def main() -> None:
    """Read the command line and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m actors.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=SANDBOX_PORT, help="port to listen on")
    parser.add_argument("--seed", type=int, default=1, help="which markets: same seed, same bars")
    parser.add_argument(
        "--unlimited", action="store_true", help="do not ban addresses above 600 requests in 5 s"
    )
    arguments = parser.parse_args()
    ip_limit = None if arguments.unlimited else IpLimit()
    serve_forever(arguments.seed, arguments.host, arguments.port, ip_limit)


if __name__ == "__main__":
    main()
