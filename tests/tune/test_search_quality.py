"""A guided search finds the top of a grid with a twentieth of its rows."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.searches import best_found, grid_scores, rank_share


def test_five_percent_of_a_grid_find_its_top() -> None:
    scores = grid_scores(6_000)
    assert scores.shape == (20, 20, 5)
    assert np.isfinite(scores).all()
    found = [best_found("gp", scores, seed) for seed in range(5)]
    by_chance = [best_found("random", scores, seed) for seed in range(5)]
    assert np.median([rank_share(one, scores) for one in found]) <= 0.002
    assert np.mean(found) > np.mean(by_chance)
    assert best_found("random", scores, 0, budget=1.0) == scores.max()
