"""Figures of returns a second time."""

from __future__ import annotations

import math
import statistics
from itertools import groupby

from engines.metrics.material import Material
from tests.engines.metrics.second_opinion.basics import (
    NAN,
    YEAR,
    average,
    changes,
    period_ends,
    quantile,
    ratio,
)

MINUTES_A_YEAR = YEAR * 24 * 60


def return_figures(m: Material) -> dict[str, float]:
    equity = m.equity.tolist()
    days, weeks, months, years = (
        changes([m.initial_cash, *period_ends(m, equity, form)])
        for form in ("%Y-%m-%d", "%G-%V", "%Y-%m", "%Y")
    )
    bars = changes([m.initial_cash, *equity])
    a_year = MINUTES_A_YEAR / int(m.bars.series.interval)
    spread = statistics.stdev(days)
    short = shortfall(days)
    middle, broad = average(days), statistics.pstdev(days)
    var_95, var_99 = -quantile(days, 0.05), -quantile(days, 0.01)
    gains, losses = [one for one in days if one > 0], [-one for one in days if one < 0]
    skew = average([((one - middle) / broad) ** 3 for one in days])
    tails = average([((one - middle) / broad) ** 4 for one in days])
    one = middle / spread
    tail = ratio(quantile(days, 0.95), abs(quantile(days, 0.05)))
    certainty = one * math.sqrt((len(days) - 1) / (1 - skew * one + (tails - 1) / 4 * one**2))
    return {
        "volatility": spread * math.sqrt(YEAR),
        "daily_sharpe": ratio(middle, spread) * math.sqrt(YEAR),
        "daily_sortino": ratio(middle, short) * math.sqrt(YEAR),
        "downside_deviation": short * math.sqrt(YEAR),
        "var_95": var_95,
        "var_99": var_99,
        "cvar_95": -average([one for one in days if one <= -var_95]),
        "cvar_99": -average([one for one in days if one <= -var_99]),
        "omega": ratio(
            math.fsum(one for one in days if one > 0), -math.fsum(one for one in days if one < 0)
        ),
        "gain_to_pain": ratio(math.fsum(months), -math.fsum(one for one in months if one < 0)),
        "tail_ratio": ratio(quantile(days, 0.95), abs(quantile(days, 0.05))),
        "skewness": average([((one - middle) / broad) ** 3 for one in days]),
        "excess_kurtosis": average([((one - middle) / broad) ** 4 for one in days]) - 3,
        "best_day": max(days),
        "worst_day": min(days),
        "average_day": middle,
        "positive_days": average([float(one > 0) for one in days]),
        "best_month": max(months),
        "worst_month": min(months),
        "average_month": average(months),
        "positive_months": average([float(one > 0) for one in months]),
        "bar_volatility": statistics.stdev(bars) * math.sqrt(a_year),
        "bar_sharpe": ratio(average(bars), statistics.stdev(bars)) * math.sqrt(a_year),
        "bar_sortino": ratio(average(bars), shortfall(bars)) * math.sqrt(a_year),
        "monthly_sharpe": ratio(average(months), statistics.stdev(months)) * math.sqrt(12),
        "monthly_sortino": ratio(average(months), shortfall(months)) * math.sqrt(12),
        "adjusted_sharpe": math.sqrt(YEAR) * (one + skew / 6 * one**2 - (tails - 3) / 24 * one**3),
        "probabilistic_sharpe": statistics.NormalDist().cdf(certainty),
        "sharpe_stability": stability(days, 30),
        "return_samples": len(days),
        "var_95_normal": -(middle + statistics.NormalDist().inv_cdf(0.05) * spread),
        "kappa_3": ratio(middle, average([max(-one, 0.0) ** 3 for one in days]) ** (1 / 3)),
        "upside_potential": ratio(average([max(one, 0.0) for one in days]), short),
        "common_sense_ratio": tail * ratio(math.fsum(gains), math.fsum(losses)),
        "day_payoff": ratio(average(gains), average(losses)),
        "average_up_day": average(gains),
        "average_down_day": -average(losses),
        "longest_up_days": longest([one > 0 for one in days]),
        "longest_down_days": longest([one < 0 for one in days]),
        "day_autocorrelation": statistics.correlation(days[:-1], days[1:]),
        "month_deviation": statistics.stdev(months),
        "longest_down_months": longest([one < 0 for one in months]),
        **named("week", weeks),
        **named("year", years),
    }


def named(word: str, returns: list[float]) -> dict[str, float]:
    return {
        f"best_{word}": max(returns),
        f"worst_{word}": min(returns),
        f"average_{word}": average(returns),
        f"positive_{word}s": average([float(one > 0) for one in returns]),
    }


def shortfall(returns: list[float]) -> float:
    return math.sqrt(average([min(one, 0.0) ** 2 for one in returns]))


def longest(hits: list[bool]) -> int:
    return max((len(list(some)) for hit, some in groupby(hits) if hit), default=0)


def stability(days: list[float], window: int) -> float:
    if len(days) <= window:
        return NAN
    found = []
    for end in range(window, len(days) + 1):
        some = days[end - window : end]
        if statistics.stdev(some):
            found.append(average(some) / statistics.stdev(some))
    return average(found) / statistics.stdev(found)
