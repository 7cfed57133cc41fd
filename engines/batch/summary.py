"""What do a run's sums say? The statistics of every row, by name."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from engines.bars import Floats
from engines.intervals import Interval, bars_per_year
from engines.kernel import layout as at
from engines.metrics import streaming


class Statistic(NamedTuple):
    """A figure of a sweep: its unit, which way is better (+1, −1, 0), and what it says."""

    unit: str
    better: int
    meaning: str


STATISTICS: Final = {
    "net_profit": Statistic("quote", 1, "profit of closed trades after fees"),
    "total_return": Statistic("fraction", 1, "final equity over initial cash, minus 1"),
    "cagr": Statistic("fraction", 1, "compound annual growth of equity, 365-day years"),
    "max_drawdown": Statistic("fraction", -1, "deepest fall of equity at closes from its peak"),
    "max_drawdown_money": Statistic("quote", -1, "largest fall of equity at closes in money"),
    "sharpe": Statistic("ratio", 1, "annualised Sharpe ratio of returns per bar"),
    "sortino": Statistic("ratio", 1, "annualised Sortino ratio of returns per bar"),
    "trades": Statistic("count", 0, "closed trades"),
    "win_rate": Statistic("fraction", 1, "share of closed trades with a profit"),
    "profit_factor": Statistic("ratio", 1, "gross profit over gross loss"),
    "average_trade": Statistic("quote", 1, "mean profit of a closed trade"),
    "average_bars": Statistic("bars", 0, "mean bars from entry to exit of a closed trade"),
    "exposure": Statistic("fraction", 0, "share of bars with an open position"),
    "fees": Statistic("quote", -1, "fees paid"),
    "funding": Statistic("quote", -1, "funding paid, below zero what was received"),
    "turnover": Statistic("quote", 0, "notional traded, both sides"),
    "gross_profit": Statistic("quote", 1, "sum of winning trades"),
    "gross_loss": Statistic("quote", -1, "sum of losing trades, as a positive number"),
    "largest_win": Statistic("quote", 1, "largest winning trade"),
    "largest_loss": Statistic("quote", -1, "largest losing trade, as a positive number"),
    "long_trades": Statistic("count", 0, "closed long trades"),
    "long_win_rate": Statistic("fraction", 1, "share of closed long trades with a profit"),
    "entries": Statistic("count", 0, "entries filled"),
    "refusals": Statistic("count", -1, "entry signals that did not become orders"),
    "open_profit": Statistic("quote", 0, "unrealised profit of what is still open, before fees"),
    "ambiguous_exits": Statistic("count", -1, "exits that hang on the unknown order inside a bar"),
    "pessimistic_profit": Statistic(
        "quote", 1, "net profit had the worse order come in every ambiguous exit"
    ),
    "optimistic_profit": Statistic(
        "quote", 1, "net profit had the better order come in every ambiguous exit"
    ),
}


def statistics(
    stats: Floats, initial_cash: float, interval: Interval, duration_ms: int
) -> dict[str, Floats]:
    """Statistics by name, arrays (n_rows,), from sums (n_rows, N_STATS); 12 significant digits."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = _figures(stats.T, initial_cash, bars_per_year(interval), duration_ms)
        # One call for all: for a single row, one each would take longer than the run.
        rounded = streaming.significant(np.array([values[name] for name in STATISTICS]))
    return dict(zip(STATISTICS, rounded, strict=True))


def _figures(
    column: Floats, initial_cash: float, per_year: float, duration_ms: int
) -> dict[str, Floats]:
    """All statistics from the columns of sums, (N_STATS, n_rows)."""
    bars, total = column[at.STAT_BARS], column[at.STAT_RETURN_SUM]
    growth = column[at.STAT_EQUITY] / initial_cash
    net_profit = column[at.STAT_GROSS_PROFIT] - column[at.STAT_GROSS_LOSS]
    trades = column[at.STAT_TRADES]
    return {
        "net_profit": net_profit,
        "total_return": growth - 1.0,
        "cagr": streaming.cagr(growth, duration_ms),
        "max_drawdown": 1.0 - column[at.STAT_EQUITY_RATIO],
        "max_drawdown_money": column[at.STAT_DRAWDOWN],
        "sharpe": streaming.sharpe(bars, total, column[at.STAT_RETURN_SQUARES], per_year),
        "sortino": streaming.sortino(bars, total, column[at.STAT_LOSS_SQUARES], per_year),
        "trades": trades,
        "win_rate": streaming.ratio(column[at.STAT_WINS], trades),
        "profit_factor": streaming.ratio(column[at.STAT_GROSS_PROFIT], column[at.STAT_GROSS_LOSS]),
        "average_trade": streaming.ratio(net_profit, trades),
        "average_bars": streaming.ratio(column[at.STAT_TRADE_BARS], trades),
        "exposure": streaming.ratio(column[at.STAT_BARS_HELD], bars),
        "fees": column[at.STAT_FEES],
        "funding": column[at.STAT_FUNDING],
        "turnover": column[at.STAT_TURNOVER],
        "gross_profit": column[at.STAT_GROSS_PROFIT],
        "gross_loss": column[at.STAT_GROSS_LOSS],
        "largest_win": column[at.STAT_LARGEST_WIN],
        "largest_loss": column[at.STAT_LARGEST_LOSS],
        "long_trades": column[at.STAT_LONG_TRADES],
        "long_win_rate": streaming.ratio(column[at.STAT_LONG_WINS], column[at.STAT_LONG_TRADES]),
        "entries": column[at.STAT_ENTRIES],
        "refusals": column[at.STAT_REFUSALS],
        "open_profit": column[at.STAT_EQUITY] - column[at.STAT_CASH],
        "ambiguous_exits": column[at.STAT_DOUBTS],
        "pessimistic_profit": net_profit + column[at.STAT_WORSE],
        "optimistic_profit": net_profit + column[at.STAT_BETTER],
    }
