"""What did the account go through, by all, long and short trades? TradingView's own ratios."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import DAY_MS
from engines.metrics.definition import NAN, Need, SideFigure, Unit, sided
from engines.metrics.drawdowns import Phase, closed_falls, closed_rises
from engines.metrics.material import Material
from engines.metrics.position import (
    average_margin,
    intrabar_drawdown,
    intrabar_runup,
    margin,
    most_held,
    occupied,
)
from engines.metrics.streaming import cagr as growth_a_year
from engines.metrics.trade_figures import mean, over
from engines.orders import Reason

# Two per cent a year (L2); with fewer than four calendar months TradingView takes days.
_RISK_FREE: Final = 0.02
_FEWEST_MONTHS: Final = 4


def net(part: Material) -> float:
    """Profit of closed trades."""
    return float(part.closed.pnl.sum())


def excess_returns(part: Material) -> Floats:
    """Monthly returns of realised equity beyond 2 % a year; daily ones of a short run (L2)."""
    months = part.realised_returns("M")
    if len(months) >= _FEWEST_MONTHS:
        return months - _RISK_FREE / 12.0
    return part.realised_returns("D") - _RISK_FREE / 365.0


def tradingview_sharpe(part: Material) -> float:
    """Mean excess return over its population deviation, not annualised (L2)."""
    excess = excess_returns(part)
    return over(mean(excess), float(excess.std())) if len(excess) > 1 else NAN


def tradingview_sortino(part: Material) -> float:
    """The same over the root of the mean squared shortfall (L2)."""
    excess = excess_returns(part)
    if len(excess) < 2:
        return NAN
    return over(mean(excess), float(np.sqrt((np.minimum(excess, 0.0) ** 2).mean())))


def closed_cagr(part: Material) -> float:
    """Compound annual growth of realised equity over the range, 365-day years (L5)."""
    growth = np.array([1.0 + net(part) / part.initial_cash])
    return float(growth_a_year(growth, part.duration_ms)[0])


def falls(part: Material) -> list[Phase]:
    """Falls of realised equity (L3)."""
    return closed_falls(part.realised[1:])


def rises(part: Material) -> list[Phase]:
    """Rises of realised equity (L3)."""
    return closed_rises(part.realised[1:])


def largest(found: list[Phase]) -> float:
    """Money of the largest, 0 without any."""
    return max((one.money for one in found), default=0.0)


def usual(found: list[Phase]) -> float:
    """Mean money, NaN without any."""
    return mean(np.array([one.money for one in found]))


def whole_days(part: Material, found: list[Phase]) -> float:
    """Mean calendar days from start to end, floored (L3)."""
    times = part.closed.exit_ms
    lasted = np.array([times[one.end] - times[one.start] for one in found], dtype=np.float64)
    return float(np.floor(mean(lasted) / DAY_MS))


def largest_margin(part: Material) -> float:
    """Largest margin used at a close."""
    return float(margin(part).max(initial=0.0))


def account_size(part: Material) -> float:
    """Largest margin used and the intrabar drawdown (L8)."""
    return largest_margin(part) + intrabar_drawdown(part).money


def margin_efficiency(part: Material) -> float:
    """Annual growth over the share of the initial cash that the largest margin took."""
    return over(closed_cagr(part), largest_margin(part) / part.initial_cash)


def forced(part: Material, reason: Reason) -> float:
    """Closed trades that the venue forced."""
    return float((part.closed.reason == int(reason)).sum())


def open_profit_before_fees(part: Material) -> float:
    """Unrealised profit at the last close; the entries' fees are already paid (H5)."""
    return float((part.open.pnl + part.open.entry_fee).sum())


_TV: Final = "TradingView strategy report"
_L3: Final = "TradingView, L3"
_K4: Final = "TradingView, K4, L4"
_DEF: Final = "definition"
_T: Final[tuple[Need, ...]] = ("trades",)
_TB: Final[tuple[Need, ...]] = ("trades", "bars")
_FIGURES: Final[tuple[tuple[str, Unit, int, str, str, tuple[Need, ...], SideFigure], ...]] = (
    ("open_trades", "count", 0, "entries still open", _TV, _T, lambda p, w: float(len(p.open))),
    ("open_profit", "quote", 0, "unrealised profit at the last close, before fees", _TV, _TB,
     lambda p, w: open_profit_before_fees(p)),
    ("open_profit_fraction", "fraction", 0, "the same / realised equity", _TV, _TB,
     lambda p, w: over(open_profit_before_fees(p), w.initial_cash + net(w))),
    ("fees_paid", "quote", -1, "Σ fees of closed trades and of open entries", _TV, _T,
     lambda p, w: float(p.closed.fees.sum() + p.open.entry_fee.sum())),
    ("closed_cagr", "fraction", 1, "(1 + Σ pnl / initial cash)^(365 days / duration) − 1",
     "TradingView, L5", _TB, lambda p, w: closed_cagr(p)),
    ("tradingview_sharpe", "ratio", 1, "(mean r − rf/12) / deviation, months", "TradingView, L2",
     _TB, lambda p, w: tradingview_sharpe(p)),
    ("tradingview_sortino", "ratio", 1, "(mean r − rf/12) / shortfall, months", "TradingView, L2",
     _TB, lambda p, w: tradingview_sortino(p)),
    ("closed_calmar", "ratio", 1, "closed cagr / closed drawdown fraction", "Young (1991)", _TB,
     lambda p, w: over(closed_cagr(p), largest(falls(p)) / w.initial_cash)),
    ("closed_drawdown", "quote", -1, "largest fall of realised equity after the first trade", _L3,
     _T, lambda p, w: largest(falls(p))),
    ("closed_drawdown_fraction", "fraction", -1, "the same / initial cash", _L3, _T,
     lambda p, w: largest(falls(p)) / w.initial_cash),
    ("closed_drawdown_average", "quote", -1, "mean of its falls by two trades or over 5 %", _L3,
     _T, lambda p, w: usual(falls(p))),
    ("closed_drawdown_average_fraction", "fraction", -1, "the same / initial cash", _L3, _T,
     lambda p, w: usual(falls(p)) / w.initial_cash),
    ("closed_drawdown_days", "days", -1, "mean days from peak to trough of them, floored", _L3, _T,
     lambda p, w: whole_days(p, falls(p))),
    ("closed_runup", "quote", 1, "largest rise of realised equity between its falls", _L3, _T,
     lambda p, w: largest(rises(p))),
    ("closed_runup_fraction", "fraction", 1, "the same / initial cash", _L3, _T,
     lambda p, w: largest(rises(p)) / w.initial_cash),
    ("closed_runup_average", "quote", 1, "mean of its rises by two trades", _L3, _T,
     lambda p, w: usual(rises(p))),
    ("closed_runup_average_fraction", "fraction", 1, "the same / initial cash", _L3, _T,
     lambda p, w: usual(rises(p)) / w.initial_cash),
    ("closed_runup_days", "days", 0, "mean days from trough to peak of them, floored", _L3, _T,
     lambda p, w: whole_days(p, rises(p))),
    ("intrabar_drawdown", "quote", -1, "settled peak to the worst moment inside a bar", _K4, _TB,
     lambda p, w: intrabar_drawdown(p).money),
    ("intrabar_drawdown_fraction", "fraction", -1, "the same / initial cash", _K4, _TB,
     lambda p, w: intrabar_drawdown(p).money / w.initial_cash),
    ("intrabar_drawdown_of_peak", "fraction", -1, "the same / the peak it fell from", _K4, _TB,
     lambda p, w: over(intrabar_drawdown(p).money, intrabar_drawdown(p).base)),
    ("intrabar_runup", "quote", 1, "settled low to the best moment inside a bar", _K4, _TB,
     lambda p, w: intrabar_runup(p).money),
    ("intrabar_runup_fraction", "fraction", 1, "the same / initial cash", _K4, _TB,
     lambda p, w: intrabar_runup(p).money / w.initial_cash),
    ("intrabar_runup_of_top", "fraction", 1, "the same / the equity it rose to", _K4, _TB,
     lambda p, w: over(intrabar_runup(p).money, intrabar_runup(p).base)),
    ("return_on_drawdown", "ratio", 1, "Σ pnl / intrabar drawdown of all trades", _TV, _TB,
     lambda p, w: over(net(p), intrabar_drawdown(w).money)),
    ("max_contracts", "quantity", 0, "largest quantity open at any moment", _TV, _TB,
     lambda p, w: most_held(p)),
    ("max_margin", "quote", 0, "largest margin used at a close", _TV, _TB,
     lambda p, w: largest_margin(p)),
    ("average_margin", "quote", 0, "mean margin at closes from the bar after the entry, else 0",
     _TV, _TB, lambda p, w: average_margin(p)),
    ("margin_efficiency", "ratio", 1, "closed cagr / (max margin / initial cash)", _TV, _TB,
     lambda p, w: margin_efficiency(p)),
    ("account_size", "quote", -1, "max margin + intrabar drawdown", "TradingView, L8", _TB,
     lambda p, w: account_size(p)),
    ("return_on_account_size", "fraction", 1, "Σ pnl / account size of all trades",
     "TradingView, L8", _TB, lambda p, w: over(net(p), account_size(w))),
    ("margin_calls", "count", -1, "trades closed by a margin call", _TV, _T,
     lambda p, w: forced(p, Reason.MARGIN_CALL)),
    ("liquidations", "count", -1, "trades closed by liquidation", "Bybit", _T,
     lambda p, w: forced(p, Reason.LIQUIDATION)),
    ("exposure", "fraction", 0, "bars with a position / bars", _DEF, _TB,
     lambda p, w: occupied(p)),
)  # fmt: skip
SIDE_METRICS: Final = sided(_FIGURES)
