"""Was it better than holding the market? Figures beside buying at the first open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import DAY_MS, YEAR_MS
from engines.metrics.definition import NAN, Metric, Unit
from engines.metrics.drawdowns import episodes
from engines.metrics.equity_figures import deviation, total_return, worst_fraction
from engines.metrics.material import Material
from engines.metrics.trade_figures import mean, over

_DAYS_A_YEAR: Final = YEAR_MS / DAY_MS


def hold_return(material: Material) -> float:
    """Return of buying at the first open and holding to the last close."""
    return float(material.close[-1]) / material.first_price - 1.0


def hold_from_first_trade(material: Material) -> float:
    """Profit of the initial cash in the market from the first trade's price on (L7)."""
    if not len(material.closed):
        return NAN
    first = int(np.argmin(material.closed.entry_ms))
    price = float(material.closed.entry_price[first])
    return material.initial_cash * (float(material.close[-1]) / price - 1.0)


def beta(returns: Floats, market: Floats) -> float:
    """Covariance with the market over its variance, daily."""
    if len(returns) < 2 or market.std() == 0.0:
        return NAN
    return float(np.cov(returns, market)[0, 1] / market.var(ddof=1))


def alpha(returns: Floats, market: Floats) -> float:
    """Daily mean beyond beta times the market's, a year of it; no risk-free rate."""
    return (mean(returns) - beta(returns, market) * mean(market)) * _DAYS_A_YEAR


def correlation(returns: Floats, market: Floats) -> float:
    """Pearson's correlation of daily returns."""
    if len(returns) < 2 or market.std() == 0.0 or returns.std() == 0.0:
        return NAN
    return float(np.corrcoef(returns, market)[0, 1])


def capture(returns: Floats, market: Floats, up: bool) -> float:
    """Mean return on the market's up (or down) days over the market's mean then."""
    days = np.asarray(market > 0.0 if up else market < 0.0)
    if not days.any():
        return NAN
    return over(mean(returns[days]), mean(market[days]))


def tracking_error(returns: Floats, market: Floats) -> float:
    """Deviation of the daily difference, annualised."""
    return deviation(returns - market) * float(_DAYS_A_YEAR**0.5)


def _pair(figure: Callable[[Floats, Floats], float]) -> Callable[[Material], float]:
    return lambda material: figure(material.daily_returns, material.daily_hold)


def _information(returns: Floats, market: Floats) -> float:
    return over(mean(returns - market) * _DAYS_A_YEAR, tracking_error(returns, market))


def _treynor(returns: Floats, market: Floats) -> float:
    return over(mean(returns) * _DAYS_A_YEAR, beta(returns, market))


_FIGURES: Final[tuple[tuple[str, Unit, int, str, str, Callable[[Material], float]], ...]] = (
    ("buy_and_hold_return", "fraction", 0, "last close / first open − 1", "definition",
     hold_return),
    ("buy_and_hold_profit", "quote", 0, "initial cash · (last close / first entry − 1)",
     "TradingView, L7", hold_from_first_trade),
    ("buy_and_hold_drawdown", "fraction", 0, "max fall of the market at closes", "definition",
     lambda m: worst_fraction(episodes(np.concatenate(([m.first_price], m.close))))),
    ("outperformance", "quote", 1, "net profit − buy and hold profit", "TradingView, L7",
     lambda m: float(m.closed.pnl.sum()) - hold_from_first_trade(m)),
    ("excess_return", "fraction", 1, "total return − buy and hold return", "definition",
     lambda m: total_return(m) - hold_return(m)),
    ("alpha", "fraction", 1, "(mean − beta · market mean) · 365", "Jensen (1968)", _pair(alpha)),
    ("beta", "ratio", 0, "cov(days, market) / var(market)", "Sharpe (1964)", _pair(beta)),
    ("correlation", "ratio", 0, "corr(days, market)", "Pearson", _pair(correlation)),
    ("r_squared", "ratio", 0, "correlation²", "statistics",
     lambda m: correlation(m.daily_returns, m.daily_hold) ** 2),
    ("tracking_error", "fraction", 0, "deviation of the daily difference · √365",
     "Grinold, Kahn (1999)", _pair(tracking_error)),
    ("information_ratio", "ratio", 1, "mean difference · 365 / tracking error",
     "Grinold, Kahn (1999)", _pair(_information)),
    ("treynor", "ratio", 1, "mean daily return · 365 / beta", "Treynor (1965)", _pair(_treynor)),
    ("up_capture", "ratio", 1, "mean on up days / the market's", "Morningstar",
     _pair(lambda r, h: capture(r, h, up=True))),
    ("down_capture", "ratio", -1, "mean on down days / the market's", "Morningstar",
     _pair(lambda r, h: capture(r, h, up=False))),
    ("days_better", "fraction", 1, "days above the market / days", "definition",
     _pair(lambda r, h: mean((r > h).astype(np.float64)))),
)  # fmt: skip
BENCHMARK_METRICS: Final = tuple(
    Metric(name, unit, better, formula, source, ("equity", "bars", "benchmark"), compute)
    for name, unit, better, formula, source, compute in _FIGURES
)
