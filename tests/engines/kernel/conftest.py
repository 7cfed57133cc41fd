"""A few hand-made bars, signals by bar number, and the ledger that comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.batch.cpu import run_recorded, window
from engines.batch.ledger import result_of
from engines.broker import Broker
from engines.decisions import DecisionTable, pack_bits
from engines.instrument import Instrument
from engines.intervals import parse_interval
from engines.kernel import layout as at
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows
from engines.result import Result
from engines.spec import Spec

START_MS = 1_735_689_600_000
PRICES = ("open", "high", "low", "close")
SIGNALS = ("enter_long", "enter_short", "exit_long", "exit_short")
Play = Callable[..., Result]


def bars_of(prices: Sequence[tuple[float, float, float, float]], interval: str = "60") -> Bars:
    opens = START_MS + np.arange(len(prices)) * int(interval) * 60_000
    columns = dict(zip(PRICES, np.array(prices, dtype=float).T, strict=True))
    series = Series("linear", "TEST", parse_interval(interval))
    return Bars.from_columns(series, {"open_ms": opens, **columns})


def decisions(
    n_bars: int,
    signals: Mapping[str, Sequence[int]],
    choices: Mapping[int, int],
    params: Mapping[int, float],
    levels: Sequence[Sequence[float]],
) -> DecisionTable:
    bitmaps = [pack_bits(np.zeros(n_bars, dtype=bool))]
    rows, picks = neutral_rows(1)
    for slot, name in enumerate(SIGNALS):
        held = np.zeros(n_bars, dtype=bool)
        held[list(signals.get(name, ()))] = True
        bitmaps.append(pack_bits(held))
        picks[0, slot] = slot + 1
    for slot, choice in choices.items():
        picks[0, slot] = choice
    for slot, value in params.items():
        rows[0, slot] = value
    columns = np.array(levels, dtype=float).reshape(-1, n_bars) if levels else np.zeros((1, n_bars))
    kinds = (at.STOP_KIND, at.TRAIL_KIND, at.BREAK_EVEN_KIND, at.N_TARGETS)
    has_exits = any(picks[0, kind] != 0 for kind in kinds)
    asks = (rows[0, [at.EXIT_PROFIT, at.TIME_PROFIT]] > -np.inf).any()
    sized = rows[0, [at.SIZE_CAP, at.SIZE_FLOOR]].any() or picks[0, at.SIZE_MODE] > at.SIZE_RISK
    full = bool(picks[0, at.RULES] or asks or sized)
    return DecisionTable(np.array(bitmaps), columns, rows, picks, has_exits, full)


@pytest.fixture
def play() -> Play:
    """Run signals over hand-made bars: quantity 1, no fees, tick 0.1, lot 0.001 unless told."""

    def run(
        prices: Sequence[tuple[float, float, float, float]],
        *,
        choices: Mapping[int, int] | None = None,
        params: Mapping[int, float] | None = None,
        levels: Sequence[Sequence[float]] = (),
        finer: Sequence[tuple[float, float, float, float]] | None = None,
        tick: str = "0.1",
        lot: str = "0.001",
        min_notional: str = "0",
        start: int = 0,
        broker: Mapping[str, Any] | None = None,
        **signals: Sequence[int],
    ) -> Result:
        bars = bars_of(prices)
        table = decisions(
            len(prices),
            signals,
            {at.SIZE_MODE: at.SIZE_FIXED, **(choices or {})},
            {at.SIZE: 1.0, **(params or {})},
            levels,
        )
        instrument = Instrument(
            "linear", "TEST", Decimal(tick), Decimal(lot), min_notional=Decimal(min_notional)
        )
        settings = {"taker_fee_rate": 0.0, "maker_fee_rate": 0.0, **(broker or {})}
        rules = Broker(**settings)
        market = market_for(rules, instrument)
        inside = bars_of(finer, "15") if finer is not None else None
        ready = window(bars, market.tick, inside)
        recorded = run_recorded(ready, table, market, start, len(bars))
        spec = Spec(
            "0" * 64,
            (),
            bars.digest,
            instrument,
            rules,
            bars.start_ms,
            int(bars.open_ms[start]),
            bars.end_ms,
            "bracket",
        )
        return result_of(spec, recorded, market, bars.open_ms, start, "60")

    return run
