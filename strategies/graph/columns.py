"""Which columns do bars have? Those of the chart, and of other markets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engines.bars import Category, Kind
from strategies.graph.nodes import Field, Source
from strategies.graph.types import MarketRef, market_ref

open: Final = Source("open")
high: Final = Source("high")
low: Final = Source("low")
close: Final = Source("close")
volume: Final = Source("volume")
turnover: Final = Source("turnover")
hl2: Final = Source("hl2")
hlc3: Final = Source("hlc3")
ohlc4: Final = Source("ohlc4")
new_session: Final = Source("new_session")


@dataclass(frozen=True)
class Market:
    """The columns of another market, over the chart's interval unless `.on` says otherwise."""

    ref: MarketRef

    def _column(self, field: Field) -> Source:
        return Source(field, None, self.ref)

    @property
    def open(self) -> Source:
        """First price of each bar."""
        return self._column("open")

    @property
    def high(self) -> Source:
        """Highest price of each bar."""
        return self._column("high")

    @property
    def low(self) -> Source:
        """Lowest price of each bar."""
        return self._column("low")

    @property
    def close(self) -> Source:
        """Last price of each bar."""
        return self._column("close")

    @property
    def volume(self) -> Source:
        """Quantity traded, in base currency."""
        return self._column("volume")

    @property
    def turnover(self) -> Source:
        """Amount traded, in quote currency; NaN where the source does not tell it."""
        return self._column("turnover")

    @property
    def hl2(self) -> Source:
        """(high + low) / 2."""
        return self._column("hl2")

    @property
    def hlc3(self) -> Source:
        """(high + low + close) / 3."""
        return self._column("hlc3")

    @property
    def ohlc4(self) -> Source:
        """(open + high + low + close) / 4."""
        return self._column("ohlc4")

    @property
    def new_session(self) -> Source:
        """1 on the first bar of each UTC day, else 0."""
        return self._column("new_session")


def symbol(name: str, category: Category = "linear", kind: Kind = "last") -> Market:
    """Another market: its symbol, category, and last, mark, index or premium prices.

    Raises InvalidInput naming the part that is wrong.
    """
    return Market(market_ref(name, category, kind))
