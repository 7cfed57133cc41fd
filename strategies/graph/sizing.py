"""How much does an entry buy or sell, and how soon may the next one follow?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, get_args

from strategies.graph.node import Node
from strategies.graph.nodes import one_of
from strategies.graph.scalars import POSITIVE, Range, Scalar

AfterExit = Literal["any", "loss"]

_PERCENT: Final = Range(0, 100, open_low=True)
_BARS: Final = Range(1, 1_000_000, whole=True)


class Sizing(Node):
    """Base of the rules that decide an entry's quantity."""


@dataclass(frozen=True, eq=False, repr=False)
class FixedQty(Sizing):
    """The same quantity each time, in base currency or contracts."""

    kind: ClassVar[str] = "fixed_qty"
    qty: Scalar

    def _check(self) -> None:
        self._set(qty=POSITIVE.checked("fixed_qty.qty", self.qty))


@dataclass(frozen=True, eq=False, repr=False)
class Cash(Sizing):
    """The same amount of margin each time, in quote currency; leverage multiplies it."""

    kind: ClassVar[str] = "cash"
    amount: Scalar

    def _check(self) -> None:
        self._set(amount=POSITIVE.checked("cash.amount", self.amount))


@dataclass(frozen=True, eq=False, repr=False)
class PercentOfEquity(Sizing):
    """A percentage of the account's equity as margin; leverage multiplies it."""

    kind: ClassVar[str] = "percent_of_equity"
    percent: Scalar

    def _check(self) -> None:
        # More than all is borrowed: what the margin allows is the broker's business.
        self._set(percent=POSITIVE.checked("percent_of_equity.percent", self.percent))


@dataclass(frozen=True, eq=False, repr=False)
class RiskPercent(Sizing):
    """As much as loses this percentage of the equity when the stop-loss is hit."""

    kind: ClassVar[str] = "risk_percent"
    percent: Scalar

    def _check(self) -> None:
        self._set(percent=_PERCENT.checked("risk_percent.percent", self.percent))


@dataclass(frozen=True, eq=False, repr=False)
class CoolDown(Node):
    """No entry for so many bars after an exit: after any, or only after one with a loss."""

    kind: ClassVar[str] = "cool_down"
    bars: Scalar
    after: AfterExit = "any"

    def _check(self) -> None:
        self._set(bars=_BARS.checked("cool_down.bars", self.bars))
        one_of("cool_down.after", self.after, get_args(AfterExit))
