"""What did it cost, and how much was at stake? Fees, funding, slippage, margin and exposure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import DAY_MS
from engines.metrics.definition import NAN, Metric, Need, Unit
from engines.metrics.equity_figures import total_return
from engines.metrics.material import Material, Trades
from engines.metrics.position import exposed, margin, occupied, stays
from engines.metrics.trade_figures import gross_profit, over, turnover

_MONTH_MS: Final = 365.0 / 12.0 * DAY_MS
_DAYS_A_YEAR: Final = 365.0
_HOUR_MS: Final = 3_600_000
_QUARTER_HOURS: Final = 6


def quick_reversals(trades: Trades) -> float:
    """Entries against the trade that ended at most two bars' time before."""
    if len(trades) < 2:
        return 0.0
    step = np.maximum((trades.exit_ms - trades.entry_ms) // np.maximum(trades.bars, 1), 1)
    gap = trades.entry_ms[1:] - trades.exit_ms[:-1]
    turned = trades.side[1:] != trades.side[:-1]
    return float((turned & (gap >= 0) & (gap <= 2 * step[:-1])).sum())


def costs(material: Material) -> float:
    """Fees and funding of closed trades."""
    return float(material.closed.fees.sum() + material.closed.funding.sum())


def slippage(material: Material) -> float:
    """What market and stop orders gave away, open entries included; NaN where unknown."""
    return float(material.closed.slippage.sum() + material.open.slippage.sum())


def at_stake(material: Material) -> Floats:
    """Value of what is open over equity, at each close, (n_bars,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(material.equity > 0.0, exposed(material) / material.equity, np.nan)


def margin_share(material: Material) -> Floats:
    """Margin used over equity, at each close, (n_bars,)."""
    return at_stake(material) / material.leverage


def _highest(values: Floats) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else NAN


def _usual(values: Floats) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else NAN


def flat_days(material: Material) -> float:
    """Days of the longest stretch of bars without a position."""
    used = np.zeros(len(material.close), dtype=bool)
    used[stays(material).bar] = True
    edges = np.flatnonzero(np.diff(np.concatenate(([True], used, [True])).astype(np.int8)))
    if not len(edges):
        return 0.0
    starts, ends = material.open_ms[edges[::2]], material.close_ms[edges[1::2] - 1]
    return float((ends - starts).max()) / DAY_MS


def quarter_profit(material: Material, quarter: int) -> float:
    """Profit of the trades that were entered in one quarter of the day, UTC."""
    hour = material.closed.entry_ms // _HOUR_MS % 24
    return float(material.closed.pnl[hour // _QUARTER_HOURS == quarter].sum())


def _days(material: Material) -> float:
    return material.duration_ms / DAY_MS


def _fee_rate(material: Material) -> float:
    return over(float(material.closed.fees.sum()), turnover(material.closed, material))


def _turnover_a_year(material: Material) -> float:
    yearly = turnover(material.closed, material) * _DAYS_A_YEAR / _days(material)
    return yearly / material.initial_cash


_DEF: Final = "definition"
_T: Final[tuple[Need, ...]] = ("trades",)
_TB: Final[tuple[Need, ...]] = ("trades", "bars")
_TE: Final[tuple[Need, ...]] = ("trades", "equity", "bars")
_Row = tuple[str, Unit, int, str, str, tuple[Need, ...], Callable[[Material], float]]
_FIGURES: Final[tuple[_Row, ...]] = (
    ("initial_cash", "quote", 0, "initial cash", "TradingView strategy report", _T,
     lambda m: m.initial_cash),
    ("costs", "quote", -1, "fees + funding of closed trades", _DEF, _T, costs),
    ("cost_share", "fraction", -1, "costs / gross profit before costs of winners", _DEF, _T,
     lambda m: over(costs(m), gross_profit(m.closed) + costs(m))),
    ("cost_per_trade", "quote", -1, "costs / closed trades", _DEF, _T,
     lambda m: over(costs(m), float(len(m.closed)))),
    ("slippage", "quote", -1, "ticks of slippage of market and stop orders (C4)", _DEF, _T,
     slippage),
    ("fee_drag", "fraction", -1, "fees / initial cash", _DEF, _T,
     lambda m: float(m.closed.fees.sum()) / m.initial_cash),
    ("funding_drag", "fraction", -1, "funding / initial cash", _DEF, _T,
     lambda m: float(m.closed.funding.sum()) / m.initial_cash),
    ("slippage_drag", "fraction", -1, "slippage / initial cash", _DEF, _T,
     lambda m: slippage(m) / m.initial_cash),
    ("fee_rate", "fraction", -1, "fees / turnover", _DEF, _T, _fee_rate),
    ("turnover_a_year", "ratio", 0, "turnover · 365 days / duration / initial cash", _DEF, _TB,
     _turnover_a_year),
    ("trades_per_month", "count", 0, "closed trades / months of 365/12 days", _DEF, _TB,
     lambda m: len(m.closed) / (m.duration_ms / _MONTH_MS)),
    ("trades_per_day", "count", 0, "closed trades / days", _DEF, _TB,
     lambda m: len(m.closed) / _days(m)),
    ("average_exposure", "ratio", 0, "mean value of what is open / equity, at closes", _DEF, _TE,
     lambda m: _usual(at_stake(m))),
    ("max_exposure", "ratio", -1, "largest value of what is open / equity, at closes", _DEF, _TE,
     lambda m: _highest(at_stake(m))),
    ("average_margin_share", "fraction", 0, "mean margin used / equity, at closes", _DEF, _TE,
     lambda m: _usual(margin_share(m))),
    ("max_margin_share", "fraction", -1, "largest margin used / equity, at closes", _DEF, _TE,
     lambda m: _highest(margin_share(m))),
    ("lowest_free_margin", "quote", 1, "min equity − margin used, at closes", _DEF, _TE,
     lambda m: float((m.equity - margin(m)).min())),
    ("return_while_exposed", "fraction", 1, "total return / exposure", _DEF, _TE,
     lambda m: over(total_return(m), occupied(m))),
    ("longest_flat_days", "days", 0, "days of the longest time without a position", _DEF, _TB,
     flat_days),
    ("quick_reversals", "count", 0, "turns within two bars of the exit", _DEF, _T,
     lambda m: quick_reversals(m.closed)),
    ("night_profit", "quote", 1, "Σ pnl of entries from 0 to 6 UTC", _DEF, _T,
     lambda m: quarter_profit(m, 0)),
    ("morning_profit", "quote", 1, "Σ pnl of entries from 6 to 12 UTC", _DEF, _T,
     lambda m: quarter_profit(m, 1)),
    ("afternoon_profit", "quote", 1, "Σ pnl of entries from 12 to 18 UTC", _DEF, _T,
     lambda m: quarter_profit(m, 2)),
    ("evening_profit", "quote", 1, "Σ pnl of entries from 18 to 24 UTC", _DEF, _T,
     lambda m: quarter_profit(m, 3)),
    ("weekend_profit", "quote", 1, "Σ pnl of entries on Saturday and Sunday, UTC", _DEF, _T,
     lambda m: float(m.closed.pnl[(m.closed.entry_ms // DAY_MS + 3) % 7 >= 5].sum())),
)  # fmt: skip
ACCOUNT_METRICS: Final = tuple(Metric(*row) for row in _FIGURES)
