"""How did it go over time? Months, years, falls and rolling figures, as columns."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.intervals import DAY_MS
from engines.metrics.benchmark_figures import beta
from engines.metrics.drawdowns import episodes
from engines.metrics.equity_figures import point_times
from engines.metrics.material import Columns, Material
from engines.metrics.return_figures import DAYS_A_YEAR, deviation, yearly_ratio
from engines.metrics.trade_figures import mean, over


def months(material: Material) -> Columns:
    """One row a UTC month, by equity at closes and by the trades that closed in it.

    Columns: period, return, profit, drawdown (deepest fall within it); trades, net_profit,
    win_rate, profit_factor; NaN where undefined.
    """
    return _periods(material, "M")


def years(material: Material) -> Columns:
    """One row a UTC year, as `months`."""
    return _periods(material, "Y")


def _periods(material: Material, unit: str) -> Columns:
    kind = f"datetime64[{unit}]"
    stamps = material.open_ms.astype("datetime64[ms]").astype(kind)
    names, first = np.unique(stamps, return_index=True)
    last = np.append(first[1:], len(stamps)) - 1
    ends = material.equity[last]
    starts = np.concatenate(([material.initial_cash], ends[:-1]))
    closed = material.closed.exit_ms.astype("datetime64[ms]").astype(kind)
    profits = [material.closed.pnl[closed == name] for name in names]
    return {
        "period": names,
        "return": ends / starts - 1.0,
        "profit": ends - starts,
        "drawdown": np.array(
            [_deepest(material.curve[at : to + 2]) for at, to in zip(first, last, strict=True)]
        ),
        "trades": np.array([len(one) for one in profits]),
        "net_profit": np.array([float(one.sum()) for one in profits]),
        "win_rate": np.array([mean((one > 0.0).astype(np.float64)) for one in profits]),
        "profit_factor": np.array([_factor(one) for one in profits]),
    }


def _deepest(curve: Floats) -> float:
    return float((1.0 - curve / np.maximum.accumulate(curve)).max())


def _factor(profits: Floats) -> float:
    return over(float(profits[profits > 0.0].sum()), float(-profits[profits < 0.0].sum()))


def falls(material: Material) -> Columns:
    """Falls of equity at closes, deepest first.

    Columns: start_ms, trough_ms, end_ms (−1: not over), depth, fraction of the peak, days.
    """
    times = point_times(material)
    found = sorted(episodes(material.curve), key=lambda one: -one.fraction)
    ends = [len(times) - 1 if one.end is None else one.end for one in found]
    starts = times[[one.start for one in found]] if found else np.zeros(0, dtype=np.int64)
    return {
        "start_ms": starts,
        "trough_ms": times[[one.trough for one in found]] if found else starts,
        "end_ms": np.array([-1 if one.end is None else times[one.end] for one in found]),
        "depth": np.array([one.depth for one in found]),
        "fraction": np.array([one.fraction for one in found]),
        "days": (times[ends] - starts) / DAY_MS if found else np.zeros(0),
    }


def rolling(material: Material, days: int = 30) -> Columns:
    """Daily figures over the `days` before each; NaN before there are as many.

    Columns: time_ms (end of the day's last bar), return, volatility, sharpe, sortino, drawdown,
    beta to the market. Raises InvalidInput for fewer than two days.
    """
    if days < 2:
        raise InvalidInput("days", days, "two or more")
    returns, market = material.daily_returns, material.daily_hold
    curve = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    found = {name: np.full(len(returns), np.nan) for name in _ROLLING}
    for end in range(days, len(returns) + 1):
        inside = slice(end - days, end)
        figures = _in_window(returns[inside], market[inside], curve[end - days : end + 1])
        for name, value in zip(_ROLLING, figures, strict=True):
            found[name][end - 1] = value
    return {"time_ms": material.day_ends_ms, **found}


_ROLLING: Final = ("return", "volatility", "sharpe", "sortino", "drawdown", "beta")


def _in_window(returns: Floats, market: Floats, curve: Floats) -> tuple[float, ...]:
    return (
        float(curve[-1] / curve[0] - 1.0),
        deviation(returns) * DAYS_A_YEAR**0.5,
        yearly_ratio(returns, downside=False),
        yearly_ratio(returns, downside=True),
        _deepest(curve),
        beta(returns, market),
    )
