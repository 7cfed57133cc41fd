"""Why is a trade on one side only? Pyramiding, or an order that was refused here."""

from __future__ import annotations

import numpy as np

from engines.orders import Refusal
from strategies.tradingview.alignment import Pair
from strategies.tradingview.evidence import Cause, Evidence


def refused(evidence: Evidence, pair: Pair) -> Cause | None:
    """The order was called for here too, and refused with a reason."""
    theirs, ours = pair
    if theirs is None or ours is not None:
        return None
    table = evidence.result.refusals
    times, sides = table["time_ms"], table["side"]
    # Refused when it was called, at the close before, or when it would have filled.
    near = (times <= theirs.entry_ms) & (times >= theirs.entry_ms - evidence.bar_ms)
    found = np.flatnonzero(near & (sides == theirs.side))
    if not len(found):
        return None
    reason = Refusal(int(table["reason"][found[0]])).name.lower().replace("_", " ")
    return Cause("refused here", f"The order was refused here: {reason}.")


def pyramiding(evidence: Evidence, pair: Pair) -> Cause | None:
    """It adds to a position that both sides hold, and only one side adds to it."""
    added = pair.theirs or pair.ours
    if added is None or (pair.theirs is None) == (pair.ours is None):
        return None
    there, here = evidence.most_there, evidence.most_here
    if there == here or (there > here) != (pair.theirs is not None):
        return None
    held = any(
        both.theirs is not None
        and both.theirs.side == added.side
        and both.theirs.entry_ms <= added.entry_ms < (both.theirs.exit_ms or added.entry_ms + 1)
        for both in evidence.common_before(added.entry_ms)
    )
    if not held:
        return None
    return Cause(
        "pyramiding",
        f"It adds to a position that both hold. TradingView holds up to {there} entries at once, "
        f"here it is {here}: pyramiding differs.",
    )
