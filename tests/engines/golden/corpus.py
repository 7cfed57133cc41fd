"""The golden ledgers' corpus: the certificate's, by its names, and cases of what rests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines.certificate.corpus import (
    LEVEL_KINDS,
    START_MS,
    Case,
    case,
    random_bars,
    random_broker,
    random_distance,
    random_exits,
    random_instrument,
    random_level,
    random_levels,
    random_table,
)
from engines.kernel import layout as at

__all__ = [
    "LEVEL_KINDS",
    "START_MS",
    "Case",
    "case",
    "random_bars",
    "random_broker",
    "random_distance",
    "random_exits",
    "random_instrument",
    "random_level",
    "random_levels",
    "random_table",
    "resting_case",
]

ENTRIES = (at.MARKET_ENTRY, at.LIMIT_ENTRY, at.STOP_ENTRY, at.STOP_LIMIT_ENTRY)


def resting_case(seed: int) -> Case:
    """The random run number `seed` with an entry that waits for its price, a ladder, or both."""
    one, rng = case(seed), np.random.default_rng((seed, 1))
    params, choices = one.table.params.copy(), one.table.choices.copy()
    kind = int(rng.choice(ENTRIES))
    choices[0, at.ENTRY_TYPE] = kind
    if kind != at.MARKET_ENTRY:
        distance = random_distance(rng, choices[0], at.ENTRY_KIND, at.ENTRY_COLUMN)
        params[0, at.ENTRY_DISTANCE] = distance * rng.choice([0.25, 0.5, 1.0])
        params[0, at.ENTRY_LIMIT] = rng.choice([-0.002, 0.0, 0.004])
        choices[0, at.ENTRY_BARS] = rng.choice([0, 2, 5])
    if kind == at.MARKET_ENTRY or rng.random() < 0.6:
        _ladder(rng, params[0], choices[0])
    table = replace(one.table, params=params, choices=choices, full=True)
    return replace(one, table=table)


def _ladder(
    rng: np.random.Generator,
    params: np.typing.NDArray[np.float64],
    choices: np.typing.NDArray[np.int32],
) -> None:
    """A few safety orders, each farther and larger than the one before."""
    count = int(rng.integers(1, 6))
    step = random_distance(rng, choices, at.LADDER_KIND, at.LADDER_COLUMN) * 0.5
    grown = np.cumsum(float(rng.choice([1.0, 1.3])) ** np.arange(count))
    choices[at.LADDER_ORDERS] = count
    choices[at.LADDER_WINDOW] = rng.choice([0, 0, 2])
    params[at.LADDER_STEP : at.LADDER_STEP + count] = step * grown
    volume = float(rng.choice([1.0, 1.5])) ** np.arange(1, count + 1)
    params[at.LADDER_SHARE : at.LADDER_SHARE + count] = volume
    params[at.LADDER_TRAIL] = rng.choice([0.0, 0.02])
    params[at.LADDER_PULL_BACK] = rng.choice([0.0, 0.01])
    # A small first entry, so that the whole ladder can be paid for.
    params[at.SIZE] *= 0.2
