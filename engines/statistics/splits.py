"""How is time cut into training and test? Walk-forward, purged k-fold, combinatorial paths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import comb
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.errors import InvalidInput

Periods = NDArray[np.int64]
Window = Literal["rolling", "anchored"]
MAX_SPLITS: Final = 5000


class Split(NamedTuple):
    """Periods to train on and periods to test on, ascending numbers."""

    train: Periods
    test: Periods


class Combinatorial(NamedTuple):
    """Splits, the blocks that time was cut into, and whole histories made of the tests.

    `paths` (n_paths, n_blocks) says which split tells each block of a history.
    """

    splits: list[Split]
    blocks: list[Periods]
    paths: Periods


def walk_forward(
    n_periods: int, folds: int, train: float = 0.5, window: Window = "rolling", purge: int = 0
) -> list[Split]:
    """Train on what came before, test on what came next, `folds` times.

    The last 1 − `train` of the periods are tested, each once. A rolling window keeps its length,
    an anchored one grows from the first period on. `purge` periods before a test are not trained
    on. Raises InvalidInput if a part would be empty.
    """
    if not 0.0 < train < 1.0:
        raise InvalidInput("train", train, "between 0 and 1")
    first = round(n_periods * train)
    edges = np.linspace(first, n_periods, folds + 1).round().astype(int).tolist()
    _check("folds", folds, first - purge, min(np.diff(edges), default=0))
    found = []
    for start, stop in pairwise(edges):
        begin = start - first if window == "rolling" else 0
        found.append(Split(np.arange(begin, start - purge), np.arange(start, stop)))
    return found


def purged_folds(n_periods: int, folds: int, purge: int = 0, embargo: int = 0) -> list[Split]:
    """Test on one fold, train on the others without the periods next to it.

    `purge` periods before and after the fold are left out, and `embargo` more after it. López de
    Prado (2018), Advances in Financial Machine Learning, 7.4.
    """
    blocks = _blocks(n_periods, folds)
    return [_without(blocks, (k,), n_periods, purge, embargo) for k in range(folds)]


def combinatorial(
    n_periods: int, blocks: int, tested: int = 2, purge: int = 0, embargo: int = 0
) -> Combinatorial:
    """Test on every choice of `tested` of the blocks: combinatorial purged cross-validation.

    López de Prado (2018), 12.4, by skfolio. Raises InvalidInput where it makes no sense.
    """
    if not 1 < tested < blocks - 1:
        raise InvalidInput("tested", tested, f"2 or more, and fewer than {blocks} blocks by two")
    if comb(blocks, tested) > MAX_SPLITS:
        raise InvalidInput("blocks", blocks, f"at most {MAX_SPLITS:,} splits, these make more")
    parts = _blocks(n_periods, blocks)
    from skfolio.model_selection import CombinatorialPurgedCV

    cut = CombinatorialPurgedCV(
        n_folds=blocks, n_test_folds=tested, purged_size=purge, embargo_size=embargo
    )
    pairs = list(cut.split(np.zeros((n_periods, 1))))
    splits = [Split(train, np.concatenate(tests)) for train, tests in pairs]
    for split in splits:
        _check("purge", purge, len(split.train), len(split.test))
    return Combinatorial(splits, parts, np.asarray(cut.recombined_paths).T)


def _blocks(n_periods: int, blocks: int) -> list[Periods]:
    if blocks < 2:
        raise InvalidInput("blocks", blocks, "2 or more")
    parts = np.array_split(np.arange(n_periods), blocks)
    _check("blocks", blocks, n_periods, len(parts[-1]))
    return parts


def _without(
    blocks: Sequence[Periods], tested: tuple[int, ...], n_periods: int, purge: int, embargo: int
) -> Split:
    keep = np.ones(n_periods, dtype=bool)
    for k in tested:
        start, stop = int(blocks[k][0]), int(blocks[k][-1]) + 1
        keep[max(start - purge, 0) : stop + purge + embargo] = False
    train = np.flatnonzero(keep)
    _check("purge", purge, len(train), 1)
    return Split(train, np.concatenate([blocks[k] for k in tested]))


def _check(field: str, value: int, trained: int, tested: int) -> None:
    if trained < 1 or tested < 1:
        raise InvalidInput(field, value, "such that every part holds a period to train and to test")
