"""Would choosing by the past have paid? The trials chosen anew, and tested on what came next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.statistics.sharpe import record_of
from engines.statistics.splits import Split, Window, combinatorial, walk_forward

# A year of days, as markets that never close count it.
DAYS_PER_YEAR: Final = 365.0
_FOLDS: Final = 5
_BLOCKS: Final = 6
_TESTED: Final = 2
# Days between training and test: a position held over night must not tell of the test.
_PURGE_DAYS: Final = 2


@dataclass(frozen=True)
class Fold:
    """One test: first and last day (offsets), the trial chosen before it, and both ratios."""

    first_day: int
    last_day: int
    trial: int
    train_sharpe: float
    test_sharpe: float


@dataclass(frozen=True, eq=False)
class Walked:
    """A walk-forward: its folds, and the returns of all tests in turn, (n_tested_days,)."""

    folds: tuple[Fold, ...]
    returns: Floats

    @property
    def sharpe(self) -> float:
        """Annualised Sharpe ratio of all tests together."""
        return yearly_sharpe(self.returns)


def yearly_sharpe(daily: Floats) -> float:
    """Annualised Sharpe ratio of daily returns (n_days,); NaN if nothing varies."""
    return record_of(daily).sharpe * float(np.sqrt(DAYS_PER_YEAR))


def splits_of(n_days: int, window: Window = "rolling", folds: int = _FOLDS) -> list[Split]:
    """The trainings and tests of a walk-forward, as offsets of days; tests are the later half.

    Raises InvalidInput for too few days.
    """
    return walk_forward(n_days, folds, 0.5, window, _PURGE_DAYS)


def walked(returns: Floats, window: Window = "rolling", folds: int = _FOLDS) -> Walked:
    """Choose the best trial of each training part, and take what it earned in the test after it.

    `returns` (n_days, n_trials) are daily. Raises InvalidInput for too few days.
    """
    splits = splits_of(len(returns), window, folds)
    found = [_chosen(returns, split) for split in splits]
    tests = [returns[split.test, fold.trial] for split, fold in zip(splits, found, strict=True)]
    return Walked(tuple(found), np.concatenate(tests))


def histories(returns: Floats) -> Floats:
    """Annualised Sharpe ratios of whole histories of tests, (n_paths,), chosen anew each time.

    Combinatorial purged cross-validation over six blocks, two of them tested at a time.
    """
    cut = combinatorial(len(returns), _BLOCKS, _TESTED, _PURGE_DAYS)
    chosen = [_chosen(returns, split).trial for split in cut.splits]
    paths = [
        np.concatenate(
            [returns[block, chosen[k]] for k, block in zip(path, cut.blocks, strict=True)]
        )
        for path in cut.paths.tolist()
    ]
    return np.array([yearly_sharpe(path) for path in paths])


def _chosen(returns: Floats, split: Split) -> Fold:
    inside = returns[split.train]
    if len(inside) < 2:
        raise InvalidInput("days", len(returns), "enough to train on two of them")
    deviation = inside.std(axis=0, ddof=1)
    ratios = np.where(deviation > 0.0, inside.mean(axis=0) / np.where(deviation, deviation, 1), -9)
    best = int(ratios.argmax())
    tested = returns[split.test, best]
    first, last = int(split.test[0]), int(split.test[-1])
    return Fold(first, last, best, yearly_sharpe(inside[:, best]), yearly_sharpe(tested))
