"""In what do two trades differ? Field by field, to the tick, the lot and the printed digit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from strategies.tradingview.alignment import Pair
from strategies.tradingview.trades import ExportedTrade, TradeList

FIELDS: Final = (
    "entry_ms", "exit_ms", "entry_price", "exit_price", "qty", "entry_signal", "exit_signal", "pnl",
)  # fmt: skip
_OF_ENTRY: Final = ("entry_ms", "entry_price", "entry_signal")
# MEASURED pyne_barupdn: of 5549 profits three within a fiftieth of half the last digit were
# printed the other way.
_HALF_DIGIT: Final = 0.5 * 1.02
# Doubles in a workbook are printed with all their digits: these are no more than this exact.
_RELATIVE: Final = 1e-8
_CENTS: Final = 2


@dataclass(frozen=True)
class Precision:
    """How exactly an export prints its figures, and the instrument's tick and lot (0: unknown)."""

    price_digits: int
    qty_digits: int
    money_digits: int
    tick: float
    lot: float

    def price(self, value: float) -> float:
        """How far two prices may be apart that are the same."""
        printed = _HALF_DIGIT * 10.0**-self.price_digits
        step = printed if self.tick == 0.0 else max(min(printed, self.tick / 4), self.tick * 1e-3)
        return max(step, _RELATIVE * abs(value))

    def qty(self, value: float) -> float:
        """How far two quantities may be apart that are the same."""
        printed = _HALF_DIGIT * 10.0**-self.qty_digits
        step = printed if self.lot == 0.0 else max(min(printed, self.lot / 4), self.lot * 1e-3)
        return max(step, _RELATIVE * abs(value))

    def money(self, theirs: ExportedTrade) -> float:
        """How far a profit may be from the printed one: half of its last digit.

        A profit of less than a cent is printed with more digits than a larger one.
        """
        digits = max(theirs.decimals.pnl, min(self.money_digits, _CENTS))
        return max(_HALF_DIGIT * 10.0**-digits, _RELATIVE * abs(theirs.pnl))


def precision_of(listed: TradeList, tick: float, lot: float) -> Precision:
    """The finest that the export prints anywhere: zeros at the end may have been left out."""
    figures = [one.decimals for one in listed.trades]
    prices = [max(one.entry_price, one.exit_price) for one in figures]
    return Precision(
        max(prices, default=0),
        max((one.qty for one in figures), default=0),
        max((one.pnl for one in figures), default=0),
        tick,
        lot,
    )


def comparable(listed: TradeList, named: bool) -> tuple[str, ...]:
    """The fields that both sides have; signals only where the strategy names its orders."""
    known = [name for name in FIELDS if name in listed.columns]
    return tuple(name for name in known if named or not name.endswith("_signal"))


def differing(pair: Pair, fields: Sequence[str], precision: Precision) -> tuple[str, ...]:
    """The fields in which the two differ; of a trade that is open there those of its entry."""
    theirs, ours = pair
    if theirs is None or ours is None:
        return ()
    asked = [name for name in fields if not theirs.is_open or name in _OF_ENTRY]
    return tuple(name for name in asked if not _same(name, pair, precision))


def _same(name: str, pair: Pair, precision: Precision) -> bool:
    theirs, ours = getattr(pair.theirs, name), getattr(pair.ours, name)
    if isinstance(theirs, float) and math.isnan(theirs):
        return True
    if name in ("entry_price", "exit_price"):
        return bool(abs(theirs - ours) <= precision.price(theirs))
    if name == "qty":
        return bool(abs(theirs - ours) <= precision.qty(theirs))
    if name == "pnl" and pair.theirs is not None:
        return bool(abs(theirs - ours) <= precision.money(pair.theirs))
    return bool(theirs == ours)
