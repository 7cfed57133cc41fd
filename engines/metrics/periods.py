"""How did it go over time? Months, years, falls and rolling figures, as columns."""

from __future__ import annotations

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.intervals import DAY_MS, YEAR_MS
from engines.metrics.drawdowns import episodes
from engines.metrics.equity_figures import point_times
from engines.metrics.material import Columns, Material
from engines.metrics.return_figures import yearly_ratio


def months(material: Material) -> Columns:
    """One row a UTC month: period, return, profit, trades closed in it and their net profit."""
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
    mine = [closed == name for name in names]
    return {
        "period": names,
        "return": ends / starts - 1.0,
        "profit": ends - starts,
        "trades": np.array([int(one.sum()) for one in mine]),
        "net_profit": np.array([float(material.closed.pnl[one].sum()) for one in mine]),
    }


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
    """Daily figures over the `days` before each: sharpe, volatility, drawdown; NaN before.

    Raises InvalidInput for fewer than two days.
    """
    if days < 2:
        raise InvalidInput("days", days, "two or more")
    returns = material.daily_returns
    curve = np.concatenate(([1.0], np.cumprod(1.0 + returns)))

    def over_windows(figure: str) -> Floats:
        found = np.full(len(returns), np.nan)
        for end in range(days, len(returns) + 1):
            found[end - 1] = _in_window(
                figure, returns[end - days : end], curve[end - days : end + 1]
            )
        return found

    return {name: over_windows(name) for name in ("sharpe", "volatility", "drawdown")}


def _in_window(figure: str, returns: Floats, curve: Floats) -> float:
    if figure == "sharpe":
        return yearly_ratio(returns, downside=False)
    if figure == "volatility":
        return float(returns.std(ddof=1) * (YEAR_MS / DAY_MS) ** 0.5)
    return float((1.0 - curve / np.maximum.accumulate(curve)).max())
