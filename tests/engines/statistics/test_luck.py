"""Trials, tests of the best one, and other histories: against simulation and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.statistics.resampling import block_bootstrap, shuffled_trades, skipped_trades
from engines.statistics.snooping import best_of_many
from engines.statistics.trials import clusters_of, effective_trials


def families(n_families: int, members: int, correlation: float, seed: int = 1) -> Floats:
    """Returns of trials that correlate inside a family and not between families."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((1500, n_families)).repeat(members, axis=1)
    own = rng.standard_normal((1500, n_families * members))
    found: Floats = np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own
    return found


@pytest.mark.parametrize(("n_families", "members"), [(1, 30), (5, 8), (20, 3)])
def test_trials_of_one_family_are_one_trial(n_families: int, members: int) -> None:
    labels = clusters_of(families(n_families, members, 0.9))
    truth = np.arange(n_families).repeat(members)
    assert len(set(labels)) == n_families
    assert len(set(zip(labels.tolist(), truth.tolist(), strict=True))) == n_families


def test_unlike_trials_are_each_one() -> None:
    assert len(set(clusters_of(families(40, 1, 0.9)))) == 40


def test_opposite_trials_are_two() -> None:
    one = np.random.default_rng(2).standard_normal(500)
    assert len(set(clusters_of(np.column_stack([one, -one, one])))) == 2


def test_trials_that_never_trade_are_one_cluster() -> None:
    returns = np.column_stack([np.zeros((300, 3)), families(1, 1, 0.5)[:300]])
    assert clusters_of(returns).tolist() == [2, 2, 2, 1]


@pytest.mark.parametrize("count", [2, 10, 200])
def test_independent_trials_all_count(count: int) -> None:
    returns = np.random.default_rng(count).standard_normal((3000, count))
    assert effective_trials(returns, count) == pytest.approx(count, rel=0.35)


def test_copies_of_one_trial_are_one() -> None:
    one = np.random.default_rng(3).standard_normal((500, 1))
    assert effective_trials(np.repeat(one, 40, axis=1), 1_000_000) == pytest.approx(1.0, abs=0.4)


@pytest.mark.parametrize("correlation", [0.5, 0.8, 0.95])
def test_best_of_correlated_trials_is_that_of_as_many_independent_ones(correlation: float) -> None:
    rng = np.random.default_rng(17)
    returns = families(4, 25, correlation)
    counted = effective_trials(returns, 100)
    common = rng.standard_normal((20_000, 4)).repeat(25, axis=1)
    own = rng.standard_normal((20_000, 100))
    maxima = (np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * own).max(axis=1)
    alone = rng.standard_normal((20_000, round(counted))).max(axis=1)
    assert alone.mean() == pytest.approx(maxima.mean(), abs=0.12)


def test_rows_that_were_not_looked_at_count_as_the_sample_grows() -> None:
    rng = np.random.default_rng(18)
    everything = families(300, 10, 0.99)
    sample = everything[:, rng.permutation(3000)[:500]]
    # 500 of 3,000 rows meet most of the 300 families: rather too many are counted than too few.
    assert 250.0 < effective_trials(sample, 3000) < 1000.0
    independent = rng.standard_normal((1000, 200))
    assert effective_trials(independent, 2000) == pytest.approx(2000.0, rel=0.5)


def test_trials_that_never_trade_do_not_count() -> None:
    returns = np.zeros((400, 30))
    returns[:, ::3] = np.random.default_rng(19).standard_normal((400, 10))
    assert effective_trials(returns, 30) <= 10.0


def test_fewer_rows_than_the_sample_are_refused() -> None:
    with pytest.raises(InvalidInput, match="rows"):
        effective_trials(np.zeros((50, 3)), 2)


def test_best_of_noise_is_seldom_significant_and_an_edge_is() -> None:
    rng = np.random.default_rng(12)
    found = [best_of_many(rng.standard_normal((250, 20)), draws=300, seed=k) for k in range(60)]
    significant = np.mean([one.superior <= 0.10 for one in found])
    # 10 % is expected; 60 tests have a deviation of 4 %.
    assert significant < 0.25
    edge = rng.standard_normal((250, 20))
    edge[:, 3] += 0.5
    assert best_of_many(edge, draws=300).reality_check < 0.02


def test_hansen_is_not_more_careful_than_white() -> None:
    returns = np.random.default_rng(13).standard_normal((250, 10)) - np.linspace(0.0, 1.0, 10)
    found = best_of_many(returns, draws=300)
    assert found.superior <= found.reality_check


def test_trials_equal_to_the_benchmark_prove_nothing() -> None:
    hold = np.random.default_rng(14).standard_normal(100)
    found = best_of_many(hold[:, None], benchmark=hold)
    assert (found.reality_check, found.superior) == (1.0, 1.0)


def test_histories_of_constant_returns_are_the_same() -> None:
    found = block_bootstrap(np.full(50, 0.01), 10)
    np.testing.assert_allclose(found[:, 0], 1.01**50)
    assert (found[:, 1] == 0.0).all()


def test_histories_have_the_mean_and_the_deviation_of_independent_returns() -> None:
    rng = np.random.default_rng(15)
    returns = 0.001 * rng.standard_normal(900)
    logs = np.log(block_bootstrap(returns, 4000, block=1.0, seed=3)[:, 0])
    assert logs.mean() == pytest.approx(np.log1p(returns).sum(), abs=0.003)
    assert logs.std() == pytest.approx(np.log1p(returns).std() * 30.0, rel=0.05)


def test_blocks_keep_what_follows_what() -> None:
    # Gains and losses that alternate cancel in blocks, and add up when drawn one by one.
    returns = np.tile([0.02, -0.02], 300)
    spread = [block_bootstrap(returns, 800, block, 4)[:, 0].std() for block in (1.0, 60.0)]
    assert spread[1] < 0.3 * spread[0]


def test_deepest_fall_of_shuffled_trades_lies_between_the_best_and_the_worst_order() -> None:
    profits = np.array([100.0, -50.0, 70.0, -20.0, -60.0])
    found = shuffled_trades(profits, 1000.0, 2000)
    # Worst: all losses first; best: the largest loss alone, after all gains.
    assert found.max() == pytest.approx(0.13)
    assert found.min() >= 60.0 / 1170.0


def test_every_trade_counts_when_none_is_skipped() -> None:
    assert skipped_trades(np.array([10.0, -5.0]), 100.0, 0.0, 3).tolist() == [1.05] * 3


def test_skipped_trades_take_their_share_of_the_profit() -> None:
    profits = np.random.default_rng(16).normal(5.0, 20.0, 400)
    found = skipped_trades(profits, 10_000.0, 0.25, 4000, seed=5)
    assert found.mean() == pytest.approx(1.0 + 0.75 * profits.sum() / 10_000.0, abs=0.003)
