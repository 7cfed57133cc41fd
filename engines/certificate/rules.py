"""Seeded random runs that need the kernel with every rule: resting entries, ladders, limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.batch.cpu import window
from engines.certificate.corpus import Case, case, random_distance
from engines.decisions import DecisionTable
from engines.funding import FundingRates
from engines.kernel import layout as at

_BARS_A_DAY = 12
_FAR = 0.004


def ruled_case(seed: int) -> Case:
    """The random run number `seed` with rules on top, and funding for some."""
    one = case(seed)
    rng = np.random.default_rng([seed, 1])
    params, choices = one.table.params.copy(), one.table.choices.copy()
    _rest_entries(rng, params[0], choices[0])
    if rng.random() < 0.4:
        _ladder(rng, params[0], choices[0])
    levels = np.vstack([one.table.levels, _calendar(one.bars)])
    if rng.random() < 0.5:
        _limits(rng, params[0], choices[0], len(one.table.levels))
    table = DecisionTable(one.table.bitmaps, levels, params, choices, has_exits=True, full=True)
    if rng.random() < 0.6:
        return replace(one, table=table)
    due = one.bars.open_ms[:: int(rng.integers(2, 9))]
    rates = FundingRates("linear", "FUZZ", due, rng.normal(0.0, 1e-3, len(due)))
    paid = window(one.bars, one.market.tick, None, rates)
    return replace(one, table=table, ready=replace(one.ready, funding=paid.funding))


def _rest_entries(rng: np.random.Generator, params: Floats, choices: NDArray[np.int32]) -> None:
    kind = int(rng.integers(at.STOP_LIMIT_ENTRY + 1))
    if kind == at.MARKET_ENTRY:
        return
    choices[at.ENTRY_TYPE] = kind
    distance = random_distance(rng, choices, at.ENTRY_KIND, at.ENTRY_COLUMN)
    params[at.ENTRY_DISTANCE] = 0.5 * distance
    params[at.ENTRY_LIMIT] = 0.002
    choices[at.ENTRY_BARS] = rng.choice([0, 2, 10])


def _ladder(rng: np.random.Generator, params: Floats, choices: NDArray[np.int32]) -> None:
    orders = int(rng.integers(1, 5))
    choices[at.PYRAMIDING] = 1
    choices[at.LADDER_ORDERS] = orders
    choices[at.LADDER_KIND] = at.FRACTION
    choices[at.LADDER_WINDOW] = rng.integers(0, orders + 1)
    for number in range(orders):
        params[at.LADDER_STEP + number] = _FAR * (number + 1)
        params[at.LADDER_SHARE + number] = 1.5**number
    if rng.random() < 0.3:
        params[at.SAFETY_CLOSE] = 0.05
    for anchor in (at.STOP_ANCHOR, at.TARGET_ANCHOR):
        choices[anchor] = rng.choice([at.FROM_ENTRY, at.FROM_AVERAGE, at.FROM_LAST])


def _limits(
    rng: np.random.Generator, params: Floats, choices: NDArray[np.int32], first: int
) -> None:
    choices[at.RULES] = 1
    choices[at.DAY_COLUMN], choices[at.WEEK_COLUMN] = first, first + 1
    choices[at.MAX_DAY_ENTRIES] = rng.choice([0, 1, 3])
    choices[at.MAX_WEEK_ENTRIES] = rng.choice([0, 5])
    choices[at.MAX_DAY_ORDERS] = rng.choice([0, 4])
    choices[at.MAX_LOSSES] = rng.choice([0, 2])
    choices[at.LOSS_PAUSE] = rng.choice([0, 8])
    choices[at.RE_ENTRY_BARS] = rng.choice([0, 3])
    choices[at.OTHER_SIDE_FIRST] = rng.choice([0, 0, 1])
    params[at.MAX_DRAWDOWN] = rng.choice([0.0, 0.02])
    params[at.MAX_DAY_LOSS] = rng.choice([0.0, 0.005])
    if rng.random() < 0.3:
        choices[at.CLOCK_COLUMN] = first + 2


def _calendar(bars: Bars) -> Floats:
    """Number of the day and of the week, and the next bar that ends a day: (3, n_bars)."""
    bar = np.arange(len(bars))
    day = bar // _BARS_A_DAY
    return np.array([day, day // 5, day * _BARS_A_DAY + _BARS_A_DAY - 1], dtype=float)
