"""How do the results of trades spread? Streaks, outliers, holding times and excursions."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.bars import Floats
from engines.metrics.definition import NAN
from engines.metrics.material import Material, Trades
from engines.metrics.trade_figures import (
    FigureRow,
    fractions,
    gross_profit,
    losses,
    mean,
    of_trades,
    over,
    wins,
)

_HOUR_MS: Final = 3_600_000.0
# Deviations from the mean return beyond which TradingView calls a trade an outlier.
_FAR: Final = 2.0


def streaks(trades: Trades) -> list[tuple[int, int]]:
    """Stretches of wins (+1), of losses (−1) and of neither (0), with their lengths, in order."""
    found: list[tuple[int, int]] = []
    for sign in np.sign(trades.pnl).astype(int).tolist():
        if found and found[-1][0] == sign:
            found[-1] = (sign, found[-1][1] + 1)
        else:
            found.append((sign, 1))
    return found


def mean_streak(trades: Trades, sign: int) -> float:
    """Mean length of the streaks of wins or of losses."""
    return mean(np.array([length for kind, length in streaks(trades) if kind == sign], dtype=float))


def last_streak(trades: Trades) -> float:
    """Wins in a row at the end, or losses as a negative number."""
    found = streaks(trades)
    return float(found[-1][0] * found[-1][1]) if found else 0.0


def streak_score(trades: Trades) -> float:
    """How far the number of streaks lies from that of independent trades, in deviations.

    Below 0: wins follow wins. Wald, Wolfowitz (1940), breakeven trades left out.
    """
    signs = np.sign(trades.pnl[trades.pnl != 0.0])
    n, won = len(signs), float((signs > 0).sum())
    lost = n - won
    if won == 0.0 or lost == 0.0 or n < 3:
        return NAN
    runs = 1.0 + float((signs[1:] != signs[:-1]).sum())
    both = 2.0 * won * lost
    variance = both * (both - n) / (n * n * (n - 1.0))
    return over(runs - both / n - 1.0, float(np.sqrt(variance)))


def outliers(trades: Trades, whole: Material) -> Trades:
    """Trades whose return lies more than two deviations from the mean of all closed trades."""
    every = fractions(whole.closed, whole)
    if len(every) < 2:
        return trades.where(np.zeros(len(trades), dtype=bool))
    far = np.abs(fractions(trades, whole) - every.mean()) > _FAR * every.std(ddof=1)
    return trades.where(far)


def best_tenth(trades: Trades) -> float:
    """Share of the gross profit that the best tenth of the winning trades made."""
    won = np.sort(wins(trades).pnl)[::-1]
    return over(float(won[: -(-len(won) // 10)].sum()), gross_profit(trades))


def skewness(values: Floats) -> float:
    """Third standardised moment, population deviation."""
    if len(values) < 2 or values.std() == 0.0:
        return NAN
    return float((((values - values.mean()) / values.std()) ** 3).mean())


def bars_in(trades: Trades) -> Floats:
    """Bars that a trade saw, its entry's and its exit's included (L6)."""
    return np.asarray(trades.bars + 1.0)


def _deviation(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else NAN


def _middle(values: Floats) -> float:
    return float(np.median(values)) if len(values) else NAN


def _most(values: Floats) -> float:
    return float(values.max()) if len(values) else NAN


def _hours(trades: Trades) -> Floats:
    return (trades.exit_ms - trades.entry_ms) / _HOUR_MS


def _trade_sharpe(trades: Trades, whole: Material) -> float:
    found = fractions(trades, whole)
    return over(mean(found), _deviation(found)) if len(found) > 1 else NAN


_TV: Final = "TradingView strategy report"
_TV_BARS: Final = "TradingView, L6"
_EX: Final = "Sweeney (1996)"
_STAT: Final = "statistics"
_DEF: Final = "definition"
_FIGURES: Final[tuple[FigureRow, ...]] = (
    ("bars_in_trades", "bars", 0, "mean exit bar − entry bar + 1", _TV_BARS,
     lambda t, m: mean(bars_in(t))),
    ("bars_in_winning_trades", "bars", 0, "the same of winning trades", _TV_BARS,
     lambda t, m: mean(bars_in(wins(t)))),
    ("bars_in_losing_trades", "bars", 0, "the same of losing trades", _TV_BARS,
     lambda t, m: mean(bars_in(losses(t)))),
    ("median_bars", "bars", 0, "median exit bar − entry bar", _STAT,
     lambda t, m: _middle(t.bars.astype(float))),
    ("longest_bars", "bars", 0, "most bars from entry to exit", _DEF,
     lambda t, m: _most(t.bars.astype(float))),
    ("shortest_bars", "bars", 0, "fewest bars from entry to exit", _DEF,
     lambda t, m: -_most(-t.bars.astype(float))),
    ("average_hours_winning", "hours", 0, "mean time held of winning trades", _DEF,
     lambda t, m: mean(_hours(wins(t)))),
    ("average_hours_losing", "hours", 0, "mean time held of losing trades", _DEF,
     lambda t, m: mean(_hours(losses(t)))),
    ("profit_per_bar", "quote", 1, "Σ pnl / Σ (bars + 1)", _DEF,
     lambda t, m: over(float(t.pnl.sum()), float(bars_in(t).sum()))),
    ("profit_deviation", "quote", -1, "sample deviation of pnl", _STAT,
     lambda t, m: _deviation(t.pnl)),
    ("profit_skewness", "ratio", 1, "third standardised moment of pnl", _STAT,
     lambda t, m: skewness(t.pnl)),
    ("trade_sharpe", "ratio", 1, "mean / deviation of the trades' shares", "Sharpe (1994)",
     _trade_sharpe),
    ("median_win", "quote", 1, "median of pnl > 0", _STAT, lambda t, m: _middle(wins(t).pnl)),
    ("median_loss", "quote", -1, "median of −pnl > 0", _STAT,
     lambda t, m: _middle(-losses(t).pnl)),
    ("expectancy_fraction_ratio", "ratio", 1, "mean share / mean share of losses", _DEF,
     lambda t, m: over(mean(fractions(t, m)), -mean(fractions(losses(t), m)))),
    ("outliers", "count", 0, "shares beyond 2 deviations of the mean of all", _TV,
     lambda t, m: float(len(outliers(t, m)))),
    ("outlier_profit", "quote", 0, "Σ pnl of the outliers", _TV,
     lambda t, m: float(outliers(t, m).pnl.sum())),
    ("profit_without_best", "quote", 1, "Σ pnl − largest win", _DEF,
     lambda t, m: float(t.pnl.sum()) - float(wins(t).pnl.max(initial=0.0))),
    ("best_tenth_share", "fraction", -1, "best tenth of the wins / gross profit", _DEF,
     lambda t, m: best_tenth(t)),
    ("average_win_streak", "count", 1, "mean length of streaks of wins", _DEF,
     lambda t, m: mean_streak(t, 1)),
    ("average_loss_streak", "count", -1, "mean length of streaks of losses", _DEF,
     lambda t, m: mean_streak(t, -1)),
    ("current_streak", "count", 1, "wins in a row at the end; losses negative", _DEF,
     lambda t, m: last_streak(t)),
    ("streak_score", "ratio", 0, "(streaks − expected) / deviation", "Wald, Wolfowitz (1940)",
     lambda t, m: streak_score(t)),
    ("best_mfe", "quote", 1, "largest open profit", _EX, lambda t, m: _most(t.mfe)),
    ("worst_mae", "quote", 1, "worst open profit", _EX, lambda t, m: -_most(-t.mae)),
    ("average_mfe_losing", "quote", 0, "mean best open profit of losing trades", _EX,
     lambda t, m: mean(losses(t).mfe)),
    ("average_mae_winning", "quote", 0, "mean worst open profit of winning trades", _EX,
     lambda t, m: mean(wins(t).mae)),
    ("edge_ratio", "ratio", 1, "mean best / mean worst open profit", "Faith (2007)",
     lambda t, m: over(mean(t.mfe), -mean(t.mae))),
    ("average_giveback", "quote", -1, "mean best open profit − pnl", _EX,
     lambda t, m: mean(t.mfe - t.pnl)),
)  # fmt: skip


SHAPE_METRICS: Final = of_trades(_FIGURES)
