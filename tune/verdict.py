"""Is the best row an edge, or luck? One light, one sentence, and the figures under it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engines.statistics.overfitting import Overfitting, cross_validate
from engines.statistics.sharpe import (
    chance_of_luck,
    chance_variance,
    deflated_sharpe,
    expected_maximum,
    minimum_track_record,
    probabilistic_sharpe,
    record_of,
)
from engines.statistics.snooping import best_of_many
from engines.statistics.trials import clusters_of, effective_trials
from tune.checks import Check, Light, graded
from tune.evidence import Evidence
from tune.stresses import regimes, robustness
from tune.validation import DAYS_PER_YEAR, histories, walked, yearly_sharpe

# Fewer days than this are not judged.
LEAST_DAYS: Final = 60
# Fewer closed trades than this tell little, whatever the ratio.
_ENOUGH_TRADES: Final = 30
_FEW_TRADES: Final = 10
_BLOCKS: Final = 10
_RARELY_LOSES: Final = 0.05
_TESTED_TRIALS: Final = 250
_YEAR_ROOT: Final = math.sqrt(DAYS_PER_YEAR)
_RANK: Final[dict[Light, int]] = {"green": 0, "amber": 1, "red": 2}


@dataclass(frozen=True)
class Verdict:
    """What a sweep's best row is worth. `reason` names the check that decided."""

    light: Light
    sentence: str
    reason: str
    checks: tuple[Check, ...]

    def canonical(self) -> dict[str, Any]:
        """The verdict as JSON values; figures that are not finite become null."""
        return {
            "light": self.light,
            "sentence": self.sentence,
            "reason": self.reason,
            "checks": [
                {
                    "name": one.name,
                    "value": one.value if math.isfinite(one.value) else None,
                    "unit": one.unit,
                    "light": one.light,
                    "meaning": one.meaning,
                }
                for one in self.checks
            ],
        }


def judge(evidence: Evidence) -> Verdict:
    """The verdict. Every deciding check is green, or the worst of them gives the light."""
    days = len(evidence.trials.returns)
    if days < LEAST_DAYS:
        meaning = f"{days} days are too few to tell an edge from luck: {LEAST_DAYS} at least."
        check = Check("days", float(days), "days", "red", meaning)
        return Verdict("red", meaning, check.name, (check,))
    if not np.ptp(evidence.trials.chosen) > 0.0:
        meaning = "The best row never held a position overnight or made a trade."
        check = Check("trades", float(evidence.trades), "count", "red", meaning)
        return Verdict("red", meaning, check.name, (check,))
    checks = tuple(check for make in _CHECKS for check in make(evidence))
    deciding = [one for one in checks if one.light is not None]
    worst = max(deciding, key=lambda one: _RANK[one.light or "green"])
    light = worst.light or "green"
    reason = "" if light == "green" else worst.name
    return Verdict(light, _sentence(light, worst, checks), reason, checks)


def _sentence(light: Light, worst: Check, checks: tuple[Check, ...]) -> str:
    named = {one.name: one for one in checks}
    if light == "green":
        return (
            f"The best row looks like an edge: the best of {named['effective_trials'].value:,.0f} "
            f"different trials is as good by luck with a probability of "
            f"{_chance(named['luck'].value)}, "
            "and it holds out of sample, against random entries and at twice the costs."
        )
    begin = "This is not proven" if light == "amber" else "The best row may well be luck"
    return f"{begin}: {worst.meaning[0].lower()}{worst.meaning[1:]}"


def _chance(probability: float) -> str:
    if probability > 0.999:
        return "more than 99.9%"
    return "less than 0.1%" if probability < 0.001 else f"{probability:.1%}"


def _luck(evidence: Evidence) -> list[Check]:
    """Deflated Sharpe ratio with the number of different trials of the strategy's life."""
    trials = evidence.trials
    rows = trials.rows + evidence.earlier
    sampled = np.ascontiguousarray(trials.returns[:, trials.drawn])
    different = effective_trials(sampled, rows)
    families = len(set(clusters_of(sampled).tolist()))
    record = record_of(trials.chosen)
    # Under "no trial has an edge" estimates vary by chance alone. What varies beyond that are
    # real differences, costs mostly, and would make an edge look like luck.
    variance = chance_variance(record.n)
    deflated = deflated_sharpe(record, variance, different)
    best_of_luck = expected_maximum(variance, different) * _YEAR_ROOT
    own = record.sharpe * _YEAR_ROOT
    luck = chance_of_luck(record, different)
    needed = minimum_track_record(record, expected_maximum(variance, different))
    return [
        Check("trials", float(rows), "count", None, f"{rows:,} rows of this idea were tried."),
        Check("effective_trials", different, "count", None,
              f"For luck they count as {different:,.0f} independent trials."),
        Check("families", float(families), "count", None,
              f"Their returns fall into {families:,} families that do much the same."),
        Check("daily_sharpe", own, "ratio", None,
              "Annualised Sharpe ratio of the best row's daily returns."),
        Check("sharpe_of_luck", best_of_luck, "ratio", None,
              f"The best of so many trials without an edge would reach {best_of_luck:.2f}."),
        Check("luck", luck, "probability", graded(luck, 0.01, 0.05),
              f"The best of {different:,.0f} different trials without an edge has a Sharpe ratio "
              f"of {own:.2f} or more with a probability of {_chance(luck)}."),
        Check("deflated_sharpe", deflated, "probability",
              "green" if deflated >= 0.95 else "amber",
              "Probability that the true ratio is above that of the best of luck."),
        Check("probabilistic_sharpe", probabilistic_sharpe(record), "probability", None,
              "Probability that the true ratio is above 0, had this been the only trial."),
        Check("track_record", needed, "days", None,
              f"Days that would be needed for 95 %; there are {record.n:,}."),
    ]  # fmt: skip


def _overfitting(evidence: Evidence) -> list[Check]:
    returns = evidence.trials.returns
    if returns.shape[1] < 2:
        return []
    found: Overfitting = cross_validate(returns, _BLOCKS)
    chance, loses = found.probability, found.loss_probability
    # Among rows that all earn, to be below their median is no sign of luck.
    light: Light = "green" if loses <= _RARELY_LOSES else graded(chance, 0.35, 0.6)
    return [
        Check("overfitting", chance, "probability", light,
              f"Chosen on half of the days, the best row is below the median on the others "
              f"in {chance:.0%} of the cases, and loses in {loses:.0%}."),
        Check("loss_out_of_sample", loses, "probability", None,
              "How often the row chosen on half of the days loses on the others."),
        Check("degradation", found.degradation, "ratio", None,
              "Slope of the ratio outside the sample over that inside: 1 would be kept."),
    ]  # fmt: skip


def _forward(evidence: Evidence) -> list[Check]:
    returns = evidence.trials.returns
    rolling, anchored = evidence.rolling.sharpe, walked(returns, "anchored").sharpe
    paths = histories(returns)
    best = max(np.nan_to_num(rolling), np.nan_to_num(anchored))
    found = [
        Check("walk_forward", best, "ratio", graded(best, 0.25, 0.0),
              f"Chosen anew from the past five times, the rows would have had a Sharpe ratio of "
              f"{best:.2f}."),
        Check("combinatorial", float(np.nanmedian(np.append(paths, -9.0))), "ratio", None,
              "Median Sharpe ratio of the histories of combinatorial cross-validation."),
    ]  # fmt: skip
    if evidence.anew is not None:
        again = yearly_sharpe(evidence.anew)
        found.append(
            Check("reoptimised", again, "ratio", graded(again, 0.25, 0.0),
                  f"Searched anew before each of the five tests, the rows would have had a Sharpe "
                  f"ratio of {again:.2f}.")
        )  # fmt: skip
    if evidence.split_day is not None:
        held_out = evidence.trials.chosen[evidence.split_day :]
        kept = yearly_sharpe(held_out)
        found.append(
            Check("out_of_sample", kept, "ratio", graded(kept, 0.25, 0.0),
                  f"On the days it had not seen the best row has a Sharpe ratio of {kept:.2f}.")
        )  # fmt: skip
    return found


def _snooping(evidence: Evidence) -> list[Check]:
    # The best ones come first; others could not change the maximum.
    found = best_of_many(evidence.trials.returns[:, :_TESTED_TRIALS], draws=500)
    return [
        Check("reality_check", found.reality_check, "probability", None,
              "White's test: probability of so good a best row if none has an edge."),
        Check("superior_ability", found.superior, "probability", None,
              "Hansen's test of the same, which ignores rows that are clearly bad."),
    ]  # fmt: skip


def _baselines(evidence: Evidence) -> list[Check]:
    random = evidence.random[np.isfinite(evidence.random)]
    as_good = (1.0 + float((random >= evidence.sharpe).sum())) / (1.0 + len(random))
    hold = yearly_sharpe(evidence.trials.hold)
    return [
        Check("random_entries", as_good, "probability", graded(as_good, 0.05, 0.2),
              f"Of the same signals at random times {as_good:.0%} do as well."),
        Check("buy_and_hold", hold, "ratio", None,
              "Annualised Sharpe ratio of holding the market over the same days."),
    ]  # fmt: skip


def _trades(evidence: Evidence) -> list[Check]:
    light = graded(evidence.trades, _ENOUGH_TRADES, _FEW_TRADES)
    return [
        Check("trades", float(evidence.trades), "count", light,
              f"It closed {evidence.trades:,} trades; {_ENOUGH_TRADES} or more say something.")
    ]  # fmt: skip


_CHECKS: Final[tuple[Callable[[Evidence], list[Check]], ...]] = (
    _luck,
    _overfitting,
    _forward,
    _baselines,
    robustness,
    _trades,
    _snooping,
    regimes,
)
