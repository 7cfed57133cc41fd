"""`bst tradingview diff` finds no difference where there is none, and the cause where one is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.bars import PRICE_COLUMNS, Bars
from strategies.scripting import EventStrategy
from strategies.tradingview import ExportedTrade
from tests.serve.cli.bracket import Adding, Bracket
from tests.serve.cli.chart import (
    BROKER,
    HOUR_MS,
    OPTIONS,
    Chart,
    chart,
    write_bars,
    write_trades,
)
from tests.serve.cli.conftest import Bst, Told

SCRIPT = Path(__file__).with_name("bracket.py")
NEW_YORK = "America/New_York"


@dataclass(frozen=True)
class Desk:
    """A folder with the chart's bars, and the command that is run there."""

    chart: Chart
    folder: Path
    bst: Bst

    def diff(
        self,
        trades: Sequence[ExportedTrade] | Path,
        *options: object,
        strategy: str = "Bracket",
        bars: Bars | None = None,
        zone: str | None = NEW_YORK,
    ) -> Told:
        """The trades, exported on a clock of `zone`, held against the strategy."""
        path = trades
        if not isinstance(path, Path):
            path = write_trades(self.folder / "trades.csv", path, zone)
        file = write_bars(self.folder / "bars.csv", bars or self.chart.bars)
        said = ("--strategy", f"{SCRIPT}:{strategy}", "--bars", file, *OPTIONS, *options)
        return self.bst("tradingview", "diff", path, *said)

    def causes(self, *asked: Any, **options: Any) -> dict[str, int]:
        """The causes that are told, by name."""
        found: dict[str, int] = self.told(*asked, **options)["causes"]
        return found

    def told(self, trades: Sequence[ExportedTrade] | Path, *options: object, **more: Any) -> Any:
        """What `--json` tells."""
        told = self.diff(trades, *options, "--json", **more)
        assert told.code in (0, 1), told.err
        said = json.loads(told.out)
        assert (told.code == 0) == (not said["differences"])
        return said


@pytest.fixture(scope="module")
def made() -> Chart:
    return chart()


@pytest.fixture
def desk(made: Chart, tmp_path: Path, bst: Bst) -> Desk:
    return Desk(made, tmp_path, bst)


def settings(values: Mapping[str, float]) -> list[str]:
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def bracket(**values: float) -> EventStrategy:
    return Bracket(**values)


def test_the_same_settings_agree_in_every_trade(desk: Desk) -> None:
    trades = desk.chart.trades(bracket())
    assert len(trades) > 80
    told = desk.diff(trades)
    assert told.code == 0, told.out + told.err
    assert "closed trades agree." in told.out
    said = desk.told(trades)
    assert said["share"] == 1.0
    assert said["agreeing"] == sum(not one.is_open for one in trades)
    assert all(share == 1.0 for share in said["fields"].values())
    assert len(said["fields"]) == 8
    assert said["time_zone"]["used"] == NEW_YORK
    assert said["time_zone"]["sure"]


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Etc/GMT-3", "UTC+3"), ("Asia/Kolkata", "UTC+05:30"), ("Etc/UTC", "UTC"), (NEW_YORK,) * 2,
     ("Europe/Paris", "Europe/Berlin"), ("Australia/Sydney", "Australia/Sydney")],
)  # fmt: skip
def test_the_time_zone_is_found_from_the_bars(desk: Desk, zone: str, name: str) -> None:
    said = desk.told(desk.chart.trades(bracket()), zone=zone)
    assert said["time_zone"]["used"] == name
    assert said["time_zone"]["share"] == 1.0
    assert said["share"] == 1.0


def test_the_magnifier_agrees_with_its_finer_bars(desk: Desk) -> None:
    trades = desk.chart.trades(bracket(), magnified=True)
    finer = write_bars(desk.folder / "finer.csv", desk.chart.finer)
    assert desk.told(trades, "--finer", finer)["share"] == 1.0
    # The chart's own bars can be made of the finer ones, too.
    again = desk.told(trades, "--interval", "60", "--finer", "15", bars=desk.chart.finer)
    assert again["share"] == 1.0


Fault = Callable[[Desk], dict[str, int]]


def fee(desk: Desk) -> dict[str, int]:
    broker = replace(BROKER, taker_fee_rate=0.0006, maker_fee_rate=0.0006)
    return desk.causes(desk.chart.trades(bracket(), broker), "--taker-fee-percent", 0.1)


def fee_per_contract(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket(), replace(BROKER, fee_per_contract=1.25)))


def fee_per_order(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket(size=3), replace(BROKER, fee_per_order=4.5)),
                       "--set", "size=3")  # fmt: skip


def slippage(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket(), replace(BROKER, slippage_ticks=3.0)))


def tick_too_coarse(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket(), tick=Decimal("0.5")), "--tick", 5)


def tick_too_fine(desk: Desk) -> dict[str, int]:
    # Levels a third of a tick off the grid, which only a finer tick can keep.
    broker, bars = BROKER, desk.chart.bars
    moved = {name: getattr(bars, name) for name in PRICE_COLUMNS}
    moved["close"] = np.clip(moved["close"] + 0.2, bars.low, bars.high)
    other = Chart(desk.chart.finer, Bars.from_columns(bars.series, {**bars.columns(), **moved}))
    return desk.causes(other.trades(bracket(), broker), "--tick", 0.1, bars=other.bars)


def magnifier_off(desk: Desk) -> dict[str, int]:
    # Both levels are near enough to be touched within an hour.
    asked = {"target": 15, "stop": 15}
    return desk.causes(desk.chart.trades(bracket(**asked), magnified=True), *settings(asked))


def zone_shifted(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket()), "--time-zone", "UTC+1")


def bars_shifted(desk: Desk) -> dict[str, int]:
    bars = desk.chart.bars
    late = {**bars.columns(), "open_ms": bars.open_ms + HOUR_MS}
    path = write_trades(desk.folder / "utc.csv", desk.chart.trades(bracket()), None, "Z")
    return desk.causes(path, bars=Bars.from_columns(bars.series, late))


def candle_altered(desk: Desk) -> dict[str, int]:
    trades, bars = desk.chart.trades(bracket()), desk.chart.bars
    place = int(np.searchsorted(bars.open_ms, trades[40].entry_ms))
    columns = {name: getattr(bars, name).copy() for name in PRICE_COLUMNS}
    for column in columns.values():
        column[place] += 150.0
    return desk.causes(trades, bars=Bars.from_columns(bars.series, {**bars.columns(), **columns}))


def bar_missing(desk: Desk) -> dict[str, int]:
    trades, bars = desk.chart.trades(bracket()), desk.chart.bars
    kept = bars.open_ms != trades[40].entry_ms
    columns = {name: column[kept] for name, column in bars.columns().items()}
    return desk.causes(trades, bars=Bars.from_columns(bars.series, columns))


def warm_up_cut(desk: Desk) -> dict[str, int]:
    # Averages this long begin otherwise wherever the bars begin.
    asked = {"quick": 5, "lazy": 150}
    later = desk.chart.bars.rows(160, len(desk.chart.bars))
    return desk.causes(desk.chart.trades(bracket(**asked)), *settings(asked), bars=later)


def at_closes(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket(), replace(BROKER, fill_at="close")))


def lot_too_fine(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket(size=2.5), lot=Decimal(1)), "--set", "size=2.5")


def size_doubled(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket()), "--set", "size=1")


def point_value(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket(), value=Decimal(2)))


def currency(desk: Desk) -> dict[str, int]:
    trades = desk.chart.trades(bracket())
    rates = 0.91 + 0.02 * np.sin(np.arange(len(trades)) / 9)
    converted = [
        replace(one, pnl=round(one.pnl * float(rate), 2))
        for one, rate in zip(trades, rates, strict=True)
    ]
    return desk.causes(converted)


def pyramiding(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(Adding()), strategy="Single")


def too_poor(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket()), "--initial-cash", 30_000)


def coarser_bars(desk: Desk) -> dict[str, int]:
    return desk.causes(desk.chart.trades(bracket()), "--interval", 240)


def renamed(desk: Desk) -> dict[str, int]:
    trades = [replace(one, entry_signal="L") for one in desk.chart.trades(bracket())]
    return desk.causes(trades)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (fee, "fee"),
        (fee_per_contract, "fee"),
        (fee_per_order, "fee"),
        (slippage, "slippage"),
        (tick_too_coarse, "tick"),
        (tick_too_fine, "tick"),
        (magnifier_off, "order inside the bar"),
        (zone_shifted, "time zone"),
        (bars_shifted, "time zone"),
        (candle_altered, "data"),
        (bar_missing, "data"),
        (warm_up_cut, "warm-up"),
        (at_closes, "fill at close"),
        (lot_too_fine, "quantity step"),
        (size_doubled, "size"),
        (point_value, "point value"),
        (currency, "currency"),
        (pyramiding, "pyramiding"),
        (too_poor, "refused here"),
        (coarser_bars, "interval"),
        (renamed, "signal name"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_planted_fault_is_found(desk: Desk, fault: Fault, cause: str) -> None:
    causes = fault(desk)
    assert cause in causes
    # What may come of a fault, and what it may cut off; nothing else is blamed.
    assert set(causes) <= {cause, "follows", "range"}, causes


def test_another_strategy_is_not_blamed_on_anything(desk: Desk) -> None:
    said = desk.told(desk.chart.trades(Adding()))
    assert said["share"] == 0.0
    assert said["differences"][0]["cause"] == "unknown"
    assert not {"data", "fee", "tick", "slippage", "time zone", "size"} & set(said["causes"])


def test_a_library_strategy_has_no_names_to_compare(desk: Desk) -> None:
    said = desk.told(desk.chart.trades(bracket()), "--strategy", "sma_cross")
    assert "entry_signal" not in said["fields"]
    assert set(said["causes"]) <= {"unknown", "follows", "order inside the bar", "pyramiding"}


def test_the_first_differences_are_printed_with_their_cause(desk: Desk) -> None:
    broker = replace(BROKER, taker_fee_rate=0.0006, maker_fee_rate=0.0006)
    told = desk.diff(desk.chart.trades(bracket(), broker), "--first", 2)
    assert told.code == 1
    assert "fee: A commission of 0.06 % of the notional of each leg explains" in told.out
    assert "Say --taker-fee-percent 0.06 --maker-fee-percent 0.06." in told.out
    assert told.out.count("fee: ") == 2
    assert re.search(r"\d+ more differences: --first \d+ prints all.", told.out)


def test_the_range_can_be_cut(desk: Desk) -> None:
    trades = desk.chart.trades(bracket())
    # Flat at the bar whose close calls the next entry.
    first = next(
        late.entry_ms - HOUR_MS
        for early, late in pairwise(trades[20:])
        if early.exit_ms is not None and early.exit_ms < late.entry_ms - HOUR_MS
    )
    said = desk.told(trades, "--start", first, "--end", "2025-04-20")
    assert said["share"] == 1.0
    assert 10 < said["agreeing"] < len(trades) - 20


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--time-zone", "Mars"], "time zone was 'Mars', should be an IANA name"),
        (["--finer", "finer.csv"], "--finer was 'finer.csv', should be a file that exists"),
        (["--finer", "15"], "finer was '15', should be 60, the file's, or a coarser one"),
        (["--finer", "7"], "should be one of 1, 3, 5"),
        (["--tick", "1e-5"], "tick was '1e-5', should be a plain decimal number such as 0.01"),
        (["--start", "2030-01-01"], "no trade in the range"),
        (["--end", "2020-01-01"], "should be after the first of the bars, 2025-03-01 00:00 UTC"),
        (["--bars", "none.csv"], "bars was 'none.csv', should be a file that exists"),
        (["--strategy", "nope"], "strategy was 'nope', should be one of sma_cross"),
    ],
)
def test_what_cannot_be_is_named(desk: Desk, options: list[str], told: str) -> None:
    said = desk.diff(desk.chart.trades(bracket())[:5], *options)
    assert said.code == 2
    assert told in said.err


def test_offsets_in_the_file_leave_no_zone_to_be_given(desk: Desk) -> None:
    path = write_trades(desk.folder / "utc.csv", desk.chart.trades(bracket()), None, "Z")
    assert desk.told(path)["share"] == 1.0
    said = desk.diff(path, "--time-zone", "UTC")
    assert "left out: the export tells its offsets" in said.err
