"""What did it cost, and what did it need? TradingView's own ratios, costs, margin, exposure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import DAY_MS, Times
from engines.metrics.definition import NAN, Metric, Need, Unit
from engines.metrics.drawdowns import episodes, lasting_ms, rises
from engines.metrics.equity_figures import cagr, worst, worst_fraction
from engines.metrics.material import Material, Trades
from engines.metrics.trade_figures import gross_profit, mean, over
from engines.orders import Reason

# Two per cent a year, a twelfth of it a month (L2).
_MONTHLY_RATE: Final = 0.02 / 12.0
_MONTH_MS: Final = 365.0 / 12.0 * DAY_MS


def tradingview_sharpe(material: Material) -> float:
    """Monthly returns of realised equity over their population deviation, 2 % a year (L2)."""
    excess = material.monthly_realised - _MONTHLY_RATE
    return over(mean(excess), float(excess.std())) if len(excess) > 1 else NAN


def tradingview_sortino(material: Material) -> float:
    """The same over the root of the mean squared shortfall (L2)."""
    excess = material.monthly_realised - _MONTHLY_RATE
    if len(excess) < 2:
        return NAN
    return over(mean(excess), float(np.sqrt((np.minimum(excess, 0.0) ** 2).mean())))


def intrabar_drawdown(material: Material) -> float:
    """Largest fall from realised equity's peak to a trade's worst point (K4, L4)."""
    realised, mae = material.realised, material.closed.mae
    if np.isnan(mae).any():
        return NAN
    peaks = np.maximum.accumulate(realised)[:-1]
    return max(float((peaks - (realised[:-1] + mae)).max(initial=0.0)), 0.0)


def intrabar_runup(material: Material) -> float:
    """Largest rise from realised equity's low to a trade's best point (K4, L4)."""
    realised, mfe = material.realised, material.closed.mfe
    if np.isnan(mfe).any():
        return NAN
    lows = np.minimum.accumulate(realised)[:-1]
    return max(float((realised[:-1] + mfe - lows).max(initial=0.0)), 0.0)


def exit_times(material: Material) -> Times:
    """Times of the points of realised equity: the first open, then the exits."""
    return np.concatenate((material.open_ms[:1], material.closed.exit_ms))


def held(material: Material, side: int = 0) -> Floats:
    """Quantity that is open at each close, (n_bars,); of one side only if asked."""
    quantity = np.zeros(len(material.close))
    for trades, closed in ((material.closed, True), (material.open, False)):
        first = np.searchsorted(material.open_ms, trades.entry_ms)
        last = np.searchsorted(material.open_ms, trades.exit_ms) if closed else None
        for k in range(len(trades)):
            if side in (0, trades.side[k]):
                stop = None if last is None else last[k]
                quantity[first[k] : stop] += trades.qty[k]
    return quantity


def margin(material: Material) -> Floats:
    """Margin that open positions use at each close, (n_bars,)."""
    return held(material) * material.close * material.value / material.leverage


def occupied(material: Material, side: int) -> float:
    """Share of the bars in which a position was open at any time."""
    hit = np.zeros(len(material.close), dtype=bool)
    for trades in (material.closed, material.open):
        first = np.searchsorted(material.open_ms, trades.entry_ms)
        last = np.searchsorted(material.open_ms, trades.exit_ms)
        for k in range(len(trades)):
            if side in (0, trades.side[k]):
                hit[first[k] : last[k] + 1] = True
    return float(hit.mean())


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


def forced(material: Material, reason: Reason) -> float:
    """Closed trades that the venue forced."""
    return float((material.closed.reason == int(reason)).sum())


def account_size(material: Material) -> float:
    """Largest margin used and the intrabar drawdown (L8)."""
    return float(margin(material).max(initial=0.0)) + intrabar_drawdown(material)


def _net(material: Material) -> float:
    return float(material.closed.pnl.sum())


def _day_mean(found: Floats) -> float:
    # L3: calendar days, floored.
    return mean(np.floor(found / DAY_MS))


_TV: Final = "TradingView strategy report"
_DEF: Final = "definition"
_T: Final[tuple[Need, ...]] = ("trades",)
_TB: Final[tuple[Need, ...]] = ("trades", "bars")
_Row = tuple[str, Unit, int, str, str, tuple[Need, ...], Callable[[Material], float]]
_FIGURES: Final[tuple[_Row, ...]] = (
    ("initial_cash", "quote", 0, "initial cash", _TV, _T, lambda m: m.initial_cash),
    ("tradingview_sharpe", "ratio", 1, "(mean r − rf/12) / deviation, months", "TradingView, L2",
     _TB, tradingview_sharpe),
    ("tradingview_sortino", "ratio", 1, "(mean r − rf/12) / shortfall, months", "TradingView, L2",
     _TB, tradingview_sortino),
    ("open_trades", "count", 0, "entries still open", _TV, _T, lambda m: float(len(m.open))),
    ("open_profit", "quote", 0, "unrealised profit at the end, after its entry fees", _TV, _T,
     lambda m: float(m.open.pnl.sum())),
    ("closed_drawdown", "quote", -1, "largest fall of realised equity", "TradingView, L3", _T,
     lambda m: worst(episodes(m.realised))),
    ("closed_drawdown_fraction", "fraction", -1, "the same, of its peak", "TradingView, L3", _T,
     lambda m: worst_fraction(episodes(m.realised))),
    ("closed_drawdown_average", "quote", -1, "mean depth of its falls", "TradingView, L3", _T,
     lambda m: mean(np.array([one.depth for one in episodes(m.realised)]))),
    ("closed_drawdown_days", "days", -1, "mean whole days of its falls", "TradingView, L3", _T,
     lambda m: _day_mean(lasting_ms(episodes(m.realised), exit_times(m)))),
    ("closed_runup", "quote", 1, "largest rise of realised equity", "TradingView, L3", _T,
     lambda m: worst(rises(m.realised))),
    ("closed_runup_average", "quote", 1, "mean height of its rises", "TradingView, L3", _T,
     lambda m: mean(np.array([one.depth for one in rises(m.realised)]))),
    ("closed_runup_days", "days", 0, "mean whole days of its rises", "TradingView, L3", _T,
     lambda m: _day_mean(lasting_ms(rises(m.realised), exit_times(m)))),
    ("intrabar_drawdown", "quote", -1, "realised peak to a trade's worst point", "TradingView, K4",
     _T, intrabar_drawdown),
    ("intrabar_drawdown_fraction", "fraction", -1, "the same / initial cash", "TradingView, K4", _T,
     lambda m: intrabar_drawdown(m) / m.initial_cash),
    ("intrabar_runup", "quote", 1, "realised low to a trade's best point", "TradingView, K4", _T,
     intrabar_runup),
    ("intrabar_runup_fraction", "fraction", 1, "the same / initial cash", "TradingView, K4", _T,
     lambda m: intrabar_runup(m) / m.initial_cash),
    ("return_on_drawdown", "ratio", 1, "net profit / intrabar drawdown", _TV, _T,
     lambda m: over(_net(m), intrabar_drawdown(m))),
    ("max_contracts", "quantity", 0, "largest quantity open at a close", _TV, _TB,
     lambda m: float(held(m).max(initial=0.0))),
    ("max_margin", "quote", 0, "largest margin used at a close", _TV, _TB,
     lambda m: float(margin(m).max(initial=0.0))),
    ("average_margin", "quote", 0, "mean margin used, flat bars as 0", _TV, _TB,
     lambda m: mean(margin(m))),
    ("margin_efficiency", "ratio", 1, "cagr / (max margin / initial cash)", _TV, _TB,
     lambda m: over(cagr(m), float(margin(m).max(initial=0.0)) / m.initial_cash)),
    ("account_size", "quote", -1, "max margin + intrabar drawdown", "TradingView, L8", _TB,
     account_size),
    ("return_on_account_size", "fraction", 1, "net profit / account size", "TradingView, L8", _TB,
     lambda m: over(_net(m), account_size(m))),
    ("margin_calls", "count", -1, "trades closed by a margin call", _TV, _T,
     lambda m: forced(m, Reason.MARGIN_CALL)),
    ("liquidations", "count", -1, "trades closed by liquidation", "Bybit", _T,
     lambda m: forced(m, Reason.LIQUIDATION)),
    ("costs", "quote", -1, "fees + funding of closed trades", _DEF, _T, costs),
    ("cost_share", "fraction", -1, "costs / gross profit before costs of winners", _DEF, _T,
     lambda m: over(costs(m), gross_profit(m.closed) + costs(m))),
    ("fee_drag", "fraction", -1, "fees / initial cash", "definition", _T,
     lambda m: float(m.closed.fees.sum()) / m.initial_cash),
    ("funding_drag", "fraction", -1, "funding / initial cash", "definition", _T,
     lambda m: float(m.closed.funding.sum()) / m.initial_cash),
    ("cost_per_trade", "quote", -1, "costs / closed trades", _DEF, _T,
     lambda m: over(costs(m), float(len(m.closed)))),
    ("exposure", "fraction", 0, "bars with a position / bars", _DEF, _TB,
     lambda m: occupied(m, 0)),
    ("long_exposure", "fraction", 0, "bars with a long position / bars", _DEF, _TB,
     lambda m: occupied(m, 1)),
    ("short_exposure", "fraction", 0, "bars with a short position / bars", _DEF, _TB,
     lambda m: occupied(m, -1)),
    ("trades_per_month", "count", 0, "closed trades / months of 365/12 days", "definition",
     _TB, lambda m: len(m.closed) / (m.duration_ms / _MONTH_MS)),
    ("quick_reversals", "count", 0, "turns within two bars of the exit", "definition", _T,
     lambda m: quick_reversals(m.closed)),
)  # fmt: skip
ACCOUNT_METRICS: Final = tuple(Metric(*row) for row in _FIGURES)
