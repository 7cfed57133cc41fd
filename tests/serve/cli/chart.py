"""A chart made up for a test, and the list of trades that a tester would export of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from engines.bars import PRICE_COLUMNS, Bars, Series
from engines.broker import TRADINGVIEW, Broker
from engines.instrument import Instrument
from engines.resampling import resample
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.scripting import EventStrategy, backtest_script
from strategies.tradingview import ExportedTrade
from strategies.tradingview.ours import our_trades
from tests.strategies.tradingview.exports import LANGUAGES, Spelling, delimited, rows_of

START_MS = 1_740_787_200_000  # 2025-03-01, a week before New York changes its clocks
HOUR_MS = 3_600_000
TICK, LOT = Decimal("0.5"), Decimal("0.01")
OPTIONS = ("--tick", "0.5", "--lot", "0.01", "--initial-cash", "100000")
BROKER = replace(TRADINGVIEW, initial_cash=100_000.0)


def quarter_hours(n_bars: int = 6_000, seed: int = 3) -> Bars:
    """A walk in quarter hours, each price on the tick's grid."""
    rng = np.random.default_rng(seed)
    close = 20_000.0 + np.cumsum(np.rint(rng.normal(0.0, 25.0, n_bars)) * 0.5)
    opened = np.append(close[:1], close[:-1]) + rng.integers(-2, 3, n_bars) * 0.5
    reach = rng.integers(0, 60, (2, n_bars)) * 0.5
    return Bars.from_columns(
        Series("linear", "CHART", "15"),
        {
            "open_ms": START_MS + HOUR_MS // 4 * np.arange(n_bars),
            "open": opened,
            "high": np.maximum(opened, close) + reach[0],
            "low": np.minimum(opened, close) - reach[1],
            "close": close,
            "volume": np.ones(n_bars),
        },
    )


@dataclass(frozen=True)
class Chart:
    """Bars of an hour, with those of a quarter of an hour inside."""

    finer: Bars
    bars: Bars

    def trades(
        self,
        strategy: EventStrategy,
        broker: Broker = BROKER,
        *,
        magnified: bool = False,
        tick: Decimal = TICK,
        lot: Decimal = LOT,
        value: Decimal = Decimal(1),
    ) -> list[ExportedTrade]:
        """What a tester with these settings lists, to the printed digit."""
        instrument = Instrument("linear", "CHART", tick, lot, contract_value=value)
        dataset = Dataset(self.bars, self.finer if magnified else None)
        result = backtest_script(strategy, dataset, Terms(instrument, broker))
        return [
            ExportedTrade(
                number=one.number,
                side=one.side,
                qty=round(one.qty, 8),
                entry_ms=one.entry_ms,
                entry_price=round(one.entry_price, 8),
                exit_ms=one.exit_ms,
                exit_price=round(one.exit_price, 8),
                entry_signal=str(one.entry_signal),
                exit_signal=str(one.exit_signal),
                is_open=one.is_open,
                pnl=round(one.pnl, 2) + 0.0,
                pnl_percent=0.1,
                mfe=1.0,
                mfe_percent=0.1,
                mae=-1.0,
                mae_percent=-0.1,
                cumulative_pnl=1.0,
                cumulative_percent=0.1,
                value=1.0,
            )
            for one in our_trades(result)
        ]


def chart() -> Chart:
    """The chart that all tests here look at."""
    finer = quarter_hours()
    return Chart(finer, resample(finer, "60"))


def write_bars(path: Path, bars: Bars) -> Path:
    """The bars as a CSV file."""
    columns = {"time": bars.open_ms, **{name: getattr(bars, name) for name in PRICE_COLUMNS}}
    pl.DataFrame({**columns, "volume": bars.volume}).write_csv(path)
    return path


def write_trades(
    path: Path, trades: Sequence[ExportedTrade], zone: str | None = None, offset: str = ""
) -> Path:
    """The trades as an export on the clock of `zone`, or in UTC with `offset` after each time."""
    shown = trades if zone is None else [_on_clock(one, ZoneInfo(zone)) for one in trades]
    spelling = Spelling(clock=f"%Y-%m-%d %H:%M{offset}")
    path.write_bytes(delimited(rows_of(shown, LANGUAGES["en"], spelling)))
    return path


def _on_clock(trade: ExportedTrade, zone: ZoneInfo) -> ExportedTrade:
    assert trade.exit_ms is not None
    entry_ms, exit_ms = (_wall(ms, zone) for ms in (trade.entry_ms, trade.exit_ms))
    return replace(trade, entry_ms=entry_ms, exit_ms=exit_ms)


def _wall(time_ms: int, zone: ZoneInfo) -> int:
    moment = np.datetime64(time_ms, "ms").item()
    offset = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).utcoffset()
    assert offset is not None
    return time_ms + round(offset.total_seconds() * 1_000)
