"""How are rows run that share their signals? By groups, each looking its exits up.

What a group cannot do by lookup the kernel does, row by row: which one computes a row hangs on the
row and the bars, never on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats, frozen
from engines.batch import cpu
from engines.batch.cpu import SWEEP_TAPE, Window, spare_room
from engines.decisions import DecisionTable
from engines.kernel import layout as at
from engines.kernel.exits import WHOLE
from engines.kernel.layout import Market
from engines.kernel.limits import N_MEMORY
from engines.lookup.holdings import N_SUMS, Holdings, find_holdings
from engines.lookup.lanes import N_SLOTS, WIDTH
from engines.lookup.leaving import N_EXITS, Shared
from engines.lookup.openings import CONFLICT, Openings, find_openings
from engines.lookup.passages import MOMENTS, Levels, Passages, find_passages
from engines.lookup.side_by_side import DONE, N_OWN, Rows, side_by_side
from engines.vectors import LANES, N_LANE_SUMS

# Exits of openings that are kept at a time: a gigabyte or so.
_MOST_EXITS: Final = 1 << 23
# Openings whose exits tell which rows trade often, and what counts as long.
_SAMPLED: Final = 32
_LONG: Final = 1024 * MOMENTS
Indices = NDArray[np.int64]
_KINDS: Final = (
    (at.STOP_KIND, at.STOP),
    (at.TARGET_KIND, at.TARGET),
    (at.TRAIL_KIND, at.TRAIL_DISTANCE),
)
# What a row has to leave alone.
_NEUTRAL: Final = {
    at.SIZE_MODE: at.SIZE_EQUITY,
    at.PYRAMIDING: 1,
    at.MAX_BARS: 0,
    at.COOL_DOWN: 0,
    at.STOP_FOLLOWS: 0,
    at.ACTIVATION_KIND: at.NO_LEVEL,
    at.BREAK_EVEN_KIND: at.NO_LEVEL,
}
_SIGNALS: Final = (at.ENTER_LONG, at.ENTER_SHORT, at.EXIT_LONG, at.EXIT_SHORT, at.ON_OPPOSITE)


def run_statistics(
    ready: Window, table: DecisionTable, market: Market, start: int, stop: int
) -> Floats:
    """Sums of every row over the bars `start` to `stop`, as `engines.batch.cpu` gives them."""
    cpu.check_range(ready, start, stop)
    stats = np.zeros((len(table), at.N_STATS))
    done = np.zeros(len(table), dtype=bool)
    for rows in _groups(table, known_rows(ready, table, market)):
        stats[rows], done[rows] = run_group(ready, table, market, rows, start, stop)
    left = np.flatnonzero(~done)
    if len(left):
        stats[left] = cpu.run_statistics(ready, _picked(table, left), market, start, stop)
    return stats


def known_rows(ready: Window, table: DecisionTable, market: Market) -> NDArray[np.bool_]:
    """Which rows use only what is known here, (n_rows,)."""
    choices, params = table.choices, table.params
    inside = len(ready.finer.open) > 0 or len(ready.funding.bar) > 0
    if table.full or inside or market.exits_from_next_bar:
        return np.zeros(len(table), dtype=bool)
    known = np.ones(len(table), dtype=bool)
    for slot, neutral in _NEUTRAL.items():
        known &= choices[:, slot] == neutral
    for kind, value in _KINDS:
        used = _used(choices, kind)
        known &= ~used | ((choices[:, kind] == at.FRACTION) & (params[:, value] > 0.0))
    targets = choices[:, at.N_TARGETS]
    whole = (targets == 1) & (params[:, at.PORTION] >= WHOLE)
    return np.asarray(known & ((targets == 0) | whole))


def _used(choices: NDArray[np.int32], kind: int) -> NDArray[np.bool_]:
    if kind == at.TARGET_KIND:
        return np.asarray(choices[:, at.N_TARGETS] > 0)
    return np.asarray(choices[:, kind] != at.NO_LEVEL)


def _groups(table: DecisionTable, known: NDArray[np.bool_]) -> Iterator[Indices]:
    """Rows with the same signals, and the same share of the equity."""
    rows = np.flatnonzero(known)
    keys = np.column_stack([table.choices[rows][:, _SIGNALS], table.params[rows, at.SIZE]])
    _, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    for part in np.split(rows[order], np.flatnonzero(np.diff(group[order])) + 1):
        if len(part):
            yield part


def _picked(table: DecisionTable, rows: Indices) -> DecisionTable:
    return replace(table, params=table.params[rows], choices=table.choices[rows])


def run_group(
    ready: Window, table: DecisionTable, market: Market, rows: Indices, start: int, stop: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Sums of a group's rows, and which of them are done."""
    stats, done = np.zeros((len(rows), at.N_STATS)), np.zeros(len(rows), dtype=np.int64)
    found, count = _openings(ready, table, table.choices[rows[0]], market, start, stop)
    if count == CONFLICT:
        return stats, done == 1
    # What rows share is worth having for many, in memory for not too many.
    step = max(_MOST_EXITS // (N_EXITS * max(count, 1)), 1)
    for first in range(0, len(rows), step):
        part = rows[first : first + step]
        levels, exits = _levels(table.params[part], table.choices[part])
        share = float(table.params[part[0], at.SIZE])
        shared = _shared(ready, found, count, levels, share, market)
        order = _by_trades(shared, exits)
        place = first + order
        stats[place], done[place] = _trade(
            ready, _picked(table, part[order]), exits[order], market, (start, stop), shared
        )
    return stats, done == 1


def _by_trades(shared: Shared, exits: Indices) -> Indices:
    """Rows in the order of how long they hold: lanes side by side are then busy for as long."""
    some = np.arange(0, shared.n_openings, max(shared.n_openings // _SAMPLED, 1))
    when = shared.met.when[some] - shared.found.bar[some, None] * MOMENTS
    first = np.minimum(when[:, exits[:, 0]], when[:, exits[:, 1]])
    lasts = np.minimum(np.minimum(first, when[:, exits[:, 2]]), _LONG)
    return np.argsort(lasts.sum(axis=0), kind="stable")


def _trade(
    ready: Window,
    table: DecisionTable,
    exits: Indices,
    market: Market,
    span: tuple[int, int],
    shared: Shared,
) -> tuple[Floats, Indices]:
    """Sums of some rows, and 1 for those that are done."""
    stats = np.zeros((len(table), at.N_STATS))
    rows = Rows(
        ready.bars,
        frozen(np.zeros((1, 1)), np.float64),
        frozen(table.params, np.float64),
        frozen(table.choices, np.int32),
        market,
        np.zeros((1, at.LOT_STRIDE)),
        np.zeros(N_LANE_SUMS * LANES),
        stats,
        SWEEP_TAPE,
        spare_room(),
        np.zeros((0, 0)),
        np.zeros(N_MEMORY),
        ready.funding,
    )
    batches = -(-len(table) // WIDTH)
    lanes = np.zeros((batches, N_SLOTS * WIDTH))
    own = np.zeros((batches, WIDTH, N_OWN), dtype=np.int64)
    side_by_side(rows, exits, *span, shared, lanes, own)
    return stats, own[:, :, DONE].reshape(-1)[: len(table)]


def _openings(
    ready: Window,
    table: DecisionTable,
    choices: NDArray[np.int32],
    market: Market,
    start: int,
    stop: int,
) -> tuple[Openings, int]:
    asked = table.bitmaps[choices[at.ENTER_LONG]] | table.bitmaps[choices[at.ENTER_SHORT]]
    most = int(np.bitwise_count(asked).sum())

    def whole(length: int = most) -> Indices:
        return np.empty(length, dtype=np.int64)

    found = Openings(
        whole(),
        whole(),
        np.empty(most),
        np.empty(most),
        whole(),
        whole(),
        whole(),
        whole(),
        whole(stop + 1),
        whole(1),
    )
    find_openings(ready.bars, table.bitmaps, choices, market, start, stop, found)
    return found, int(found.number[0])


def _levels(params: Floats, choices: NDArray[np.int32]) -> tuple[Levels, Indices]:
    """The distinct levels of each kind, and the columns at which each row's are found."""
    used = [_used(choices, kind) for kind, _ in _KINDS]
    distinct = [
        np.unique(params[has, value], return_inverse=True)
        for has, (_, value) in zip(used, _KINDS, strict=True)
    ]
    none = sum(len(fractions) for fractions, _ in distinct)
    exits, first = np.full((len(params), N_EXITS), none), 0
    for place, (fractions, column) in enumerate(distinct):
        exits[used[place], place] = first + column
        first += len(fractions)
    stops, targets, trails = (frozen(fractions, np.float64) for fractions, _ in distinct)
    return Levels(stops, targets, trails, *(bool(has.all()) for has in used)), exits


def _shared(
    ready: Window, found: Openings, count: int, levels: Levels, share: float, market: Market
) -> Shared:
    """Everything that the rows of a group look up."""
    width = len(levels.stops) + len(levels.targets) + len(levels.trails) + 1
    met = Passages(
        np.empty((count, width), dtype=np.int64),
        np.empty((count, width)),
        np.empty(count, dtype=np.int64),
    )
    find_passages(ready.bars, found, count, levels, market.tick, met)
    held = Holdings(np.empty((count * width, N_SUMS)), np.empty((count, width)))
    find_holdings(ready.bars, found, count, levels, met, share, market, held)
    return Shared(found, count, met, held, share)
