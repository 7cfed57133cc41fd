"""Figures beside the market a second time."""

from __future__ import annotations

import math
import statistics

from engines.metrics.material import Material
from tests.engines.metrics.second_opinion.basics import (
    DAY_MS,
    YEAR,
    Row,
    average,
    changes,
    falls,
    period_ends,
    ratio,
)


def benchmark_figures(m: Material, rows: list[Row], still: list[Row]) -> dict[str, float]:
    days = changes([m.initial_cash, *period_ends(m, m.equity.tolist(), "%Y-%m-%d")])
    hold = changes([m.first_price, *period_ends(m, m.close.tolist(), "%Y-%m-%d")])
    own, theirs = average(days), average(hold)
    beta = statistics.covariance(days, hold) / statistics.variance(hold)
    alike = statistics.correlation(days, hold)
    gap = [one - other for one, other in zip(days, hold, strict=True)]
    apart = statistics.stdev(gap) * math.sqrt(YEAR)
    pairs = list(zip(days, hold, strict=True))
    earliest = min([*rows, *still], key=lambda row: row.entry_ms)
    held = m.initial_cash * (m.close.tolist()[-1] / earliest.entry - 1)
    market = m.close.tolist()[-1] / m.first_price - 1
    rose = [(one, other) for one, other in pairs if other > 0]
    fell = [(one, other) for one, other in pairs if other < 0]
    rest = [one - beta * other for one, other in pairs]
    alpha = (own - beta * theirs) * YEAR
    months = [
        changes([first, *period_ends(m, values, "%Y-%m")])
        for first, values in (
            (m.initial_cash, m.equity.tolist()),
            (m.first_price, m.close.tolist()),
        )
    ]
    span = (int(m.close_ms[-1]) - int(m.open_ms[0])) / (YEAR * DAY_MS)
    up_share = ratio(average([a for a, _ in rose]), average([b for _, b in rose]))
    down_share = ratio(average([a for a, _ in fell]), average([b for _, b in fell]))
    return {
        "buy_and_hold_profit_fraction": held / m.initial_cash,
        "buy_and_hold_cagr": (1 + market) ** (1 / span) - 1,
        "buy_and_hold_volatility": statistics.stdev(hold) * math.sqrt(YEAR),
        "buy_and_hold_sharpe": theirs / statistics.stdev(hold) * math.sqrt(YEAR),
        "outperformance_fraction": (math.fsum(r.pnl for r in rows) - held) / m.initial_cash,
        "capture_ratio": ratio(up_share, down_share),
        "up_beta": beta_of(rose),
        "down_beta": beta_of(fell),
        "appraisal_ratio": alpha / (statistics.stdev(rest) * math.sqrt(YEAR)),
        "m_squared": own / statistics.stdev(days) * statistics.stdev(hold) * YEAR,
        "months_better": average([float(a > b) for a, b in zip(*months, strict=True)]),
        "buy_and_hold_return": market,
        "buy_and_hold_profit": held,
        "buy_and_hold_drawdown": max(
            one.share for one in falls([m.first_price, *m.close.tolist()])
        ),
        "outperformance": math.fsum(row.pnl for row in rows) - held,
        "excess_return": m.equity.tolist()[-1] / m.initial_cash - 1 - market,
        "alpha": (own - beta * theirs) * YEAR,
        "beta": beta,
        "correlation": alike,
        "r_squared": alike**2,
        "tracking_error": apart,
        "information_ratio": average(gap) * YEAR / apart,
        "treynor": own * YEAR / beta,
        "up_capture": ratio(
            average([one for one, other in pairs if other > 0]),
            average([other for _, other in pairs if other > 0]),
        ),
        "down_capture": ratio(
            average([one for one, other in pairs if other < 0]),
            average([other for _, other in pairs if other < 0]),
        ),
        "days_better": average([float(one > other) for one, other in pairs]),
    }


def beta_of(pairs: list[tuple[float, float]]) -> float:
    own, market = [one for one, _ in pairs], [other for _, other in pairs]
    return statistics.covariance(own, market) / statistics.variance(market)
