"""How does a bar go when the script runs again after fills? `calc_on_order_fills` (A5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from engines.reference.grid import Ticks
from engines.reference.market import Market
from engines.reference.path import Path

# The script's own run at the close is the fourth: open, near and far extreme are the others.
_LAST_NODE: Final = 2


def walk(market: Market, bar: int, path: Path, run_pass: Callable[[Ticks], None]) -> None:
    """Walk one path, node by node; after fills the script runs where the price then stands.

    A pass's market orders, and levels that the price is beyond, fill at that node. A leg on which
    something fills is walked to its end before the script runs again, and a pass whose own orders
    filled where it stood goes one leg on: at most four fills of market orders, at the open, the
    open, the near and the far extreme. What the last pass calls waits for the next open.
    """
    node = 0
    filled = _fills(market, partial(market.jump, bar, path.open))
    while True:
        here = path[node]
        again = False
        if filled and node <= _LAST_NODE:
            run_pass(here)
            again = _fills(market, partial(market.fill_here, bar, here))
        if node == len(path) - 1:
            return
        node += 1
        filled = _fills(market, partial(market.move, bar, path[node])) or again


def _fills(market: Market, step: Callable[[], None]) -> bool:
    before = market.orders_filled
    step()
    return market.orders_filled > before
