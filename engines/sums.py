"""How does a running sum keep what rounding drops? In a second number beside it."""

from __future__ import annotations

from engines.compile import scalar


@scalar
def slide(total: float, lost: float, x: float, gone: float) -> tuple[float, float]:
    """Add `x` to a running sum and take `gone` away; `lost` collects what rounding dropped.

    total + lost is the sum as if kept in twice the precision, so it does not drift and a spike
    leaves no trace. Knuth's TwoSum, The Art of Computer Programming 2, 4.2.2 theorem B.
    """
    change = x - gone
    back = change - x
    dropped = (x - (change - back)) - (gone + back)
    new_total = total + change
    back = new_total - total
    dropped += (total - (new_total - back)) + (change - back)
    return new_total, lost + dropped
