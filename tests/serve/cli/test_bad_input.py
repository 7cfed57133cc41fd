"""Whatever is handed in: one line says what it was and what would be right, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.clock import ManualClock
from actors.sandbox.faults import ConnectionCut, Fault, Faults, HttpStatus, RateLimited
from actors.sandbox.runner import running_sandbox
from tests.serve.cli.conftest import Bst

HEAD = "time,open,high,low,close,volume\n"
FIRST = "2025-01-01T00:00:00Z,100,101,99,100,5\n"
SECOND = "2025-01-01T00:15:00Z,100,101,99,100,5\n"
THIRD = "2025-01-01T00:30:00Z,100,101,99,100,5\n"
NOW_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("", "empty", id="empty file"),
        pytest.param("Dear diary,\nnothing happened.\n", "should be bars or funding", id="text"),
        pytest.param(HEAD + FIRST, "interval", id="one bar"),
        pytest.param(HEAD + FIRST + SECOND.replace(",100,5", ",nan,5") + THIRD, "close", id="NaN"),
        pytest.param(
            HEAD + FIRST + SECOND.replace(",99,", ",-99,") + THIRD, "-99", id="negative price"
        ),
        pytest.param(
            HEAD + FIRST + SECOND + SECOND.replace(",100,5", ",101,5") + THIRD,
            "first .* then",
            id="time stands still",
        ),
        pytest.param(
            HEAD.replace("close", "clothes") + FIRST + SECOND + THIRD, "close", id="unknown column"
        ),
    ],
)
def test_a_bad_file_is_refused(
    bst: Bst, tmp_path: Path, home: Path, content: str, says: str
) -> None:
    path = tmp_path / "BTCUSDT-bars.csv"
    path.write_text(content)
    told = bst("data", "import", path, "--category", "linear")
    assert told.code == 2
    assert told.err.startswith("Error: ")
    assert not list(home.rglob("*.parquet"))
    assert re.search(says, told.err), told.err
    assert bst("sweep", "sma_cross", "--file", path).code == 2


def test_bars_in_any_order_are_sorted(bst: Bst, tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-15.csv"
    path.write_text(HEAD + THIRD + FIRST + SECOND + FIRST)
    told = bst("data", "import", path, "--category", "linear")
    assert told.code == 0
    assert "3 new rows, 1 duplicates" in told.out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(["smacross"], "one of sma_cross", id="unknown strategy"),
        pytest.param([], "strategy was 'nothing'", id="no strategy"),
        pytest.param(["sma_cross", "--set", "speed=3"], "one of fast, slow", id="unknown name"),
        pytest.param(["sma_cross", "--set", "fast=100000"], "fast was 100000", id="out of range"),
        pytest.param(["sma_cross", "--set", "fast=quick"], "a number", id="not a number"),
        pytest.param(["sma_cross", "--set", "fast"], "name=value", id="no value"),
        pytest.param(["sma_cross", "--leverage", "0"], "broker.leverage was 0", id="no leverage"),
        pytest.param(["sma_cross", "--interval", "7"], "data.intervals", id="unknown interval"),
        pytest.param(["sma_cross", "--start", "soon"], "data.start was 'soon'", id="no date"),
        pytest.param(
            ["sma_cross", "--start", "2025-02-01", "--end", "2025-01-01"], "after", id="backwards"
        ),
        pytest.param(["sma_cross", "--symbol", "BTC/USDT"], "capital letters", id="odd symbol"),
        pytest.param(["sma_cross", "--tick", "-1"], "instrument.tick", id="negative tick"),
        pytest.param(["sma_cross", "--spec", "no.yaml"], "a file that exists", id="no spec"),
        pytest.param(["sma_cross", "--file", "no.csv"], "a file that exists", id="no file"),
    ],
)
@pytest.mark.parametrize("command", ["backtest", "sweep"])
def test_a_bad_request_is_refused(
    bst: Bst,
    bars_file: Callable[..., Path],
    command: str,
    options: list[str],
    says: str,
) -> None:
    told = bst(command, *options)
    assert told.code == 2
    assert says in told.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(["--axis", "fast=100", "--axis", "slow=20"], "0 of ", id="zero rows"),
        pytest.param(["--axis", "fast=90:40"], "low <= high", id="empty range"),
        pytest.param(["--axis", "fast=4:9:0"], "step", id="no step"),
        pytest.param(["--axis", "fast=5:1000"], "fast was 1000", id="range too wide"),
        pytest.param(["--axis", "fast"], "name=low:high", id="no values"),
        pytest.param(["--search", "random"], "a number for a random search", id="no rows"),
        pytest.param(
            ["--search", "clever"], "'grid', 'random', 'latin', 'sobol', 'tpe'", id="unknown search"
        ),
        pytest.param(["--objective", "luck"], "one of net_profit", id="unknown objective"),
        pytest.param(["--train-percent", "0"], "train_percent was 0", id="nothing to train on"),
        pytest.param(
            ["--axis", "stop=0.5:10:0.000001", "--axis", "fast=5:100:1", "--axis", "slow=20:199:1"],
            "at most 20,000,000",
            id="ten to the nine rows",
        ),
        pytest.param(["--resume", "feed"], "recorded sweep", id="unknown sweep"),
    ],
)
def test_a_bad_search_is_refused(
    bst: Bst,
    bars_file: Callable[..., Path],
    local_ray: None,
    options: list[str],
    says: str,
) -> None:
    start = [] if "--resume" in options else ["sma_cross", "--file", bars_file(200)]
    told = bst("sweep", *start, *options)
    assert told.code == 2
    assert says in told.err


def test_a_symbol_that_the_venue_does_not_list(bst: Bst, home: Path) -> None:
    told = bst("data", "sync", "NOSUCHUSDT", "--start", "2025-01-01", "--end", "2025-01-02")
    assert told.code in (2, 4)
    assert "NOSUCHUSDT" in told.err
    assert not list(home.rglob("*.parquet"))


def test_a_venue_that_is_down(bst: Bst, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("BST_SANDBOX_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("actors.bybit.rest.SystemClock", lambda: ManualClock(NOW_MS))
    told = bst("data", "sync", "BTCUSDT", "--start", "2025-01-01", "--end", "2025-01-02")
    assert told.code == 4
    assert "127.0.0.1:9" in told.err


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(RateLimited(200), id="10006"),
        pytest.param(HttpStatus(503), id="503"),
        pytest.param(ConnectionCut(), id="cut"),
    ],
)
def test_a_venue_that_stumbles_is_asked_again(
    bst: Bst, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    clock = ManualClock(NOW_MS)
    faults = Faults()
    with running_sandbox(clock=clock, faults=faults) as url:
        monkeypatch.setenv("BST_SANDBOX_URL", url)
        monkeypatch.setattr("actors.bybit.rest.SystemClock", lambda: clock)
        faults.plant(fault, times=2)
        told = bst("data", "sync", "BTCUSDT", "--start", "2025-01-01", "--end", "2025-01-02")
    assert told.code == 0, told.err
    assert "1,440 bars fetched, 1,440 of them new" in told.out


FAULTY = """
from strategies.graph import close, sma
from strategies.scripting import EventStrategy, Now


class Faulty(EventStrategy):
    def setup(self) -> None:
        self.average = sma(close, SETUP)

    def on_bar(self, now: Now) -> None:
        if now.bar_index == 3:
            now.close("L")
"""


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ("5", "Faulty failed at the bar of 2025-01-01 00:45 UTC: TypeError: 'float' object is not"),
        ("len(7)", "Faulty failed in its setup: TypeError: object of type 'int' has no len()"),
    ],
)
def test_an_error_of_a_users_script_names_its_line(
    bst: Bst, bars_file: Callable[..., Path], tmp_path: Path, window: str, told: str
) -> None:
    script = tmp_path / "faulty.py"
    script.write_text(FAULTY.replace("SETUP", window))
    shown = bst("backtest", script, "--file", bars_file(100))
    assert shown.code == 1
    assert told in shown.err
    lines = script.read_text().splitlines()
    at_fault = "self.average" if "len" in window else "now.close"
    number = next(n for n, text in enumerate(lines, 1) if at_fault in text)
    assert f"(faulty.py, line {number}: {lines[number - 1].strip()})" in shown.err
