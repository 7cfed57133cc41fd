"""Which trade here is which trade there? Two lists aligned, with trades missing on either side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from strategies.tradingview.ours import OurTrade
from strategies.tradingview.trades import ExportedTrade

# How far apart, in bars, two entries may be that are still one and the same.
WINDOW_BARS: Final = 5
# Stretches without a common entry are aligned at best up to this many comparisons.
_MOST_CELLS: Final = 250_000
_GAP: Final = 1.0


class Pair(NamedTuple):
    """A trade there and its counterpart here; None where there is none."""

    theirs: ExportedTrade | None
    ours: OurTrade | None


def align(theirs: Sequence[ExportedTrade], ours: Sequence[OurTrade], bar_ms: int) -> list[Pair]:
    """Pairs in the order of their entries: at equal times first, then at near ones of one side."""
    there = sorted(theirs, key=lambda one: (one.entry_ms, one.exit_ms or 0, one.number))
    here = sorted(ours, key=lambda one: (one.entry_ms, one.exit_ms, one.number))
    partner = _at_equal_times(there, here)
    pairs, done_there, done_here = [], 0, 0
    for place, one in enumerate([*there, None]):
        match = partner.get(place, -1) if one is not None else len(here)
        if match < done_here:
            continue
        pairs += _between(there[done_there:place], here[done_here:match], bar_ms)
        if one is not None:
            pairs.append(Pair(one, here[match]))
        done_there, done_here = place + 1, match + 1
    return pairs


def _at_equal_times(there: Sequence[ExportedTrade], here: Sequence[OurTrade]) -> dict[int, int]:
    """Places of trades that were entered at one time on one side, rising on both lists."""
    waiting: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for place, ours in enumerate(here):
        waiting[ours.entry_ms, ours.side].append(place)
    found: dict[int, int] = {}
    last = -1
    for place, theirs in enumerate(there):
        places = [one for one in waiting[theirs.entry_ms, theirs.side] if one > last]
        if not places:
            continue
        same = [one for one in places if here[one].exit_ms == theirs.exit_ms]
        # Parts of one entry are told apart by their exits.
        last = found[place] = (same or places)[0]
    return found


def _between(there: Sequence[ExportedTrade], here: Sequence[OurTrade], bar_ms: int) -> list[Pair]:
    """Pairs of a stretch without a common entry."""
    if not there or not here:
        return [Pair(one, None) for one in there] + [Pair(None, one) for one in here]
    matched = (
        _cheapest(there, here, bar_ms)
        if len(there) * len(here) <= _MOST_CELLS
        else _in_turn(there, here, bar_ms)
    )
    taken = {ours for _, ours in matched}
    left = dict(matched)
    pairs = [
        Pair(one, here[left[place]] if place in left else None) for place, one in enumerate(there)
    ]
    pairs += [Pair(None, one) for place, one in enumerate(here) if place not in taken]
    return sorted(pairs, key=_entered)


def _entered(pair: Pair) -> int:
    one = pair.theirs or pair.ours
    return 0 if one is None else one.entry_ms


def _distance(theirs: ExportedTrade, ours: OurTrade, bar_ms: int) -> float:
    """Bars between the entries, as a share of the window; more than two gaps where none fits."""
    if theirs.side != ours.side:
        return 3.0 * _GAP
    apart = abs(theirs.entry_ms - ours.entry_ms) / bar_ms
    return apart / WINDOW_BARS if apart <= WINDOW_BARS else 3.0 * _GAP


def _cheapest(
    there: Sequence[ExportedTrade], here: Sequence[OurTrade], bar_ms: int
) -> list[tuple[int, int]]:
    """Needleman and Wunsch (1970): the alignment whose distances and gaps cost least."""
    rows, columns = len(there) + 1, len(here) + 1
    cost = [[_GAP * (row + column) for column in range(columns)] for row in range(rows)]
    for row in range(1, rows):
        for column in range(1, columns):
            pair = cost[row - 1][column - 1] + _distance(there[row - 1], here[column - 1], bar_ms)
            skip = min(cost[row - 1][column], cost[row][column - 1]) + _GAP
            cost[row][column] = min(pair, skip)
    found, row, column = [], rows - 1, columns - 1
    while row and column:
        pair = cost[row - 1][column - 1] + _distance(there[row - 1], here[column - 1], bar_ms)
        if cost[row][column] == pair:
            row, column = row - 1, column - 1
            found.append((row, column))
        elif cost[row][column] == cost[row - 1][column] + _GAP:
            row -= 1
        else:
            column -= 1
    return found[::-1]


def _in_turn(
    there: Sequence[ExportedTrade], here: Sequence[OurTrade], bar_ms: int
) -> list[tuple[int, int]]:
    """The next that fits, for lists too long to try everything."""
    found, row, column = [], 0, 0
    while row < len(there) and column < len(here):
        if _distance(there[row], here[column], bar_ms) <= _GAP:
            found.append((row, column))
            row, column = row + 1, column + 1
        elif there[row].entry_ms <= here[column].entry_ms:
            row += 1
        else:
            column += 1
    return found
