"""What do the returns of days, weeks, months and years say? Risk, tails and their ratios."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import DAY_MS, YEAR_MS, bars_per_year
from engines.metrics.definition import NAN, Metric, Need, Unit
from engines.metrics.equity_figures import extreme
from engines.metrics.material import Material
from engines.metrics.streaming import sharpe, sortino
from engines.metrics.trade_figures import longest_run, mean, over
from engines.metrics.trade_shape import skewness

DAYS_A_YEAR: Final = YEAR_MS / DAY_MS
_WINDOW: Final = 30
# The normal distribution's 95 % quantile.
_FIVE_PERCENT: Final = 1.6448536269514722


def deviation(returns: Floats) -> float:
    """Sample deviation, NaN of less than two."""
    return float(returns.std(ddof=1)) if len(returns) > 1 else NAN


def yearly_ratio(returns: Floats, downside: bool, periods: float = DAYS_A_YEAR) -> float:
    """Sharpe or Sortino ratio of returns, annualised by the periods a year has (`streaming`)."""
    n, total = np.array([float(len(returns))]), np.array([returns.sum()])
    with np.errstate(divide="ignore", invalid="ignore"):
        if downside:
            squares = np.array([(np.minimum(returns, 0.0) ** 2).sum()])
            return float(sortino(n, total, squares, periods)[0])
        return float(sharpe(n, total, np.array([(returns**2).sum()]), periods)[0])


def value_at_risk(returns: Floats, level: float) -> float:
    """Loss that a day exceeds with probability 1 − `level`, as a positive fraction; historical."""
    return -float(np.quantile(returns, 1.0 - level)) if len(returns) > 1 else NAN


def shortfall(returns: Floats, level: float) -> float:
    """Mean loss of the days at or beyond the value at risk."""
    if len(returns) < 2:
        return NAN
    return -float(returns[returns <= -value_at_risk(returns, level)].mean())


def kurtosis(returns: Floats) -> float:
    """Fourth standardised moment, population deviation."""
    if len(returns) < 2 or returns.std() == 0.0:
        return NAN
    return float((((returns - returns.mean()) / returns.std()) ** 4).mean())


def gain_to_pain(returns: Floats) -> float:
    """Sum of returns over the sum of losses."""
    return over(float(returns.sum()), float(-returns[returns < 0.0].sum()))


def omega(returns: Floats) -> float:
    """Gains over losses about zero."""
    return over(float(returns[returns > 0.0].sum()), float(-returns[returns < 0.0].sum()))


def tail_ratio(returns: Floats) -> float:
    """95th percentile over the 5th, without sign."""
    if len(returns) < 2:
        return NAN
    return over(float(np.quantile(returns, 0.95)), abs(float(np.quantile(returns, 0.05))))


def positive_share(returns: Floats) -> float:
    """Share of the periods with a gain."""
    return float((returns > 0.0).mean()) if len(returns) else NAN


def normal_value_at_risk(returns: Floats) -> float:
    """5 % loss of a day if days were normal."""
    return -(mean(returns) - _FIVE_PERCENT * deviation(returns))


def kappa_3(returns: Floats) -> float:
    """Mean over the cube root of the mean cubed loss."""
    return over(mean(returns), mean(np.maximum(-returns, 0.0) ** 3) ** (1.0 / 3.0))


def upside_potential(returns: Floats) -> float:
    """Mean gain over the root of the mean squared loss, all days in both means."""
    if not len(returns):
        return NAN
    return over(mean(np.maximum(returns, 0.0)), mean(np.minimum(returns, 0.0) ** 2) ** 0.5)


def adjusted_sharpe(returns: Floats) -> float:
    """Daily Sharpe ratio, corrected for skewness and fat tails, annualised."""
    if len(returns) < 2:
        return NAN
    one = over(mean(returns), deviation(returns))
    tails = one * (1.0 + skewness(returns) / 6.0 * one - (kurtosis(returns) - 3.0) / 24.0 * one**2)
    return float(tails * DAYS_A_YEAR**0.5)


def probabilistic_sharpe(returns: Floats) -> float:
    """Probability that the true daily Sharpe ratio is above zero."""
    if len(returns) < 3:
        return NAN
    one = over(mean(returns), deviation(returns))
    spread = 1.0 - skewness(returns) * one + (kurtosis(returns) - 1.0) / 4.0 * one**2
    if not spread > 0.0:
        return NAN
    return 0.5 * math.erfc(-one * math.sqrt((len(returns) - 1.0) / spread) / math.sqrt(2.0))


def day_payoff(returns: Floats) -> float:
    """Mean gain over mean loss."""
    return over(mean(returns[returns > 0.0]), -mean(returns[returns < 0.0]))


def echo(returns: Floats) -> float:
    """Correlation of a day's return with that of the day before."""
    before, after = returns[:-1], returns[1:]
    if len(before) < 2 or before.std() == 0.0 or after.std() == 0.0:
        return NAN
    return float(np.corrcoef(before, after)[0, 1])


def sharpe_stability(returns: Floats) -> float:
    """Mean over deviation of the Sharpe ratios of every 30 days."""
    if len(returns) < _WINDOW + 1:
        return NAN
    windows = np.lib.stride_tricks.sliding_window_view(returns, _WINDOW)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = windows.mean(axis=1) / windows.std(axis=1, ddof=1)
    found = found[np.isfinite(found)]
    return over(mean(found), deviation(found))


def _bars(material: Material) -> float:
    return bars_per_year(material.bars.series.interval)


_DEF: Final = "definition"
_E: Final[tuple[Need, ...]] = ("equity",)
_FIGURES: Final[tuple[tuple[str, Unit, int, str, str, Callable[[Material], float]], ...]] = (
    ("volatility", "fraction", -1, "deviation of daily returns · √365", "Hull (2018)",
     lambda m: deviation(m.daily_returns) * DAYS_A_YEAR**0.5),
    ("daily_sharpe", "ratio", 1, "mean / deviation of daily returns · √365", "Sharpe (1994)",
     lambda m: yearly_ratio(m.daily_returns, False)),
    ("daily_sortino", "ratio", 1, "mean / root mean squared loss of days · √365", "Sortino (1994)",
     lambda m: yearly_ratio(m.daily_returns, True)),
    ("downside_deviation", "fraction", -1, "√mean(min(0, daily return)²) · √365", "Sortino (1994)",
     lambda m: mean(np.minimum(m.daily_returns, 0.0) ** 2) ** 0.5 * DAYS_A_YEAR**0.5),
    ("var_95", "fraction", -1, "−5 % quantile of daily returns", "Jorion (2006)",
     lambda m: value_at_risk(m.daily_returns, 0.95)),
    ("var_99", "fraction", -1, "−1 % quantile of daily returns", "Jorion (2006)",
     lambda m: value_at_risk(m.daily_returns, 0.99)),
    ("cvar_95", "fraction", -1, "mean loss beyond var_95", "Rockafellar, Uryasev (2000)",
     lambda m: shortfall(m.daily_returns, 0.95)),
    ("cvar_99", "fraction", -1, "mean loss beyond var_99", "Rockafellar, Uryasev (2000)",
     lambda m: shortfall(m.daily_returns, 0.99)),
    ("omega", "ratio", 1, "Σ gains / Σ losses of days", "Keating, Shadwick (2002)",
     lambda m: omega(m.daily_returns)),
    ("gain_to_pain", "ratio", 1, "Σ monthly returns / Σ monthly losses", "Schwager (2012)",
     lambda m: gain_to_pain(m.monthly_returns)),
    ("tail_ratio", "ratio", 1, "95 % quantile / |5 % quantile| of days", "empyrical",
     lambda m: tail_ratio(m.daily_returns)),
    ("skewness", "ratio", 1, "third standardised moment of days", "statistics",
     lambda m: skewness(m.daily_returns)),
    ("excess_kurtosis", "ratio", -1, "fourth standardised moment of days − 3", "statistics",
     lambda m: kurtosis(m.daily_returns) - 3.0),
    ("best_day", "fraction", 1, "max daily return", _DEF,
     lambda m: extreme(m.daily_returns, best=True)),
    ("worst_day", "fraction", 1, "min daily return", _DEF,
     lambda m: extreme(m.daily_returns, best=False)),
    ("average_day", "fraction", 1, "mean daily return", _DEF, lambda m: mean(m.daily_returns)),
    ("positive_days", "fraction", 1, "days with a gain / days", _DEF,
     lambda m: positive_share(m.daily_returns)),
    ("best_month", "fraction", 1, "max monthly return", _DEF,
     lambda m: extreme(m.monthly_returns, best=True)),
    ("worst_month", "fraction", 1, "min monthly return", _DEF,
     lambda m: extreme(m.monthly_returns, best=False)),
    ("average_month", "fraction", 1, "mean monthly return", _DEF,
     lambda m: mean(m.monthly_returns)),
    ("positive_months", "fraction", 1, "months with a gain / months", _DEF,
     lambda m: positive_share(m.monthly_returns)),
    ("bar_volatility", "fraction", -1, "deviation of returns per bar · √bars a year", "Hull (2018)",
     lambda m: deviation(m.bar_returns) * _bars(m) ** 0.5),
    ("bar_sharpe", "ratio", 1, "mean / deviation of returns per bar · √bars a year",
     "Sharpe (1994)", lambda m: yearly_ratio(m.bar_returns, False, _bars(m))),
    ("bar_sortino", "ratio", 1, "mean / root mean squared loss of bars · √bars a year",
     "Sortino (1994)", lambda m: yearly_ratio(m.bar_returns, True, _bars(m))),
    ("monthly_sharpe", "ratio", 1, "mean / deviation of months · √12", "Sharpe (1994)",
     lambda m: yearly_ratio(m.monthly_returns, False, 12.0)),
    ("monthly_sortino", "ratio", 1, "mean / root mean squared loss of months · √12",
     "Sortino (1994)", lambda m: yearly_ratio(m.monthly_returns, True, 12.0)),
    ("adjusted_sharpe", "ratio", 1, "sharpe · (1 + skew/6 · sharpe − kurtosis/24 · sharpe²), days",
     "Pezier, White (2006)", lambda m: adjusted_sharpe(m.daily_returns)),
    ("probabilistic_sharpe", "fraction", 1, "probability that the true daily Sharpe is above 0",
     "Bailey, López de Prado (2012)", lambda m: probabilistic_sharpe(m.daily_returns)),
    ("sharpe_stability", "ratio", 1, "mean / deviation of Sharpe over every 30 days", _DEF,
     lambda m: sharpe_stability(m.daily_returns)),
    ("return_samples", "count", 0, "days in the figures of days", _DEF,
     lambda m: float(len(m.daily_returns))),
    ("var_95_normal", "fraction", -1, "1.645 deviations − mean of days", "Jorion (2006)",
     lambda m: normal_value_at_risk(m.daily_returns)),
    ("kappa_3", "ratio", 1, "mean / ∛mean(loss³) of days", "Kaplan, Knowles (2004)",
     lambda m: kappa_3(m.daily_returns)),
    ("upside_potential", "ratio", 1, "mean gain / root mean squared loss of days",
     "Sortino, van der Meer, Plantinga (1999)", lambda m: upside_potential(m.daily_returns)),
    ("common_sense_ratio", "ratio", 1, "tail ratio · Σ gains / Σ losses of days",
     "Blind (2013)", lambda m: tail_ratio(m.daily_returns) * omega(m.daily_returns)),
    ("day_payoff", "ratio", 1, "mean gain / mean loss of days", _DEF,
     lambda m: day_payoff(m.daily_returns)),
    ("average_up_day", "fraction", 1, "mean of the days with a gain", _DEF,
     lambda m: mean(m.daily_returns[m.daily_returns > 0.0])),
    ("average_down_day", "fraction", 1, "mean of the days with a loss", _DEF,
     lambda m: mean(m.daily_returns[m.daily_returns < 0.0])),
    ("longest_up_days", "count", 1, "most days with a gain in a row", _DEF,
     lambda m: float(longest_run(m.daily_returns > 0.0))),
    ("longest_down_days", "count", -1, "most days with a loss in a row", _DEF,
     lambda m: float(longest_run(m.daily_returns < 0.0))),
    ("day_autocorrelation", "ratio", 0, "corr(day, day before)", "statistics",
     lambda m: echo(m.daily_returns)),
    ("month_deviation", "fraction", -1, "sample deviation of months", "statistics",
     lambda m: deviation(m.monthly_returns)),
    ("longest_down_months", "count", -1, "most months with a loss in a row", _DEF,
     lambda m: float(longest_run(m.monthly_returns < 0.0))),
    ("best_week", "fraction", 1, "max weekly return", _DEF,
     lambda m: extreme(m.weekly_returns, best=True)),
    ("worst_week", "fraction", 1, "min weekly return", _DEF,
     lambda m: extreme(m.weekly_returns, best=False)),
    ("average_week", "fraction", 1, "mean weekly return", _DEF,
     lambda m: mean(m.weekly_returns)),
    ("positive_weeks", "fraction", 1, "weeks with a gain / weeks", _DEF,
     lambda m: positive_share(m.weekly_returns)),
    ("best_year", "fraction", 1, "max yearly return", _DEF,
     lambda m: extreme(m.yearly_returns, best=True)),
    ("worst_year", "fraction", 1, "min yearly return", _DEF,
     lambda m: extreme(m.yearly_returns, best=False)),
    ("average_year", "fraction", 1, "mean yearly return", _DEF,
     lambda m: mean(m.yearly_returns)),
    ("positive_years", "fraction", 1, "years with a gain / years", _DEF,
     lambda m: positive_share(m.yearly_returns)),
)  # fmt: skip
RETURN_METRICS: Final = tuple(
    Metric(name, unit, better, formula, source, _E, compute)
    for name, unit, better, formula, source, compute in _FIGURES
)
