"""Venues by name, and the probe that never takes longer than it may."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from actors.bybit.venues import SANDBOX_PORT, VENUES, Venue, probe, venue_from
from actors.sandbox.faults import HttpStatus, Slow
from engines.errors import InvalidInput

if TYPE_CHECKING:
    from tests.actors.conftest import Sandbox


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("mainnet", "https://api.bybit.com"),
        ("testnet", "https://api-testnet.bybit.com"),
        ("demo", "https://api-demo.bybit.com"),
        ("sandbox", f"http://127.0.0.1:{SANDBOX_PORT}"),
    ],
)
def test_a_venue_has_its_public_address(name: str, url: str) -> None:
    assert venue_from(name) == Venue(name, url)


def test_an_unknown_venue_names_those_that_exist() -> None:
    with pytest.raises(
        InvalidInput, match="venue was 'Mainnet', should be one of mainnet, testnet"
    ):
        venue_from("Mainnet")
    assert set(VENUES) == {"mainnet", "testnet", "demo", "sandbox"}


@pytest.mark.parametrize("url", ["", "api.bybit.com", "ftp://api.bybit.com", "https://"])
def test_a_venue_needs_a_web_address(url: str) -> None:
    with pytest.raises(InvalidInput, match="rest_url was"):
        Venue("odd", url)


def test_a_probe_tells_how_long_the_venue_took(sandbox: Sandbox) -> None:
    took_s = probe(Venue("sandbox", sandbox.url))
    assert took_s is not None
    assert 0.0 < took_s < 3.0


def test_a_closed_port_cannot_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert probe(Venue("closed", f"http://127.0.0.1:{port}")) is None


def test_a_silent_venue_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        venue = Venue("silent", f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        assert probe(venue, timeout_s=0.3) is None
        assert time.monotonic() - started < 1.0


def test_a_slow_venue_is_not_waited_for(sandbox: Sandbox) -> None:
    sandbox.faults.plant(Slow(1.0))
    assert probe(Venue("slow", sandbox.url), timeout_s=0.2) is None


def test_a_failing_venue_counts_as_out_of_reach(sandbox: Sandbox) -> None:
    sandbox.faults.plant(HttpStatus(503))
    assert probe(Venue("failing", sandbox.url)) is None
