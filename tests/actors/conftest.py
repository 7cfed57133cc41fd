"""One running sandbox for all tests that speak HTTP, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
import requests

from actors.clock import ManualClock
from actors.sandbox.exchange import Exchange
from actors.sandbox.faults import Faults
from actors.sandbox.runner import running_sandbox

SANDBOX_SEED = 21
SANDBOX_NOW_MS = int(np.datetime64("2025-01-15T09:07:42.345", "ms").astype(np.int64))


class Sandbox(NamedTuple):
    """A running sandbox, the exchange it must agree with, and a connection to it."""

    url: str
    clock: ManualClock
    faults: Faults
    exchange: Exchange
    session: requests.Session

    def get(self, path: str, **parameters: object) -> requests.Response:
        return self.session.get(self.url + path, params=parameters, timeout=10)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def _running() -> Iterator[Sandbox]:
    clock, faults = ManualClock(SANDBOX_NOW_MS), Faults()
    with (
        running_sandbox(SANDBOX_SEED, clock, faults) as url,
        requests.Session() as session,
    ):
        yield Sandbox(url, clock, faults, Exchange(SANDBOX_SEED, clock), session)


@pytest.fixture
def sandbox(_running: Sandbox) -> Iterator[Sandbox]:
    _running.clock.set(SANDBOX_NOW_MS)
    yield _running
    _running.faults.clear()
