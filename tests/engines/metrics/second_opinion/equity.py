"""Figures of the equity curve a second time."""

from __future__ import annotations

import math

from engines.metrics.material import Material
from tests.engines.metrics.second_opinion.basics import (
    DAY_MS,
    NAN,
    YEAR,
    Fall,
    average,
    days_of,
    falls,
    line,
    quantile,
    ratio,
)


def equity_figures(m: Material) -> dict[str, float]:
    curve = [m.initial_cash, *m.equity.tolist()]
    times = [int(m.open_ms[0]), *m.close_ms.tolist()]
    down, up = falls(curve), falls(curve, -1)
    years = (times[-1] - times[0]) / (YEAR * DAY_MS)
    growth = curve[-1] / curve[0]
    yearly = growth ** (1 / years) - 1 if growth > 0 else -1.0
    deepest = max((one.share for one in down), default=0.0)
    best, under = curve[0], []
    for now in curve:
        best = max(best, now)
        under.append(1 - now / best)
    ulcer = math.sqrt(average([one**2 for one in under]))
    logs = [math.log(one) for one in curve] if min(curve) > 0 else []
    slope, fit, error = line(logs) if logs else (NAN, NAN, NAN)
    lasted = days_of(down, times)
    worst = max(down, key=lambda one: one.share, default=None)
    recovered = NAN
    if worst is not None and worst.end is not None:
        recovered = (times[worst.end] - times[worst.bottom]) / DAY_MS
    average_share = average([one.share for one in down])
    return {
        "final_equity": curve[-1],
        "highest_equity": max(curve),
        "lowest_equity": min(curve),
        "total_return": growth - 1,
        "cagr": yearly,
        "max_drawdown": deepest,
        "max_drawdown_money": max((one.depth for one in down), default=0.0),
        "average_drawdown": average_share,
        "average_drawdown_money": average([one.depth for one in down]),
        "max_drawdown_days": max(lasted, default=NAN),
        "average_drawdown_days": average(lasted),
        "recovery_days": recovered,
        "time_under_water": average([float(one > 0) for one in under[1:]]),
        "max_runup": max((-one.depth / -curve[one.start] for one in up), default=0.0),
        "max_runup_money": max((one.depth for one in up), default=0.0),
        "average_runup": average([one.depth / curve[one.start] for one in up]),
        "average_runup_money": average([one.depth for one in up]),
        "average_runup_bars": average(bars_of(up, len(curve))),
        "max_drawdown_bars": max(bars_of(down, len(curve)), default=NAN),
        "average_drawdown_bars": average(bars_of(down, len(curve))),
        "drawdown_start_bar": worst.start - 1 if worst else NAN,
        "drawdown_end_bar": worst.bottom - 1 if worst else NAN,
        "burke": ratio(yearly, math.sqrt(math.fsum(one.share**2 for one in down))),
        "drawdown_at_risk_95": average([one for one in under if one >= quantile(under, 0.95)]),
        "calmar": ratio(yearly, deepest),
        "sterling": ratio(yearly, average_share),
        "recovery_factor": ratio(
            curve[-1] - curve[0], max((one.depth for one in down), default=0.0)
        ),
        "ulcer_index": ulcer,
        "ulcer_performance": ratio(yearly, ulcer),
        "pain_index": average(under),
        "pain_ratio": ratio(yearly, average(under)),
        "stability": fit,
        "k_ratio": ratio(slope, error * math.sqrt(len(curve))),
    }


def bars_of(found: list[Fall], n_points: int) -> list[float]:
    return [float((n_points - 1 if one.end is None else one.end) - one.start) for one in found]
