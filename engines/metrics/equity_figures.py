"""What does the equity curve say? Growth, risk and the ratios of the two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import DAY_MS, YEAR_MS, Times
from engines.metrics.definition import NAN, Metric, Need, Unit
from engines.metrics.drawdowns import Episode, episodes, lasting_ms, rises
from engines.metrics.material import Material
from engines.metrics.streaming import cagr as growth_a_year
from engines.metrics.streaming import sharpe, sortino
from engines.metrics.trade_figures import mean, over

_DAYS_A_YEAR: Final = YEAR_MS / DAY_MS


def total_return(material: Material) -> float:
    """Final equity over initial cash, − 1."""
    return float(material.equity[-1]) / material.initial_cash - 1.0


def cagr(material: Material) -> float:
    """Compound annual growth, 365-day years."""
    growth = np.array([total_return(material) + 1.0])
    return float(growth_a_year(growth, material.duration_ms)[0])


def worst(found: list[Episode]) -> float:
    """Deepest fall in money; 0 without any."""
    return max((one.depth for one in found), default=0.0)


def worst_fraction(found: list[Episode]) -> float:
    """Deepest fall as a share of its peak; 0 without any."""
    return max((one.fraction for one in found), default=0.0)


def point_times(material: Material) -> Times:
    """Times of the points of the curve: the first open, then the closes."""
    return np.concatenate((material.open_ms[:1], material.close_ms))


def falls_of(material: Material) -> list[Episode]:
    """Falls of equity at closes."""
    return episodes(material.curve)


def rises_of(material: Material) -> list[Episode]:
    """Rises of equity at closes."""
    return rises(material.curve)


def fall_days(material: Material) -> Floats:
    """Days that each fall lasted."""
    return lasting_ms(falls_of(material), point_times(material)) / DAY_MS


def deviation(returns: Floats) -> float:
    """Sample deviation, NaN of less than two."""
    return float(returns.std(ddof=1)) if len(returns) > 1 else NAN


def yearly_ratio(returns: Floats, downside: bool) -> float:
    """Sharpe or Sortino ratio of daily returns, annualised by 365 days (`streaming`)."""
    n, total = np.array([float(len(returns))]), np.array([returns.sum()])
    with np.errstate(divide="ignore", invalid="ignore"):
        if downside:
            squares = np.array([(np.minimum(returns, 0.0) ** 2).sum()])
            return float(sortino(n, total, squares, _DAYS_A_YEAR)[0])
        return float(sharpe(n, total, np.array([(returns**2).sum()]), _DAYS_A_YEAR)[0])


def value_at_risk(returns: Floats, level: float) -> float:
    """Loss that a day exceeds with probability 1 − `level`, as a positive fraction; historical."""
    return -float(np.quantile(returns, 1.0 - level)) if len(returns) > 1 else NAN


def shortfall(returns: Floats, level: float) -> float:
    """Mean loss of the days at or beyond the value at risk."""
    if len(returns) < 2:
        return NAN
    return -float(returns[returns <= -value_at_risk(returns, level)].mean())


def moment(returns: Floats, power: int) -> float:
    """Standardised central moment, population deviation."""
    if len(returns) < 2 or returns.std() == 0.0:
        return NAN
    return float((((returns - returns.mean()) / returns.std()) ** power).mean())


def ulcer(material: Material) -> float:
    """Root of the mean squared drawdown at closes."""
    peaks = np.maximum.accumulate(material.curve)
    return float(np.sqrt(((1.0 - material.curve / peaks) ** 2).mean()))


def pain(material: Material) -> float:
    """Mean drawdown at closes."""
    peaks = np.maximum.accumulate(material.curve)
    return float((1.0 - material.curve / peaks).mean())


def stability(material: Material) -> float:
    """R² of a straight line through the logarithm of equity; NaN once equity was not positive."""
    curve = material.curve
    if (curve <= 0.0).any() or len(curve) < 3 or np.ptp(curve) == 0.0:
        return NAN
    return float(np.corrcoef(np.arange(len(curve)), np.log(curve))[0, 1] ** 2)


def k_ratio(material: Material) -> float:
    """Slope of the log-equity line over its standard error, by the root of the points."""
    curve = material.curve
    if (curve <= 0.0).any() or len(curve) < 3:
        return NAN
    x, y = np.arange(len(curve), dtype=np.float64), np.log(curve)
    x -= x.mean()
    slope = float((x * y).sum() / (x**2).sum())
    rest = y - y.mean() - slope * x
    error = float(np.sqrt((rest**2).sum() / (len(x) - 2) / (x**2).sum()))
    return over(slope, error * len(x) ** 0.5)


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


def under_water(material: Material) -> float:
    """Share of the closes that lie below the highest equity before."""
    return float((material.curve < np.maximum.accumulate(material.curve))[1:].mean())


def extreme(returns: Floats, best: bool) -> float:
    """Best or worst return, NaN of none."""
    if not len(returns):
        return NAN
    return float(returns.max() if best else returns.min())


def positive_share(returns: Floats) -> float:
    """Share of the periods with a gain."""
    return float((returns > 0.0).mean()) if len(returns) else NAN


def recovery_days(material: Material) -> float:
    """Days from the deepest trough until its peak was seen again, NaN while it was not."""
    found = falls_of(material)
    if not found:
        return NAN
    deepest = max(found, key=lambda one: one.fraction)
    if deepest.end is None:
        return NAN
    times = point_times(material)
    return float(times[deepest.end] - times[deepest.trough]) / DAY_MS


_DEF: Final = "definition"
_E: Final[tuple[Need, ...]] = ("equity",)
_FIGURES: Final[tuple[tuple[str, Unit, int, str, str, Callable[[Material], float]], ...]] = (
    ("final_equity", "quote", 1, "equity at the last close", _DEF, lambda m: float(m.equity[-1])),
    ("highest_equity", "quote", 1, "max equity at closes", _DEF, lambda m: float(m.curve.max())),
    ("lowest_equity", "quote", 1, "min equity at closes", _DEF, lambda m: float(m.curve.min())),
    ("total_return", "fraction", 1, "final equity / initial cash − 1", _DEF, total_return),
    ("cagr", "fraction", 1, "growth^(365 days / duration) − 1", "TradingView, L5", cagr),
    ("volatility", "fraction", -1, "deviation of daily returns · √365", "Hull (2018)",
     lambda m: deviation(m.daily_returns) * _DAYS_A_YEAR**0.5),
    ("daily_sharpe", "ratio", 1, "mean / deviation of daily returns · √365", "Sharpe (1994)",
     lambda m: yearly_ratio(m.daily_returns, False)),
    ("daily_sortino", "ratio", 1, "mean / root mean squared loss of days · √365", "Sortino (1994)",
     lambda m: yearly_ratio(m.daily_returns, True)),
    ("downside_deviation", "fraction", -1, "√mean(min(0, daily return)²) · √365", "Sortino (1994)",
     lambda m: mean(np.minimum(m.daily_returns, 0.0) ** 2) ** 0.5 * _DAYS_A_YEAR**0.5),
    ("max_drawdown", "fraction", -1, "max (peak − equity) / peak at closes", _DEF,
     lambda m: worst_fraction(falls_of(m))),
    ("max_drawdown_money", "quote", -1, "max (peak − equity) at closes", _DEF,
     lambda m: worst(falls_of(m))),
    ("average_drawdown", "fraction", -1, "mean deepest share of each fall", _DEF,
     lambda m: mean(np.array([one.fraction for one in falls_of(m)]))),
    ("average_drawdown_money", "quote", -1, "mean depth of each fall", _DEF,
     lambda m: mean(np.array([one.depth for one in falls_of(m)]))),
    ("max_drawdown_days", "days", -1, "longest fall, peak to peak", _DEF,
     lambda m: extreme(fall_days(m), best=True)),
    ("average_drawdown_days", "days", -1, "mean length of the falls", _DEF,
     lambda m: mean(fall_days(m))),
    ("recovery_days", "days", -1, "deepest trough to the peak seen again", _DEF, recovery_days),
    ("time_under_water", "fraction", -1, "closes below the peak / closes", _DEF, under_water),
    ("max_runup", "fraction", 1, "max (equity − low) / low at closes", _DEF,
     lambda m: worst_fraction(rises_of(m))),
    ("max_runup_money", "quote", 1, "max (equity − low) at closes", _DEF,
     lambda m: worst(rises_of(m))),
    ("calmar", "ratio", 1, "cagr / max drawdown", "Young (1991)",
     lambda m: over(cagr(m), worst_fraction(falls_of(m)))),
    ("sterling", "ratio", 1, "cagr / average drawdown", "Kestner (1996)",
     lambda m: over(cagr(m), mean(np.array([one.fraction for one in falls_of(m)])))),
    ("recovery_factor", "ratio", 1, "profit at the end / max drawdown money", "definition",
     lambda m: over(float(m.equity[-1]) - m.initial_cash, worst(falls_of(m)))),
    ("ulcer_index", "fraction", -1, "√mean(drawdown²)", "Martin, McCann (1989)", ulcer),
    ("ulcer_performance", "ratio", 1, "cagr / ulcer index", "Martin, McCann (1989)",
     lambda m: over(cagr(m), ulcer(m))),
    ("pain_index", "fraction", -1, "mean drawdown", "Becker (2006)", pain),
    ("pain_ratio", "ratio", 1, "cagr / pain index", "Becker (2006)",
     lambda m: over(cagr(m), pain(m))),
    ("stability", "ratio", 1, "R² of log equity on time", "definition", stability),
    ("k_ratio", "ratio", 1, "slope / (its error · √points) of log equity", "Kestner (2003)",
     k_ratio),
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
     lambda m: moment(m.daily_returns, 3)),
    ("excess_kurtosis", "ratio", -1, "fourth standardised moment of days − 3", "statistics",
     lambda m: moment(m.daily_returns, 4) - 3.0),
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
)  # fmt: skip
EQUITY_METRICS: Final = tuple(
    Metric(name, unit, better, formula, source, _E, compute)
    for name, unit, better, formula, source, compute in _FIGURES
)
