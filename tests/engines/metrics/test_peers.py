"""Figures agree with empyrical and quantstats where those are right; where not, it says why."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from engines.metrics.registry import figures
from tests.engines.metrics.test_registry import random_material

empyrical = pytest.importorskip("empyrical")
quantstats = pytest.importorskip("quantstats.stats")

YEAR = 365
Peer = Callable[[pd.Series, pd.Series], float]


@cache
def days() -> tuple[dict[str, float], pd.Series, pd.Series]:
    """Our figures, and daily returns of the run and of the market."""
    material = random_material(1)
    index = pd.date_range("2025-01-01", periods=len(material.daily_returns), freq="D")
    own, market = (pd.Series(one, index) for one in (material.daily_returns, material.daily_hold))
    return figures(material), own, market


def yearly(function: Any, **more: Any) -> Peer:
    return lambda r, m: float(function(r, annualization=YEAR, **more))


AGREE: dict[str, tuple[str, Peer]] = {
    "empyrical sharpe": ("daily_sharpe", yearly(empyrical.sharpe_ratio)),
    "empyrical sortino": ("daily_sortino", yearly(empyrical.sortino_ratio)),
    "empyrical volatility": ("volatility", yearly(empyrical.annual_volatility)),
    "empyrical downside": ("downside_deviation", yearly(empyrical.downside_risk)),
    "empyrical tail": ("tail_ratio", lambda r, m: empyrical.tail_ratio(r)),
    "empyrical var": ("var_95", lambda r, m: -empyrical.value_at_risk(r)),
    "empyrical var 99": ("var_99", lambda r, m: -empyrical.value_at_risk(r, 0.01)),
    "empyrical beta": ("beta", empyrical.beta),
    "empyrical omega": ("omega", lambda r, m: empyrical.omega_ratio(r)),
    "empyrical batting": (
        "days_better",
        lambda r, m: empyrical.batting_average(r, m)["batting average"],
    ),
    "quantstats sharpe": ("daily_sharpe", lambda r, m: quantstats.sharpe(r, periods=YEAR)),
    "quantstats sortino": ("daily_sortino", lambda r, m: quantstats.sortino(r, periods=YEAR)),
    "quantstats volatility": ("volatility", lambda r, m: quantstats.volatility(r, periods=YEAR)),
    "quantstats tail": ("tail_ratio", lambda r, m: quantstats.tail_ratio(r)),
    "quantstats omega": ("omega", lambda r, m: quantstats.omega(r, periods=YEAR)),
    "quantstats var": ("var_95_normal", lambda r, m: -quantstats.value_at_risk(r)),
    "quantstats r squared": ("r_squared", quantstats.r_squared),
    "quantstats beta": ("beta", lambda r, m: quantstats.greeks(r, m, YEAR)["beta"]),
    "quantstats alpha": ("alpha", lambda r, m: quantstats.greeks(r, m, YEAR)["alpha"]),
    "quantstats best": ("best_day", lambda r, m: quantstats.best(r)),
    "quantstats worst": ("worst_day", lambda r, m: quantstats.worst(r)),
    "quantstats streak": ("longest_up_days", lambda r, m: quantstats.consecutive_wins(r)),
    "quantstats losses": ("longest_down_days", lambda r, m: quantstats.consecutive_losses(r)),
    "quantstats payoff": ("day_payoff", lambda r, m: quantstats.payoff_ratio(r)),
    "quantstats sense": ("common_sense_ratio", lambda r, m: quantstats.common_sense_ratio(r)),
    "pandas autocorrelation": ("day_autocorrelation", lambda r, m: r.autocorr()),
    "pandas correlation": ("correlation", lambda r, m: r.corr(m)),
    "pandas up beta": ("up_beta", lambda r, m: r[m > 0].cov(m[m > 0]) / m[m > 0].var()),
    "quantstats information": (
        "information_ratio",
        # Not annualised there.
        lambda r, m: quantstats.information_ratio(r, m) * YEAR**0.5,
    ),
    "quantstats psr": (
        "probabilistic_sharpe",
        # Skewness and kurtosis of a sample there, of the population here; rf 0.
        lambda r, m: quantstats.probabilistic_sharpe_ratio(r, periods=YEAR),
    ),
}
LOOSE = {"quantstats psr": 2e-2}


@pytest.mark.parametrize("case", AGREE)
def test_a_peer_agrees(case: str) -> None:
    ours, own, market = days()
    name, peer = AGREE[case]
    with np.errstate(all="ignore"):
        expected = float(peer(own, market))
    assert ours[name] == pytest.approx(expected, rel=LOOSE.get(case, 1e-9)), name


def test_empyricals_drawdown_of_days_is_that_of_a_curve_of_days() -> None:
    _, own, _ = days()
    curve = np.concatenate(([1.0], np.cumprod(1.0 + own.to_numpy())))
    deepest = float((1.0 - curve / np.maximum.accumulate(curve)).max())
    assert -empyrical.max_drawdown(own) == pytest.approx(deepest)
    # Ours looks at every close, so it can only be deeper.
    assert figures(random_material(1), ["max_drawdown"])["max_drawdown"] >= deepest


def test_where_the_peers_are_wrong_and_why() -> None:
    ours, own, market = days()
    # quantstats' expected shortfall is that of a normal distribution, whatever the returns are;
    # asked for the historical one it agrees.
    assert -quantstats.cvar(own) != pytest.approx(ours["cvar_95"], rel=1e-3)
    historical = -quantstats.conditional_value_at_risk(own, method="historical")
    assert historical == pytest.approx(ours["cvar_95"])
    # empyrical's cuts the tail to a whole number of days and leaves the quantile itself out.
    count = int((len(own) - 1) * 0.05) + 1
    cut = -float(np.sort(own.to_numpy())[:count].mean())
    assert -empyrical.conditional_value_at_risk(own) == pytest.approx(cut)
    # quantstats' Treynor ratio divides the whole range's return by beta, not a year's.
    whole = float(np.prod(1.0 + own.to_numpy()) - 1.0)
    assert quantstats.treynor_ratio(own, market, YEAR) == pytest.approx(whole / ours["beta"])
    assert ours["treynor"] == pytest.approx(own.mean() * YEAR / ours["beta"])
    # quantstats' ulcer index divides by one point less than it sums, and by days alone.
    curve = np.cumprod(1.0 + own.to_numpy())
    under = 1.0 - curve / np.maximum.accumulate(np.concatenate(([1.0], curve)))[1:]
    assert quantstats.ulcer_index(own) == pytest.approx((under @ under / (len(own) - 1)) ** 0.5)
    # empyrical compounds alpha; Jensen's is a difference of means.
    assert empyrical.alpha(own, market, annualization=YEAR) == pytest.approx(
        (1.0 + ours["alpha"] / YEAR) ** YEAR - 1.0
    )
    # empyrical's captures compound up days over as many of them; ours are means of those days.
    rose = market > 0.0
    compound = empyrical.annual_return(own[rose]) / empyrical.annual_return(market[rose])
    assert empyrical.up_capture(own, market) == pytest.approx(compound)
    assert ours["up_capture"] == pytest.approx(own[rose].mean() / market[rose].mean())
