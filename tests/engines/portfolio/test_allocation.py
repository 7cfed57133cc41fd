"""Weights against closed forms and second algorithms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from engines.bars import Floats
from engines.portfolio.allocation import METHODS, Allocation, Method, capped, momentum
from tests.examples import examples


def some_returns(seed: int, k: int = 5, n: int = 250) -> Floats:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(k, k)) * 0.01
    return np.asarray(rng.normal(size=(n, k)) @ mix.T + rng.uniform(0.0, 0.002, k))


def named(table: Floats) -> dict[str, Floats]:
    return {f"S{number}": column for number, column in enumerate(table.T)}


def shares_of(method: Method, table: Floats, most: float = 1.0) -> NDArray[np.float64]:
    found = Allocation(method, len(table), max_weight=most).weights(named(table))
    assert found.notes == ()
    return np.array(list(found.shares.values()))


def hierarchical_risk_parity(table: Floats) -> Floats:
    """López de Prado (2016), Building diversified portfolios that outperform out of sample."""
    covariance = np.cov(table.T)
    correlation = np.corrcoef(table.T)
    distance = np.sqrt(np.maximum((1.0 - correlation) / 2.0, 0.0))
    # Of the orders that the tree leaves open, the one with like neighbours (Bar-Joseph 2001).
    near = squareform(distance, checks=False)
    order = leaves_list(linkage(near, "single", optimal_ordering=True)).tolist()
    weights = np.ones(len(order))

    def variance(items: list[int]) -> float:
        part = covariance[np.ix_(items, items)]
        inverse = 1.0 / np.diag(part)
        inverse /= inverse.sum()
        return float(inverse @ part @ inverse)

    clusters = [order]
    while clusters:
        clusters = [
            half
            for items in clusters
            for half in (items[: len(items) // 2], items[len(items) // 2 :])
            if len(items) > 1
        ]
        for left, right in zip(clusters[::2], clusters[1::2], strict=True):
            first, second = variance(left), variance(right)
            alpha = 1.0 - first / (first + second)
            weights[left] *= alpha
            weights[right] *= 1.0 - alpha
    return weights


@pytest.mark.parametrize("seed", range(6))
def test_hrp_is_that_of_the_paper(seed: int) -> None:
    table = some_returns(seed)
    np.testing.assert_allclose(shares_of("hrp", table), hierarchical_risk_parity(table), atol=3e-6)


def test_minimum_variance_is_the_closed_form_where_nothing_is_short() -> None:
    # Uncorrelated: in proportion to 1 / variance.
    rng = np.random.default_rng(3)
    table = rng.normal(size=(400, 3)) * [0.01, 0.02, 0.04]
    inverse = np.linalg.inv(np.cov(table.T)).sum(axis=1)
    np.testing.assert_allclose(shares_of("min_variance", table), inverse / inverse.sum(), atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_weights_vary_less(seed: int) -> None:
    table = some_returns(seed)
    covariance = np.cov(table.T)
    ours = shares_of("min_variance", table)
    others = np.random.default_rng(seed).dirichlet(np.full(5, 0.7), 20_000)
    best = np.einsum("ij,jk,ik->i", others, covariance, others).min()
    assert ours @ covariance @ ours <= best * (1.0 + 1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_weights_have_a_higher_sharpe(seed: int) -> None:
    table = some_returns(seed)
    ours = shares_of("max_sharpe", table)
    others = np.random.default_rng(seed).dirichlet(np.full(5, 0.7), 20_000)

    def sharpe(weights: Floats) -> Floats:
        found = table @ weights.T
        return np.asarray(found.mean(axis=0) / found.std(axis=0, ddof=1))

    assert sharpe(ours) >= sharpe(others).max() * (1.0 - 1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_every_symbol_carries_the_same_risk(seed: int) -> None:
    table = some_returns(seed)
    covariance = np.cov(table.T)
    ours = shares_of("risk_parity", table)
    carried = ours * (covariance @ ours)
    np.testing.assert_allclose(carried / carried.sum(), 0.2, atol=2e-3)


def test_inverse_volatility_by_hand() -> None:
    # Deviations in the proportion 1 : 3.
    table = np.array([[0.01, 0.03], [-0.01, -0.03], [0.01, 0.03], [-0.01, -0.03]])
    np.testing.assert_allclose(shares_of("inverse_volatility", table), [0.75, 0.25], atol=1e-12)


def test_momentum_holds_what_rose_most_and_keeps_the_rest_in_cash() -> None:
    table = np.array([[0.10, 0.02, -0.05], [0.10, 0.02, 0.01]])
    np.testing.assert_array_equal(momentum(table, 1), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(momentum(table, 2), [0.5, 0.5, 0.0])
    np.testing.assert_allclose(momentum(table, 3), [1 / 3, 1 / 3, 0.0])
    np.testing.assert_array_equal(momentum(-np.abs(table), 2), [0.0, 0.0, 0.0])


@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8).filter(lambda one: sum(one) > 0.01),
    st.floats(0.05, 1.0),
)
@examples(100)
def test_a_cap_moves_what_it_cuts_off_to_the_others(raw: list[float], most: float) -> None:
    shares = np.array(raw) / sum(raw)
    found = capped(shares, most)
    assert (found <= most + 1e-12).all()
    assert (found[shares == 0.0] == 0.0).all()
    room = most * int((shares > 0.0).sum())
    assert found.sum() == pytest.approx(min(1.0, room), abs=1e-9)


@given(st.sampled_from(METHODS), st.integers(0, 10_000), st.integers(1, 5), st.integers(2, 30))
@examples(60)
def test_weights_are_never_short_and_never_more_than_all(
    method: Method, seed: int, k: int, n: int
) -> None:
    table = some_returns(seed, k, n)
    rng = np.random.default_rng(seed)
    table[:, rng.random(k) < 0.2] = 0.0
    if k > 1 and rng.random() < 0.3:
        table[:, 0] = table[:, 1]
    names = named(table)
    fixed: Mapping[str, float] = dict.fromkeys(names, 1.0 / k) if method == "fixed" else {}
    found = Allocation(method, n, top=2, fixed=fixed).weights(names)
    shares = np.array(list(found.shares.values()))
    assert list(found.shares) == list(names)
    assert np.isfinite(shares).all()
    assert (shares >= 0.0).all()
    assert shares.sum() <= 1.0 + 1e-5


@pytest.mark.parametrize(
    "method", ["risk_parity", "hrp", "min_variance", "max_sharpe", "inverse_volatility"]
)
def test_one_symbol_gets_everything(method: Method) -> None:
    found = Allocation(method, 30).weights(named(some_returns(1, 1, 30)))
    assert found.shares == {"S0": 1.0}


def test_a_market_that_only_falls_is_told() -> None:
    table = -np.abs(some_returns(2, 2, 30))
    found = Allocation("max_sharpe", 30).weights(named(table))
    assert found.notes == (
        "max_sharpe found no weights (no symbol rose): inverse volatility instead",
    )
    assert sum(found.shares.values()) == pytest.approx(1.0)


def test_symbols_that_do_not_move_leave_cash() -> None:
    found = Allocation("hrp", 10).weights({"A": np.zeros(10), "B": np.zeros(10)})
    assert found.shares == {"A": 0.0, "B": 0.0}
    assert found.notes == ("A did not move", "B did not move", "nothing is held")
