"""What does the equity curve say? Growth, falls and rises, and the ratios of the two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import DAY_MS, Times
from engines.metrics.definition import NAN, Metric, Need, Unit
from engines.metrics.drawdowns import Episode, episodes, lasting_ms, rises
from engines.metrics.material import Material
from engines.metrics.streaming import cagr as growth_a_year
from engines.metrics.trade_figures import mean, over


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


def lasting_bars(found: list[Episode], n_points: int) -> Floats:
    """Bars that each episode lasted."""
    ends = [n_points - 1 if one.end is None else one.end for one in found]
    return np.array([end - one.start for end, one in zip(ends, found, strict=True)], dtype=float)


def fall_bars(material: Material) -> Floats:
    """Bars that each fall lasted."""
    return lasting_bars(falls_of(material), len(material.curve))


def deepest_bar(material: Material, at_trough: bool) -> float:
    """Bar where the deepest fall began (−1: before the first) or had its trough; NaN of none."""
    found = falls_of(material)
    if not found:
        return NAN
    deepest = max(found, key=lambda one: one.fraction)
    return float((deepest.trough if at_trough else deepest.start) - 1)


def ulcer(material: Material) -> float:
    """Root of the mean squared drawdown at closes."""
    peaks = np.maximum.accumulate(material.curve)
    return float(np.sqrt(((1.0 - material.curve / peaks) ** 2).mean()))


def drawdown_at_risk(material: Material, level: float) -> float:
    """Mean of the drawdowns at or beyond their quantile `level`."""
    under = 1.0 - material.curve / np.maximum.accumulate(material.curve)
    return float(under[under >= np.quantile(under, level)].mean())


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


def under_water(material: Material) -> float:
    """Share of the closes that lie below the highest equity before."""
    return float((material.curve < np.maximum.accumulate(material.curve))[1:].mean())


def extreme(returns: Floats, best: bool) -> float:
    """Best or worst return, NaN of none."""
    if not len(returns):
        return NAN
    return float(returns.max() if best else returns.min())


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
    ("max_drawdown_bars", "bars", -1, "most bars from a peak to the peak seen again", _DEF,
     lambda m: extreme(fall_bars(m), best=True)),
    ("average_drawdown_bars", "bars", -1, "mean bars of the falls", _DEF,
     lambda m: mean(fall_bars(m))),
    ("drawdown_start_bar", "bars", 0, "bar at whose close the deepest fall began", _DEF,
     lambda m: deepest_bar(m, at_trough=False)),
    ("drawdown_end_bar", "bars", 0, "bar of the deepest fall's trough", _DEF,
     lambda m: deepest_bar(m, at_trough=True)),
    ("max_runup", "fraction", 1, "max (equity − low) / low at closes", _DEF,
     lambda m: worst_fraction(rises_of(m))),
    ("max_runup_money", "quote", 1, "max (equity − low) at closes", _DEF,
     lambda m: worst(rises_of(m))),
    ("average_runup", "fraction", 1, "mean highest share of each rise", _DEF,
     lambda m: mean(np.array([one.fraction for one in rises_of(m)]))),
    ("average_runup_money", "quote", 1, "mean height of each rise", _DEF,
     lambda m: mean(np.array([one.depth for one in rises_of(m)]))),
    ("average_runup_bars", "bars", 0, "mean bars of the rises", _DEF,
     lambda m: mean(lasting_bars(rises_of(m), len(m.curve)))),
    ("calmar", "ratio", 1, "cagr / max drawdown", "Young (1991)",
     lambda m: over(cagr(m), worst_fraction(falls_of(m)))),
    ("sterling", "ratio", 1, "cagr / average drawdown", "Kestner (1996)",
     lambda m: over(cagr(m), mean(np.array([one.fraction for one in falls_of(m)])))),
    ("recovery_factor", "ratio", 1, "profit at the end / max drawdown money", "definition",
     lambda m: over(float(m.equity[-1]) - m.initial_cash, worst(falls_of(m)))),
    ("burke", "ratio", 1, "cagr / √Σ (deepest share of each fall)²", "Burke (1994)",
     lambda m: over(cagr(m), sum(one.fraction**2 for one in falls_of(m)) ** 0.5)),
    ("drawdown_at_risk_95", "fraction", -1, "mean of the deepest 5 % of drawdowns at closes",
     "Chekhlov, Uryasev, Zabarankin (2005)", lambda m: drawdown_at_risk(m, 0.95)),
    ("ulcer_index", "fraction", -1, "√mean(drawdown²)", "Martin, McCann (1989)", ulcer),
    ("ulcer_performance", "ratio", 1, "cagr / ulcer index", "Martin, McCann (1989)",
     lambda m: over(cagr(m), ulcer(m))),
    ("pain_index", "fraction", -1, "mean drawdown", "Becker (2006)", pain),
    ("pain_ratio", "ratio", 1, "cagr / pain index", "Becker (2006)",
     lambda m: over(cagr(m), pain(m))),
    ("stability", "ratio", 1, "R² of log equity on time", "definition", stability),
    ("k_ratio", "ratio", 1, "slope / (its error · √points) of log equity", "Kestner (2003)",
     k_ratio),
)  # fmt: skip
EQUITY_METRICS: Final = tuple(
    Metric(name, unit, better, formula, source, _E, compute)
    for name, unit, better, formula, source, compute in _FIGURES
)
