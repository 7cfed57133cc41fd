"""What do the closed trades say? Figures of all, of long and of short trades."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.metrics.definition import NAN, Metric, SideRow, Unit, sided
from engines.metrics.material import Material, Trades
from engines.metrics.position import notional

_HOUR_MS: Final = 3_600_000.0
Figure = Callable[[Trades, Material], float]
FigureRow = tuple[str, Unit, int, str, str, Figure]


def mean(values: Floats) -> float:
    """Arithmetic mean, NaN of nothing."""
    return float(values.mean()) if len(values) else NAN


def over(part: float, whole: float) -> float:
    """`part / whole`, NaN where `whole` is 0."""
    return part / whole if whole != 0.0 else NAN


def wins(trades: Trades) -> Trades:
    """Trades with a profit."""
    return trades.where(trades.pnl > 0.0)


def losses(trades: Trades) -> Trades:
    """Trades with a loss."""
    return trades.where(trades.pnl < 0.0)


def gross_profit(trades: Trades) -> float:
    """Sum of the winning trades."""
    return float(wins(trades).pnl.sum())


def gross_loss(trades: Trades) -> float:
    """Sum of the losing trades, as a positive number (K3)."""
    return float(-losses(trades).pnl.sum())


def fractions(trades: Trades, material: Material) -> Floats:
    """Profit of each trade as a share of its entry's notional and fee (K6).

    With the fee all 2,585 recorded trades that paid one have TradingView's percentages.
    """
    paid = notional(trades.entry_price, trades.qty * material.value, material.payoff)
    return trades.pnl / (paid + trades.entry_fee)


def payoff(trades: Trades) -> float:
    """Average win over average loss."""
    return over(mean(wins(trades).pnl), -mean(losses(trades).pnl))


def longest_run(hit: np.typing.NDArray[np.bool_]) -> int:
    """Length of the longest stretch of True."""
    longest = run = 0
    for one in hit.tolist():
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest


def kelly(trades: Trades) -> float:
    """W − (1 − W) / R: the share of capital that grows fastest."""
    win_rate = over(float(len(wins(trades))), float(len(trades)))
    return win_rate - over(1.0 - win_rate, payoff(trades))


def system_quality(trades: Trades) -> float:
    """Root of n times mean over sample deviation of the profits."""
    if len(trades) < 2:
        return NAN
    return over(len(trades) ** 0.5 * mean(trades.pnl), float(trades.pnl.std(ddof=1)))


def turnover(trades: Trades, material: Material) -> float:
    """Value traded by both legs."""
    legs = np.concatenate((trades.entry_price, trades.exit_price))
    point = np.tile(trades.qty * material.value, 2)
    return float(notional(legs, point, material.payoff).sum())


def _largest(values: Floats) -> float:
    return float(values.max()) if len(values) else NAN


def _efficiency(trades: Trades) -> float:
    return over(float(trades.pnl.sum()), float(trades.mfe.sum()))


_TV: Final = "TradingView strategy report"
_OLD: Final = "definition"
# name, unit, better, formula, source, figure
_FIGURES: Final[tuple[FigureRow, ...]] = (
    ("trades", "count", 0, "closed trades", _TV, lambda t, m: float(len(t))),
    ("winning_trades", "count", 1, "pnl > 0", _TV, lambda t, m: float(len(wins(t)))),
    ("losing_trades", "count", -1, "pnl < 0", _TV, lambda t, m: float(len(losses(t)))),
    ("breakeven_trades", "count", 0, "pnl = 0", _TV, lambda t, m: float((t.pnl == 0.0).sum())),
    ("win_rate", "fraction", 1, "winning / closed", _TV,
     lambda t, m: over(float(len(wins(t))), float(len(t)))),
    ("loss_rate", "fraction", -1, "losing / closed", _OLD,
     lambda t, m: over(float(len(losses(t))), float(len(t)))),
    ("net_profit", "quote", 1, "Σ pnl", _TV, lambda t, m: float(t.pnl.sum())),
    ("net_profit_fraction", "fraction", 1, "Σ pnl / initial cash", _TV,
     lambda t, m: float(t.pnl.sum()) / m.initial_cash),
    ("gross_profit", "quote", 1, "Σ pnl > 0", _TV, lambda t, m: gross_profit(t)),
    ("gross_profit_fraction", "fraction", 1, "gross profit / initial cash", _TV,
     lambda t, m: gross_profit(t) / m.initial_cash),
    ("gross_loss", "quote", -1, "−Σ pnl < 0", _TV, lambda t, m: gross_loss(t)),
    ("gross_loss_fraction", "fraction", -1, "gross loss / initial cash", _TV,
     lambda t, m: gross_loss(t) / m.initial_cash),
    ("profit_factor", "ratio", 1, "gross profit / gross loss", _TV,
     lambda t, m: over(gross_profit(t), gross_loss(t))),
    ("average_trade", "quote", 1, "Σ pnl / closed", _TV, lambda t, m: mean(t.pnl)),
    ("average_trade_fraction", "fraction", 1, "mean pnl / (entry notional + fee)",
     "TradingView, K6", lambda t, m: mean(fractions(t, m))),
    ("median_trade", "quote", 1, "median of pnl", "statistics",
     lambda t, m: float(np.median(t.pnl)) if len(t) else NAN),
    ("average_win", "quote", 1, "gross profit / winning", _TV, lambda t, m: mean(wins(t).pnl)),
    ("average_win_fraction", "fraction", 1, "mean of the wins' shares", "TradingView, K6",
     lambda t, m: mean(fractions(wins(t), m))),
    ("average_loss", "quote", -1, "gross loss / losing", _TV, lambda t, m: -mean(losses(t).pnl)),
    ("average_loss_fraction", "fraction", -1, "mean of the losses' shares, positive",
     "TradingView, K6", lambda t, m: -mean(fractions(losses(t), m))),
    ("payoff_ratio", "ratio", 1, "average win / average loss", _TV, lambda t, m: payoff(t)),
    ("expectancy_ratio", "ratio", 1, "average trade / average loss", _OLD,
     lambda t, m: over(mean(t.pnl), -mean(losses(t).pnl))),
    ("largest_win", "quote", 1, "max pnl > 0", _TV, lambda t, m: _largest(wins(t).pnl)),
    ("largest_win_fraction", "fraction", 1, "largest share of a winning trade", _TV,
     lambda t, m: _largest(fractions(wins(t), m))),
    ("largest_loss", "quote", -1, "max −pnl > 0", _TV, lambda t, m: _largest(-losses(t).pnl)),
    ("largest_loss_fraction", "fraction", -1, "largest share of a losing trade", _TV,
     lambda t, m: _largest(-fractions(losses(t), m))),
    ("largest_win_share", "fraction", 0, "largest win / gross profit", _TV,
     lambda t, m: over(_largest(wins(t).pnl), gross_profit(t))),
    ("largest_loss_share", "fraction", 0, "largest loss / gross loss", _TV,
     lambda t, m: over(_largest(-losses(t).pnl), gross_loss(t))),
    ("net_profit_to_largest_loss", "ratio", 1, "net profit / largest loss", _TV,
     lambda t, m: over(float(t.pnl.sum()), _largest(-losses(t).pnl))),
    ("average_bars", "bars", 0, "mean exit bar − entry bar", "TradingView, L6",
     lambda t, m: mean(t.bars.astype(np.float64))),
    ("average_bars_winning", "bars", 0, "of winning trades", "TradingView, L6",
     lambda t, m: mean(wins(t).bars.astype(np.float64))),
    ("average_bars_losing", "bars", 0, "of losing trades", "TradingView, L6",
     lambda t, m: mean(losses(t).bars.astype(np.float64))),
    ("average_hours", "hours", 0, "mean exit time − entry time", _OLD,
     lambda t, m: mean((t.exit_ms - t.entry_ms) / _HOUR_MS)),
    ("longest_hours", "hours", 0, "longest exit time − entry time", _OLD,
     lambda t, m: _largest((t.exit_ms - t.entry_ms) / _HOUR_MS)),
    ("shortest_hours", "hours", 0, "shortest exit time − entry time", _OLD,
     lambda t, m: -_largest((t.entry_ms - t.exit_ms) / _HOUR_MS)),
    ("max_consecutive_wins", "count", 1, "longest streak of pnl > 0", _OLD,
     lambda t, m: float(longest_run(t.pnl > 0.0))),
    ("max_consecutive_losses", "count", -1, "longest streak of pnl < 0", _OLD,
     lambda t, m: float(longest_run(t.pnl < 0.0))),
    ("fees", "quote", -1, "Σ fees of both legs", _TV, lambda t, m: float(t.fees.sum())),
    ("funding", "quote", -1, "Σ funding paid", "Bybit", lambda t, m: float(t.funding.sum())),
    ("average_mfe", "quote", 1, "mean best open profit", "Sweeney (1996)",
     lambda t, m: mean(t.mfe)),
    ("average_mae", "quote", 1, "mean worst open profit", "Sweeney (1996)",
     lambda t, m: mean(t.mae)),
    ("exit_efficiency", "ratio", 1, "Σ pnl / Σ best open profit", "Sweeney (1996)",
     lambda t, m: _efficiency(t)),
    ("kelly", "fraction", 1, "W − (1 − W) / payoff", "Kelly (1956)", lambda t, m: kelly(t)),
    ("system_quality", "ratio", 1, "√n · mean pnl / deviation", "Tharp (2008), SQN",
     lambda t, m: system_quality(t)),
    ("turnover", "quote", 0, "Σ (entry + exit notional)", "definition",
     turnover),
)  # fmt: skip


def of_trades(rows: Iterable[FigureRow]) -> tuple[Metric, ...]:
    """Metrics of closed trades: of all, of long and of short ones."""

    def told(row: FigureRow) -> SideRow:
        name, unit, better, formula, source, figure = row
        return (name, unit, better, formula, source, ("trades",), lambda p, w: figure(p.closed, w))

    return sided(told(row) for row in rows)


TRADE_METRICS: Final = of_trades(_FIGURES)
