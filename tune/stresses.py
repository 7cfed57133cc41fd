"""Does the best row still earn where something is different? What its stresses say, as checks."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from tune.checks import Check, Light, graded
from tune.evidence import Evidence
from tune.regimes import REGIMES, regimes_of

# One step of a parameter may not turn more than this share of the result into a loss.
_MOST_LOST: Final = 0.5
# Deviations below 0 of the worst of four regimes in one of twenty, without an edge or a loss.
_LOSES_BY_CHANCE: Final = -2.24


def robustness(evidence: Evidence) -> list[Check]:
    """Other costs, other prices, other parameters."""
    doubled = evidence.stressed.get(2.0, math.nan)
    beside = float(np.median(evidence.neighbours)) if len(evidence.neighbours) else math.nan
    noisy = float(np.median(evidence.noisy)) if len(evidence.noisy) else math.nan
    found = [
        Check("double_costs", doubled, "ratio",
              "green" if doubled > 0.0 else "amber",
              f"At twice the fees and a tick of slippage the Sharpe ratio is {doubled:.2f}."),
        Check("price_noise", noisy, "ratio", None,
              "Median Sharpe ratio on prices that are off by a tenth of a bar's range."),
    ]  # fmt: skip
    if len(evidence.neighbours):
        found.append(
            Check("plateau", beside, "fraction", "green" if beside >= 0.3 else "amber",
                  f"Rows next to it reach {beside:.0%} of its result (median).")
        )  # fmt: skip
        worst = float(np.min(evidence.neighbours))
        found.append(
            Check("sensitivity", worst, "fraction", graded(worst, 0.0, -_MOST_LOST),
                  f"One step of a parameter leaves {worst:.0%} of its result at worst.")
        )  # fmt: skip
    return found


def regimes(evidence: Evidence) -> list[Check]:
    """Other markets: a row that earns in one kind of them alone is a bet on it."""
    found = regimes_of(evidence.trials.chosen, evidence.trials.hold)
    shown = [
        Check(f"{name}_market", found[name].sharpe, "ratio", None,
              f"Its Sharpe ratio on days after a month in which the market was {name}.")
        for name in REGIMES
    ]  # fmt: skip
    traded = {name: one for name, one in found.items() if math.isfinite(one.sharpe)}
    if not traded:
        return shown
    name = min(traded, key=lambda name: traded[name].sharpe)
    worst = traded[name]
    light: Light = "green" if worst.sharpe > 0.0 else "amber"
    if worst.score < _LOSES_BY_CHANCE:
        light = "red"
    return [
        *shown,
        Check("regimes", worst.sharpe, "ratio", light,
              f"On days after a month in which the market was {name}, the kind that it likes "
              f"least, it has a Sharpe ratio of {worst.sharpe:.2f}."),
    ]  # fmt: skip
