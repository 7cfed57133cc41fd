"""Where is the exchange? The venues by name, and whether one can be reached from here."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from actors.bybit.errors import VenueError
from actors.bybit.transport import Transport
from engines.errors import InvalidInput

SANDBOX_PORT: Final = 8190


@dataclass(frozen=True)
class Venue:
    """One exchange: the name people use, and the base URL of its REST interface."""

    name: str
    rest_url: str

    def __post_init__(self) -> None:
        address = urlsplit(self.rest_url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise InvalidInput("rest_url", self.rest_url, "http://host or https://host")


MAINNET: Final = Venue("mainnet", "https://api.bybit.com")
TESTNET: Final = Venue("testnet", "https://api-testnet.bybit.com")
DEMO: Final = Venue("demo", "https://api-demo.bybit.com")
SANDBOX: Final = Venue("sandbox", f"http://127.0.0.1:{SANDBOX_PORT}")
VENUES: Final = {venue.name: venue for venue in (MAINNET, TESTNET, DEMO, SANDBOX)}


def venue_from(name: str) -> Venue:
    """The venue of that name. Raises InvalidInput naming those that exist."""
    if name not in VENUES:
        raise InvalidInput("venue", name, f"one of {', '.join(VENUES)}")
    return VENUES[name]


def probe(venue: Venue, timeout_s: float = 3.0) -> float | None:
    """Seconds the venue took to tell its time, None if it did not within `timeout_s`.

    Never takes longer than `timeout_s`, not even when the name server hangs.
    """
    answers: queue.SimpleQueue[float | None] = queue.SimpleQueue()

    def ask() -> None:
        started = time.monotonic()
        with Transport(venue.rest_url, timeout_s) as transport:
            try:
                transport.ask("get_server_time", {})
            except VenueError:
                answers.put(None)
            else:
                answers.put(time.monotonic() - started)

    threading.Thread(target=ask, name=f"probe {venue.name}", daemon=True).start()
    try:
        return answers.get(timeout=timeout_s)
    except queue.Empty:
        return None
