"""Was it better than holding the market? Figures beside buying at the first open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.metrics.definition import NAN, Metric, Unit
from engines.metrics.drawdowns import episodes
from engines.metrics.equity_figures import total_return, worst_fraction
from engines.metrics.material import Material
from engines.metrics.position import everything
from engines.metrics.return_figures import DAYS_A_YEAR, deviation, yearly_ratio
from engines.metrics.side_figures import net
from engines.metrics.streaming import cagr as growth_a_year
from engines.metrics.trade_figures import mean, over


def hold_return(material: Material) -> float:
    """Return of buying at the first open and holding to the last close."""
    return float(material.close[-1]) / material.first_price - 1.0


def hold_from_first_trade(material: Material) -> float:
    """Profit of the initial cash in the market from the first trade's price on (L7)."""
    trades = everything(material)
    if not len(trades):
        return NAN
    price = float(trades.entry_price[int(np.argmin(trades.entry_ms))])
    return material.initial_cash * (float(material.close[-1]) / price - 1.0)


def beta(returns: Floats, market: Floats) -> float:
    """Covariance with the market over its variance, daily."""
    if len(returns) < 2 or market.std() == 0.0:
        return NAN
    return float(np.cov(returns, market)[0, 1] / market.var(ddof=1))


def alpha(returns: Floats, market: Floats) -> float:
    """Daily mean beyond beta times the market's, a year of it; no risk-free rate."""
    return (mean(returns) - beta(returns, market) * mean(market)) * DAYS_A_YEAR


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
    return deviation(returns - market) * float(DAYS_A_YEAR**0.5)


def side_beta(returns: Floats, market: Floats, up: bool) -> float:
    """Beta of the days on which the market rose (or fell)."""
    days = np.asarray(market > 0.0 if up else market < 0.0)
    return beta(returns[days], market[days])


def appraisal(returns: Floats, market: Floats) -> float:
    """Alpha over the annualised deviation of what beta does not explain."""
    if len(returns) < 2:
        return NAN
    rest = deviation(returns - beta(returns, market) * market) * float(DAYS_A_YEAR**0.5)
    return over(alpha(returns, market), rest)


def modigliani(returns: Floats, market: Floats) -> float:
    """Yearly return at the market's deviation: Sharpe ratio times the market's volatility."""
    return yearly_ratio(returns, downside=False) * deviation(market) * float(DAYS_A_YEAR**0.5)


def hold_cagr(material: Material) -> float:
    """Compound annual growth of the market over the range."""
    growth = np.array([hold_return(material) + 1.0])
    return float(growth_a_year(growth, material.duration_ms)[0])


def _better_months(material: Material) -> float:
    return mean((material.monthly_returns > material.monthly_hold).astype(np.float64))


def _pair(figure: Callable[[Floats, Floats], float]) -> Callable[[Material], float]:
    return lambda material: figure(material.daily_returns, material.daily_hold)


def _information(returns: Floats, market: Floats) -> float:
    return over(mean(returns - market) * DAYS_A_YEAR, tracking_error(returns, market))


def _treynor(returns: Floats, market: Floats) -> float:
    return over(mean(returns) * DAYS_A_YEAR, beta(returns, market))


_DEF: Final = "definition"
_FIGURES: Final[tuple[tuple[str, Unit, int, str, str, Callable[[Material], float]], ...]] = (
    ("buy_and_hold_return", "fraction", 0, "last close / first open − 1", _DEF,
     hold_return),
    ("buy_and_hold_profit", "quote", 0, "initial cash · (last close / first entry − 1)",
     "TradingView, L7", hold_from_first_trade),
    ("buy_and_hold_profit_fraction", "fraction", 0, "last close / first entry − 1",
     "TradingView, L7", lambda m: hold_from_first_trade(m) / m.initial_cash),
    ("buy_and_hold_cagr", "fraction", 0, "growth of the market^(365 days / duration) − 1", _DEF,
     hold_cagr),
    ("buy_and_hold_volatility", "fraction", 0, "deviation of the market's days · √365", _DEF,
     lambda m: deviation(m.daily_hold) * DAYS_A_YEAR**0.5),
    ("buy_and_hold_sharpe", "ratio", 0, "mean / deviation of the market's days · √365", _DEF,
     lambda m: yearly_ratio(m.daily_hold, downside=False)),
    ("buy_and_hold_drawdown", "fraction", 0, "max fall of the market at closes", _DEF,
     lambda m: worst_fraction(episodes(np.concatenate(([m.first_price], m.close))))),
    ("outperformance", "quote", 1, "net profit − buy and hold profit", "TradingView, L7",
     lambda m: net(m) - hold_from_first_trade(m)),
    ("outperformance_fraction", "fraction", 1, "the same / initial cash", "TradingView, L7",
     lambda m: (net(m) - hold_from_first_trade(m)) / m.initial_cash),
    ("excess_return", "fraction", 1, "total return − buy and hold return", _DEF,
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
    ("capture_ratio", "ratio", 1, "up capture / down capture", "Morningstar",
     _pair(lambda r, h: over(capture(r, h, up=True), capture(r, h, up=False)))),
    ("up_beta", "ratio", 1, "beta of days on which the market rose", "Ang, Chen, Xing (2006)",
     _pair(lambda r, h: side_beta(r, h, up=True))),
    ("down_beta", "ratio", -1, "beta of days on which the market fell", "Ang, Chen, Xing (2006)",
     _pair(lambda r, h: side_beta(r, h, up=False))),
    ("appraisal_ratio", "ratio", 1, "alpha / deviation of what beta leaves · √365",
     "Treynor, Black (1973)", _pair(appraisal)),
    ("m_squared", "fraction", 1, "daily sharpe · the market's volatility",
     "Modigliani, Modigliani (1997)", _pair(modigliani)),
    ("months_better", "fraction", 1, "months above the market / months", _DEF, _better_months),
    ("days_better", "fraction", 1, "days above the market / days", _DEF,
     _pair(lambda r, h: mean((r > h).astype(np.float64)))),
)  # fmt: skip
BENCHMARK_METRICS: Final = tuple(
    Metric(name, unit, better, formula, source, ("equity", "bars", "benchmark"), compute)
    for name, unit, better, formula, source, compute in _FIGURES
)
