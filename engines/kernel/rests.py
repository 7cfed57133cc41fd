"""Where does a resting entry keep what it waits for? Slots of the workspace of such orders.

Row `HEAD` tells of the ladder, then come the long entry, the short one, and the safety orders.
A row whose side is 0 is empty.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = 0
LONG_ENTRY: Final = 1
SHORT_ENTRY: Final = 2
SAFETY: Final = 3

SIDE: Final = 0
TYPE: Final = 1
PRICE: Final = 2
# Of a stop-limit order: the limit that takes the place of its stop.
LIMIT: Final = 3
# Units of the opposite position that the order carried when it was placed (D2).
AGAINST: Final = 4
# The equity that sizes it; NaN for that of the fill.
EQUITY: Final = 5
# Its size as a multiple of the row's.
SHARE: Final = 6
SIGNAL_BAR: Final = 7
# The bar at whose close it is given up.
UNTIL: Final = 8
SEQUENCE: Final = 9
STRIDE: Final = 10

# Of row `HEAD`: the side of the ladder's position (0: no ladder), the price that its steps count
# from, the latest fill or the close that took its place, the safety orders placed so far, and what
# sizes them.
HEAD_SIDE: Final = 0
ANCHOR: Final = 1
REFERENCE: Final = 2
PLACED: Final = 3
HEAD_EQUITY: Final = 4
HEAD_SIGNAL_BAR: Final = 5
CALLS: Final = 6
