"""What is known of a trade that TradingView exported? Figures as printed, times as shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

UNKNOWN: Final = float("nan")


class Decimals(NamedTuple):
    """How many decimals the export printed of a trade's figures."""

    entry_price: int = 0
    exit_price: int = 0
    qty: int = 0
    pnl: int = 0


_WHOLE: Final = Decimals()


@dataclass(frozen=True)
class ExportedTrade:
    """One row of TradingView's list of trades; NaN where the export does not tell a figure.

    `side` is +1 long, −1 short. Times are milliseconds as `TradeList.wall_clock` says. Of a trade
    that is still open (A8) exit time and price are those of the last bar, or unknown: None, NaN.
    Money is in the account's currency after fees; `mfe` and `mae` are run-up (zero or more) and
    drawdown (zero or less); `pnl_percent` and its like are percent, as printed.
    """

    number: int
    side: int
    qty: float
    entry_ms: int
    entry_price: float
    exit_ms: int | None = None
    exit_price: float = UNKNOWN
    entry_signal: str = ""
    exit_signal: str = ""
    is_open: bool = False
    pnl: float = UNKNOWN
    pnl_percent: float = UNKNOWN
    mfe: float = UNKNOWN
    mfe_percent: float = UNKNOWN
    mae: float = UNKNOWN
    mae_percent: float = UNKNOWN
    cumulative_pnl: float = UNKNOWN
    cumulative_percent: float = UNKNOWN
    value: float = UNKNOWN
    commission: float = UNKNOWN
    duration_bars: float = UNKNOWN
    decimals: Decimals = _WHOLE


@dataclass(frozen=True)
class TradeList:
    """An export, in the order of the trades' numbers.

    With `wall_clock` times are what a clock in the chart's unknown time zone showed, as
    milliseconds since 1970-01-01 00:00 on that clock; without it they are UTC. `columns` are the
    figures that the export has, by their names in `ExportedTrade`; `currency` is the account's, as
    the headers name it, empty if they do not; `language` that of the headers.
    """

    trades: tuple[ExportedTrade, ...]
    wall_clock: bool
    columns: frozenset[str]
    currency: str = ""
    language: str = "en"
    newest_first: bool = False

    @property
    def closed(self) -> tuple[ExportedTrade, ...]:
        """Trades that had ended."""
        return tuple(one for one in self.trades if not one.is_open)
