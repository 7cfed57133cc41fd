"""Sharpe ratios after many trials, against the papers' own numbers and against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engines.errors import InvalidInput
from engines.statistics.sharpe import (
    Record,
    chance_of_luck,
    chance_variance,
    deflated_sharpe,
    expected_maximum,
    minimum_track_record,
    probabilistic_sharpe,
    record_of,
)

# The numerical example of Bailey, López de Prado (2014): 5 years of daily returns, an annualised
# Sharpe ratio of 2.5, skewness −3, kurtosis 10, trials whose ratios have a variance of 1/2 a year.
EXAMPLE = Record(1250, 2.5 / math.sqrt(250.0), -3.0, 10.0)
VARIANCE = 0.5 / 250.0


def test_expected_maximum_is_that_of_the_paper() -> None:
    assert expected_maximum(VARIANCE, 100) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(("trials", "expected"), [(100, 0.9004), (46, 0.9505)])
def test_deflated_sharpe_is_that_of_the_paper(trials: int, expected: float) -> None:
    assert deflated_sharpe(EXAMPLE, VARIANCE, trials) == pytest.approx(expected, abs=2e-4)


def test_fewer_trials_of_normal_returns_are_that_of_the_paper() -> None:
    # "Had returns been normal, N = 88 trials would have been accepted as well": at 95 %.
    normal = EXAMPLE.__class__(1250, EXAMPLE.sharpe, 0.0, 3.0)
    assert deflated_sharpe(normal, VARIANCE, 88) == pytest.approx(0.9505, abs=2e-4)


def test_one_trial_is_not_deflated() -> None:
    assert deflated_sharpe(EXAMPLE, VARIANCE, 1) == probabilistic_sharpe(EXAMPLE)


@pytest.mark.parametrize("trials", [10, 50, 1000])
def test_expected_maximum_is_what_random_trials_reach(trials: int) -> None:
    rng = np.random.default_rng(11)
    reached = rng.standard_normal((4000, trials)).max(axis=1).mean()
    assert expected_maximum(1.0, trials) == pytest.approx(reached, rel=0.03)


def test_probability_is_uniform_when_there_is_no_edge() -> None:
    rng = np.random.default_rng(5)
    found = [probabilistic_sharpe(record_of(rng.standard_t(5, 400))) for _ in range(2000)]
    deciles = np.histogram(found, bins=10, range=(0.0, 1.0))[0]
    # χ² with 9 degrees of freedom is beyond 27.9 once in a thousand.
    assert float(((deciles - 200.0) ** 2 / 200.0).sum()) < 27.9


def test_variance_by_chance_is_that_of_returns_without_an_edge() -> None:
    rng = np.random.default_rng(6)
    ratios = [record_of(rng.standard_normal(300)).sharpe for _ in range(4000)]
    assert float(np.var(ratios)) == pytest.approx(chance_variance(300), rel=0.1)


def test_track_record_is_long_enough_where_the_probability_reaches_the_confidence() -> None:
    needed = minimum_track_record(EXAMPLE, 0.05)
    longer = Record(math.ceil(needed), EXAMPLE.sharpe, EXAMPLE.skewness, EXAMPLE.kurtosis)
    shorter = Record(math.floor(needed), EXAMPLE.sharpe, EXAMPLE.skewness, EXAMPLE.kurtosis)
    assert probabilistic_sharpe(longer, 0.05) >= 0.95 > probabilistic_sharpe(shorter, 0.05)


def test_no_record_is_long_enough_without_an_edge() -> None:
    assert math.isinf(minimum_track_record(Record(100, -0.1, 0.0, 3.0)))


@pytest.mark.parametrize("returns", [np.zeros(50), np.zeros(0), np.full(50, 0.01), np.ones(1)])
def test_returns_that_do_not_vary_have_no_ratio(returns: np.typing.NDArray[np.float64]) -> None:
    record = record_of(returns)
    assert math.isnan(probabilistic_sharpe(record))
    assert math.isnan(minimum_track_record(record))


def test_no_trials_are_refused() -> None:
    with pytest.raises(InvalidInput, match="trials"):
        expected_maximum(1.0, 0)


@pytest.mark.parametrize("trials", [1, 20])
def test_luck_is_uniform_when_no_trial_has_an_edge(trials: int) -> None:
    rng = np.random.default_rng(trials)
    found = []
    for _ in range(600):
        records = [record_of(rng.standard_normal(250)) for _ in range(trials)]
        found.append(chance_of_luck(max(records, key=lambda one: one.sharpe), trials))
    deciles = np.histogram(found, bins=10, range=(0.0, 1.0))[0]
    assert float(((deciles - 60.0) ** 2 / 60.0).sum()) < 27.9
