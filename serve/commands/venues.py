"""Who is asked for market data? A client of the venue that is set, its sandbox embedded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from actors.bybit.rate_limits import TokenBucket
from actors.bybit.rest import MarketClient
from actors.bybit.venues import Venue, venue_from
from actors.clock import SystemClock
from actors.sandbox.runner import running_sandbox
from cluster.settings import VenueName

# Our own server needs no protection from us.
_UNHURRIED: Final = 10**6


@contextmanager
def venue_client(name: VenueName, sandbox_url: str | None = None) -> Iterator[MarketClient]:
    """A client of the venue; without an address the sandbox runs inside this process."""
    if name != "sandbox":
        with MarketClient(venue_from(name)) as client:
            yield client
    elif sandbox_url is not None:
        with MarketClient(Venue("sandbox", sandbox_url)) as client:
            yield client
    else:
        pace = TokenBucket(SystemClock(), requests=_UNHURRIED)
        with (
            running_sandbox() as url,
            MarketClient(Venue("sandbox", url), pace=pace) as client,
        ):
            yield client
