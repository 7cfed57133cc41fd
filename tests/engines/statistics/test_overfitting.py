"""The probability of backtest overfitting, against a published example and what must be so."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.special import ndtri

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.statistics.overfitting import cross_validate


def normals_of_r(seed: int, count: int) -> Floats:
    """What R's `set.seed(seed); rnorm(count)` draws: Mersenne twister, inversion."""
    state = seed
    for _ in range(50):
        state = (69069 * state + 1) & 0xFFFFFFFF
    words = []
    for _ in range(625):
        state = (69069 * state + 1) & 0xFFFFFFFF
        words.append(state)
    twister = np.random.MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(words[1:], dtype=np.uint32), "pos": 624},
    }
    uniform = twister.random_raw(2 * count).astype(np.float64) * 2.3283064365386963e-10
    coarse = np.floor(134217728.0 * uniform[::2])
    drawn: Floats = ndtri((coarse + uniform[1::2]) / 134217728.0)
    return drawn


def test_normals_are_those_of_r() -> None:
    # print(rnorm(3)) after set.seed(42), in any R since 3.6.
    assert normals_of_r(42, 3) == pytest.approx([1.37095845, -0.56469817, 0.36312841], abs=5e-9)


def test_published_example_of_the_pbo_package_comes_out() -> None:
    """The vignette of the R package `pbo` (Barry, CRAN): 100 trials of 2,400 days, recentred.

    It prints p_bo 1.0000000, slope -0.0030456, ar^2 0.9700000, p_loss 1.0000000. Its "slope" is the
    intercept of the ratio inside over that outside: `lm` takes the first column as the response.
    """
    returns = normals_of_r(765, 100 * 2400).reshape(100, 2400).T
    returns = returns * (252.0**-0.5 / returns.std(axis=0, ddof=1))
    returns = returns - returns.mean(axis=0)
    found = cross_validate(returns, blocks=8, risk_free=0.03 / 252.0)
    assert found.probability == 1.0
    slope, intercept = np.polyfit(found.kept, found.chosen, 1)
    assert intercept == pytest.approx(-0.0030456, abs=5e-8)
    explained = np.corrcoef(found.kept, found.chosen)[0, 1] ** 2
    assert 1.0 - (1.0 - explained) * 69.0 / 68.0 == pytest.approx(0.97, abs=5e-3)
    assert found.degradation * slope == pytest.approx(explained)
    assert found.loss_probability == 1.0


def by_hand(returns: Floats, blocks: int) -> tuple[list[float], list[float], list[float]]:
    """The paper's five steps, one combination after the other."""
    parts = np.array_split(returns, blocks)
    chosen, kept, logits = [], [], []
    for inside in combinations(range(blocks), blocks // 2):
        first = np.concatenate([parts[k] for k in inside])
        second = np.concatenate([parts[k] for k in range(blocks) if k not in inside])
        ratio, other = (part.mean(axis=0) / part.std(axis=0, ddof=1) for part in (first, second))
        best = int(ratio.argmax())
        rank = 1 + int((other < other[best]).sum())
        share = rank / (returns.shape[1] + 1)
        chosen.append(float(ratio[best]))
        kept.append(float(other[best]))
        logits.append(float(np.log(share / (1.0 - share))))
    return chosen, kept, logits


@pytest.mark.parametrize("blocks", [2, 6, 10])
def test_all_combinations_at_once_are_each_one_by_hand(blocks: int) -> None:
    returns = np.random.default_rng(blocks).standard_t(4, (120, 17)) * 0.01
    found, expected = cross_validate(returns, blocks), by_hand(returns, blocks)
    np.testing.assert_allclose(found.chosen, expected[0], rtol=1e-10)
    np.testing.assert_allclose(found.kept, expected[1], rtol=1e-10)
    np.testing.assert_allclose(found.logits, expected[2], rtol=1e-12)


def test_noise_is_chosen_by_luck_about_every_second_time() -> None:
    rng = np.random.default_rng(3)
    found = [cross_validate(rng.standard_normal((400, 40)), 8).probability for _ in range(60)]
    assert 0.4 < float(np.mean(found)) < 0.6


def test_an_edge_is_not_chosen_by_luck() -> None:
    returns = np.random.default_rng(4).standard_normal((800, 40))
    returns[:, 7] += 0.3
    found = cross_validate(returns, 8)
    assert found.probability < 0.01
    assert found.loss_probability == 0.0


def test_a_trial_that_never_trades_is_not_chosen() -> None:
    returns = np.random.default_rng(8).standard_normal((200, 5)) - 1.0
    returns[:, 2] = 0.0
    assert np.isfinite(cross_validate(returns, 4).chosen).all()


def test_first_periods_that_fill_no_block_are_left_out() -> None:
    returns = np.random.default_rng(9).standard_normal((203, 6))
    np.testing.assert_array_equal(
        cross_validate(returns, 4).logits, cross_validate(returns[3:], 4).logits
    )


@pytest.mark.parametrize(
    ("shape", "blocks", "named"),
    [((100, 1), 4, "trials"), ((7, 5), 4, "periods"), ((100, 5), 5, "blocks")],
)
def test_what_cannot_be_divided_is_refused(shape: tuple[int, int], blocks: int, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        cross_validate(np.zeros(shape), blocks)
