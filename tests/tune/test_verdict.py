"""Noise is called luck, an edge is called an edge, and what is missing is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.bars import Floats
from tune.evidence import Evidence
from tune.neighbours import beside
from tune.regimes import regimes_of
from tune.trials import Trials, sample_of
from tune.validation import histories, walked, yearly_sharpe
from tune.verdict import judge

DAYS = 365


def daily(seed: int, years: float, edge: float, rows: int = 120) -> Floats:
    """Daily returns of rows in 30 families, six of which have an annual Sharpe ratio of `edge`."""
    rng = np.random.default_rng(seed)
    n_days = round(years * DAYS)
    family = np.arange(rows) % 30
    common, own = rng.standard_normal((n_days, 30)), rng.standard_normal((n_days, rows))
    returns = 0.01 * (np.sqrt(0.8) * common[:, family] + np.sqrt(0.2) * own)
    returns[:, family < 6] += 0.01 * edge / np.sqrt(DAYS)
    return np.asarray(returns)


def evidence_of(returns: Floats) -> Evidence:
    """What a sweep would know that chose by the first 70 % of the days."""
    split = round(0.7 * len(returns))
    inside = returns[:split].mean(axis=0) / (returns[:split].std(axis=0) + 1e-12)
    ordered = returns[:, np.argsort(-inside)]
    n_rows = returns.shape[1]
    hold = np.random.default_rng(1).normal(0.0, 0.02, len(returns))
    trials = Trials(0, ordered, np.ones(n_rows, dtype=bool), n_rows, hold)
    own = yearly_sharpe(trials.chosen)
    random = np.random.default_rng(2).standard_normal(200) / np.sqrt(len(returns) / DAYS)
    return Evidence(
        trials=trials,
        earlier=0,
        split_day=split,
        trades=200,
        sharpe=own,
        random=random,
        stressed={2.0: 0.8 * own},
        noisy=np.array([0.9 * own]),
        neighbours=np.array([0.7]),
    )


def test_sweeps_of_noise_are_red_and_not_green() -> None:
    lights = [judge(evidence_of(daily(seed, 1.5, 0.0))).light for seed in range(30)]
    assert lights.count("red") >= 26
    assert "green" not in lights


def test_an_edge_over_years_is_green() -> None:
    lights = [judge(evidence_of(daily(seed, 6.0, 2.0))).light for seed in range(6)]
    assert lights.count("green") >= 5


def test_rows_that_all_earn_need_no_order_among_them() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((6 * DAYS, 40))
    alike = 0.01 * noise + 0.01 * 2.5 / np.sqrt(DAYS)
    verdict = judge(evidence_of(alike))
    found = {one.name: one for one in verdict.checks}
    assert found["overfitting"].value > 0.35
    assert found["loss_out_of_sample"].value <= 0.05
    assert (found["overfitting"].light, verdict.light) == ("green", "green")


def test_trials_of_earlier_sweeps_make_the_same_result_less_sure() -> None:
    evidence = evidence_of(daily(3, 3.0, 1.8))
    alone, later = judge(evidence), judge(replace(evidence, earlier=1_000_000))
    luck = [
        next(one.value for one in verdict.checks if one.name == "luck")
        for verdict in (alone, later)
    ]
    assert luck[1] > 5.0 * luck[0]


@pytest.mark.parametrize(
    ("changes", "reason", "light"),
    [
        ({"trades": 5}, "trades", "red"),
        ({"stressed": {2.0: -0.3}}, "double_costs", "amber"),
        ({"neighbours": np.array([-0.5, 0.1])}, "plateau", "amber"),
        ({"neighbours": np.array([0.7, 0.8, -0.2])}, "sensitivity", "amber"),
        ({"neighbours": np.array([0.7, 0.8, -0.9])}, "sensitivity", "red"),
        ({"random": np.full(200, 9.0)}, "random_entries", "red"),
    ],
)
def test_one_failed_check_takes_the_green_light(
    changes: dict[str, object], reason: str, light: str
) -> None:
    evidence = evidence_of(daily(0, 6.0, 2.5))
    assert judge(evidence).light == "green"
    verdict = judge(replace(evidence, **changes))  # type: ignore[arg-type]
    assert (verdict.light, verdict.reason) == (light, reason)
    meaning = next(one.meaning for one in verdict.checks if one.name == reason)
    assert meaning[1:] in verdict.sentence


@pytest.mark.parametrize(("loss", "light"), [(0.2, "amber"), (3.0, "red")])
def test_an_edge_that_loses_in_one_kind_of_market_is_not_green(loss: float, light: str) -> None:
    evidence = evidence_of(daily(0, 8.0, 6.0))
    assert judge(evidence).light == "green"
    # Sixty days up, sixty down, by turns; what it earns in falling markets is taken from it.
    way = np.where(np.arange(len(evidence.trials.hold)) // 60 % 2 == 0, 1.0, -1.0)
    market = 0.01 * way + 0.001 * evidence.trials.hold
    month = np.concatenate([[0.0], np.cumsum(market)])
    falling = month[30:-1] - month[:-31] < 0.0
    returns = evidence.trials.returns.copy()
    own = returns[30:, 0]
    own[falling] -= own[falling].mean() + loss * own[falling].std() / np.sqrt(DAYS)
    trials = replace(evidence.trials, returns=returns, hold=market)
    verdict = judge(replace(evidence, trials=trials))
    lights = {one.name: one.light for one in verdict.checks}
    assert (lights["regimes"], verdict.light, verdict.reason) == (light, light, "regimes")
    assert "the market was falling" in verdict.sentence


def test_an_edge_that_ends_where_the_sample_does_is_red() -> None:
    returns = daily(5, 4.0, 3.0)
    split = round(0.7 * len(returns))
    returns[split:] -= 0.002
    verdict = judge(evidence_of(returns))
    assert verdict.light == "red"
    lights = {one.name: one.light for one in verdict.checks}
    assert lights["out_of_sample"] == "red"


def test_few_days_and_rows_without_trades_are_red_with_a_reason() -> None:
    short = judge(evidence_of(daily(1, 0.1, 2.0)))
    assert (short.light, short.reason) == ("red", "days")
    quiet = judge(evidence_of(np.zeros((400, 3))))
    assert (quiet.light, quiet.reason) == ("red", "trades")


def test_a_single_row_is_judged_without_a_choice() -> None:
    verdict = judge(evidence_of(daily(2, 6.0, 2.0)[:, :1]))
    assert verdict.light in ("green", "amber")
    assert "overfitting" not in {one.name for one in verdict.checks}


def test_figures_that_are_not_finite_become_null() -> None:
    evidence = replace(evidence_of(daily(4, 1.0, 0.0)), stressed={})
    written = judge(evidence).canonical()
    doubled = next(one for one in written["checks"] if one["name"] == "double_costs")
    assert doubled["value"] is None


def test_a_walk_forward_takes_the_best_of_the_past() -> None:
    returns = np.random.default_rng(6).normal(0.0, 0.01, (1000, 3))
    returns[:700, 1] += 0.01
    returns[700:, 2] += 0.01
    found = walked(returns, "rolling", folds=5)
    assert [fold.trial for fold in found.folds[:2]] == [1, 1]
    assert found.returns[:100].tolist() == returns[500:600, 1].tolist()
    assert len(histories(returns)) == 5


def test_all_trials_are_looked_at_or_the_best_and_a_random_sample() -> None:
    scores = np.random.default_rng(7).standard_normal(5000)
    scores[17] = np.nan
    rows, windows = np.arange(5000) % 2500, np.arange(5000) // 2500
    few = sample_of(windows, rows, scores, most=400)
    best = np.argsort(-np.nan_to_num(scores, nan=-9.0))[:200]
    assert (few.rows[:200] == rows[best]).all()
    assert few.of == 5000
    # The drawn ones are a sample of all rows, the best among them included.
    assert few.drawn.sum() == 200
    everything = sample_of(windows, rows, scores, most=5000)
    assert everything.drawn.all()
    assert everything.rows[0] == rows[np.nanargmax(scores)]
    assert everything.rows[-1] == 17


def test_rows_beside_the_best_one_differ_by_one_step() -> None:
    fast, slow = (grid.ravel() for grid in np.meshgrid([5.0, 10.0, 20.0], [50.0, 100.0]))
    scores = np.array([1.0, 4.0, 2.0, 3.0, np.nan, 8.0])
    assert beside({"fast": fast, "slow": slow}, scores, 1).tolist() == [0.25, 0.5]


def test_without_a_grid_the_nearest_rows_are_beside() -> None:
    values = np.random.default_rng(8).random((2, 300))
    scores = 2.0 - np.hypot(values[0] - 0.5, values[1] - 0.5)
    best = int(scores.argmax())
    found = beside({"a": values[0], "b": values[1]}, scores, best)
    assert len(found) == 12
    assert found.min() > 0.9


@pytest.mark.parametrize("scores", [np.array([-1.0, -2.0]), np.array([np.nan, np.nan])])
def test_nothing_is_beside_a_best_row_that_loses(scores: Floats) -> None:
    assert len(beside({"a": np.array([1.0, 2.0])}, scores, 0)) == 0


def test_regimes_are_told_apart_by_the_month_before() -> None:
    # Sixty days up, sixty down, by turns: the trial earns while the market rises, and loses else.
    way = np.where(np.arange(1_200) // 60 % 2 == 0, 1.0, -1.0)
    rng = np.random.default_rng(4)
    market = 0.01 * way + 0.001 * rng.standard_normal(len(way))
    known = np.array([np.sum(market[max(day - 30, 0) : day]) for day in range(len(way))])
    trial = 0.002 * np.sign(known) + 0.001 * rng.standard_normal(len(way))
    found = regimes_of(trial, market)
    assert found["rising"].sharpe == pytest.approx(yearly_sharpe(trial[30:][known[30:] > 0.0]))
    assert found["rising"].sharpe > 20.0
    assert found["falling"].sharpe < -20.0


def test_a_wild_month_makes_a_wild_day() -> None:
    rng = np.random.default_rng(5)
    scale = np.where(np.arange(1_000) < 500, 0.001, 0.03)
    market = scale * rng.standard_normal(1_000)
    trial = np.where(np.arange(1_000) < 500, 0.001, -0.001) + 0.0005 * rng.standard_normal(1_000)
    found = regimes_of(trial, market)
    assert found["calm"].sharpe > 10.0
    assert found["wild"].sharpe < -10.0


def test_too_short_a_market_has_no_regimes() -> None:
    assert all(np.isnan(one.sharpe) for one in regimes_of(np.zeros(30), np.zeros(30)).values())
