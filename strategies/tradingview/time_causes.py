"""Is it a matter of time? Another zone, a fill one bar earlier, bars that were not seen."""

from __future__ import annotations

import math
from collections import Counter
from functools import reduce
from typing import Final

import numpy as np

from strategies.moments import minute_text
from strategies.tradingview.alignment import Pair
from strategies.tradingview.evidence import MOST, Cause, Evidence
from strategies.tradingview.zone import percent_text

_GAIN: Final = 0.05
_GOOD: Final = 0.9
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
# A warm-up is over in the first part of a list.
_EARLY: Final = 0.25
_FEWEST: Final = 3


def time_zone(evidence: Evidence) -> Cause | None:
    """The fills lie inside the bars if their times are moved, and else they do not."""
    used, best = evidence.used, evidence.best
    gain = max(best.share - used.share, best.at_open - used.at_open)
    if best.name == used.name or best.share < _GOOD or gain < _GAIN:
        return _constant_shift(evidence)
    return Cause(
        "time zone",
        f"Read as {best.name}, {percent_text(best.share)} of TradingView's fills lie inside the "
        f"bars here, {percent_text(best.at_open)} at their edge; read as {used.name}, "
        f"{percent_text(used.share)} and {percent_text(used.at_open)}: the export or the bars are "
        "in another time zone.",
    )


def interval(evidence: Evidence) -> Cause | None:
    """The times there lie on a grid that bars of this length do not have."""
    times = [one.entry_ms for one in evidence.listed.trades]
    times += [one.exit_ms for one in evidence.listed.trades if one.exit_ms is not None]
    grid_ms = reduce(math.gcd, (time - times[0] for time in times), 0)
    if evidence.used.share >= _GOOD or grid_ms == 0 or grid_ms >= evidence.bar_ms:
        return None
    return Cause(
        "interval",
        f"TradingView's times are multiples of {grid_ms / _MINUTE_MS:g} minutes, the bars here are "
        f"of {evidence.bar_ms / _MINUTE_MS:g}: give the chart's own bars, or say --interval.",
    )


def _constant_shift(evidence: Evidence) -> Cause | None:
    apart = Counter(
        theirs.entry_ms - ours.entry_ms
        for theirs, ours in evidence.matched
        if theirs is not None
        and ours is not None
        and evidence.same(theirs.entry_price, ours.entry_price)
    )
    if not apart:
        return None
    shift, count = apart.most_common(1)[0]
    if shift == 0 or count < max(_FEWEST, MOST * len(evidence.matched)):
        return None
    if _at_close(evidence) is not None:
        return None
    way = "later" if shift > 0 else "earlier"
    return Cause(
        "time zone",
        f"{count} of {len(evidence.matched)} entries have the same price, and TradingView's are "
        f"{abs(shift) / _HOUR_MS:g} h {way}: the bars here are not those of its times.",
    )


def _at_close(evidence: Evidence) -> tuple[int, bool] | None:
    """How many entries are one bar apart as `fill_at` makes them, and whether there at closes."""
    earlier = later = 0
    for theirs, ours in evidence.matched:
        if theirs is None or ours is None:
            continue
        there, here = evidence.bar_at(theirs.entry_ms), evidence.bar_at(ours.entry_ms)
        if there is None or here is None:
            continue
        earlier += here.number - there.number == 1 and _near(
            evidence, theirs.entry_price, there.close
        )
        later += there.number - here.number == 1 and _near(evidence, theirs.entry_price, there.open)
    most = MOST * len(evidence.matched)
    if evidence.broker.fill_at == "next_open" and earlier >= max(_FEWEST, most):
        return earlier, True
    if evidence.broker.fill_at == "close" and later >= max(_FEWEST, most):
        return later, False
    return None


def _near(evidence: Evidence, price: float, other: float) -> bool:
    return abs(price - other) <= evidence.slack + evidence.precision.price(price)


def fill_at(evidence: Evidence) -> Cause | None:
    """Entries are one bar apart: there at closes and here at opens, or the other way round."""
    found = _at_close(evidence)
    if found is None:
        return None
    count, closes = found
    there, here = ("the close of the signal's bar", "the next open")
    if not closes:
        there, here = here, there
    setting = "close" if closes else "next_open"
    return Cause(
        "fill at close",
        f"TradingView's entries fill at {there}, those here at {here} ({count} of "
        f"{len(evidence.matched)}): process_orders_on_close differs, say --fill-at {setting}.",
    )


def out_of_range(evidence: Evidence, pair: Pair) -> Cause | None:
    """A trade that has no counterpart because the other side's bars do not reach so far."""
    bars, (theirs, ours) = evidence.bars, pair
    if theirs is not None and ours is None:
        if theirs.entry_ms < bars.start_ms:
            return Cause(
                "range", f"The bars here begin at {minute_text(bars.start_ms)} UTC, after it."
            )
        if theirs.entry_ms >= bars.end_ms:
            return Cause(
                "range", f"The bars here end at {minute_text(bars.end_ms)} UTC, before it."
            )
    if ours is not None and theirs is None and ours.entry_ms > evidence.last_ms:
        told = f"TradingView's list ends at {minute_text(evidence.last_ms)} UTC, before it"
        return Cause("range", f"{told}: did its chart end there? Say --end.")
    return None


def warm_up(evidence: Evidence) -> Cause | None:
    """Only trades at the beginning differ: indicators had not seen the same bars yet."""
    total = len(evidence.pairs)
    last = max((place for place in range(total) if evidence.differs(place)), default=-1)
    if last < 0 or total - last - 1 < max(_FEWEST, (1 - _EARLY) * total):
        return None
    first = evidence.listed.trades[0]
    bar = int(np.searchsorted(evidence.bars.open_ms, first.entry_ms))
    where = f"its first trade is at bar {bar} of those here" if bar else "it began before the bars"
    return Cause(
        "warm-up",
        f"Only the first {last + 1} of {total} trades hold differences, all later ones agree: "
        f"TradingView's indicators had seen other bars before ({where}).",
    )
