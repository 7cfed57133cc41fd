"""In which order does a row hold open, high, low and close, when no header says so?

Prices tell: only one order puts every high at the top and every low at the bottom. Where two
orders do, they are equal: then the columns they disagree on hold the same numbers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from actors.market_data.errors import UnusableFile
from engines.bars import Floats


class Order(NamedTuple):
    """Which of four price columns, from the left, is which."""

    open: int
    high: int
    low: int
    close: int


OHLC: Final = Order(0, 1, 2, 3)
# Bitfinex v2 candles; ninjabot's csv.
OCHL: Final = Order(0, 2, 3, 1)
OCLH: Final = Order(0, 3, 2, 1)


def price_order(prices: list[Floats], where: str) -> Order:
    """The order that holds in every row of the four columns `prices`.

    Raises UnusableFile naming the first row that is impossible in the usual order.
    """
    for order in (OHLC, OCHL, OCLH):
        if _impossible(prices, order).size == 0:
            return order
    row = int(_impossible(prices, OHLC)[0])
    values = ", ".join(f"{column[row]:g}" for column in prices)
    expected = "open, high, low, close with low <= open, close <= high"
    raise UnusableFile(f"{where}, row {row + 1}, prices", values, expected)


def named(prices: list[Floats], order: Order) -> dict[str, Floats]:
    """The four columns by name."""
    return {name: prices[place] for name, place in zip(Order._fields, order, strict=True)}


def _impossible(prices: list[Floats], order: Order) -> np.typing.NDArray[np.intp]:
    open_, high, low, close = (prices[place] for place in order)
    below = low <= np.minimum(open_, close)
    above = np.maximum(open_, close) <= high
    return np.flatnonzero(~(below & above))
