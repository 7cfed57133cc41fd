"""What is known of a sweep's best row, so that it can be judged?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engines.bars import Floats
from engines.intervals import DAY_MS
from tune.robustness import NOISE_DRAWS, Row, cost_stress, price_noise, random_entries
from tune.trials import Trials
from tune.validation import Walked, walked


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of a sweep's best row.

    `earlier` counts the trials of the same lineage in other sweeps. `split_day` is the first
    out-of-sample day as an offset into the trials' days, None without a split. `trades` counts the
    closed trades. `random` are Sharpe ratios of the same row with shifted signals, `sharpe` its own
    over the same bars; `stressed` its ratio by cost factor, `noisy` on moved prices; `neighbours`
    the objective of the rows beside it as shares of its own. `anew` are the daily returns of the
    walk-forward's tests if the space was searched anew before each, None if it was not.
    """

    trials: Trials
    earlier: int
    split_day: int | None
    trades: int
    sharpe: float
    random: Floats
    stressed: Mapping[float, float]
    noisy: Floats
    neighbours: Floats
    anew: Floats | None = None

    @cached_property
    def rolling(self) -> Walked:
        """The trials chosen anew from the days just before each of five tests."""
        return walked(self.trials.returns, "rolling")


def evidence_of(
    row: Row,
    trials: Trials,
    split_ms: int | None,
    neighbours: Floats,
    earlier: int = 0,
    noise_draws: int = NOISE_DRAWS,
    anew: Floats | None = None,
) -> Evidence:
    """Run the best row as it is and under stress.

    `split_ms` is the first out-of-sample moment: the day in which it lies belongs to neither side.
    """
    found = row.run().statistics
    return Evidence(
        trials=trials,
        earlier=earlier,
        split_day=None if split_ms is None else -(-split_ms // DAY_MS) - trials.first_day,
        trades=int(found["trades"]),
        sharpe=found["sharpe"],
        random=random_entries(row),
        stressed=cost_stress(row),
        noisy=price_noise(row, draws=noise_draws),
        neighbours=neighbours,
        anew=anew,
    )
