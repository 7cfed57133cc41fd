"""How much does an entry buy or sell, and how soon may the next one follow?"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import ClassVar, Final, Literal, cast, get_args

from engines.errors import InvalidInput
from strategies.graph.expressions import Series, met
from strategies.graph.node import Node
from strategies.graph.nodes import indicator, label, one_of
from strategies.graph.scalars import POSITIVE, Constraint, Range, Scalar
from strategies.graph.types import same_unit

AfterExit = Literal["any", "loss"]

_PERCENT: Final = Range(0, 100, open_low=True)
_BARS: Final = Range(1, 1_000_000, whole=True)
_FRACTION: Final = Range(0, 1, open_low=True)
_LIMIT: Final = Range(0)
_LENGTH: Final = 14


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
class VolatilityTarget(Sizing):
    """As much as moves this percentage of the equity when the price moves by its volatility.

    `of` is a series in units of price, such as an atr or a stdev, at the signal's bar; without
    one it is the atr of `length`. At most `max_percent` of the equity is committed as margin.
    """

    kind: ClassVar[str] = "volatility_target"
    percent: Scalar
    of: Series | None = None
    max_percent: Scalar = 100
    length: InitVar[Scalar | None] = None

    def __post_init__(self, length: Scalar | None) -> None:
        if length is not None and self.of is not None:
            expected = "left out with of=, which has its own"
            raise InvalidInput("volatility_target.length", length, expected)
        if self.of is None:
            params = {"length": _LENGTH if length is None else length}
            self._set(of=indicator("atr", {}, params))
        super().__post_init__()

    def _check(self) -> None:
        self._set(
            percent=_PERCENT.checked("volatility_target.percent", self.percent),
            max_percent=POSITIVE.checked("volatility_target.max_percent", self.max_percent),
        )
        (given,) = met("volatility_target.of", [self.volatility], Series)
        if same_unit(given.unit, "price") is None:
            found = f"{label(given)} ({given.unit})"
            raise InvalidInput("volatility_target.of", found, "a series in units of price")
        self._set(of=given.on_chart())

    @property
    def volatility(self) -> Series:
        """The series that tells how far the price moves."""
        return cast(Series, self.of)


@dataclass(frozen=True, eq=False, repr=False)
class Kelly(Sizing):
    """A fraction of the Kelly share of the equity, as margin, by the closed trades so far.

    The share is W - (1 - W) / R: W of the trades won, and a mean win is R mean losses. Before
    there are `trades` closed ones it is `start_percent` of the equity. A share that is not above
    zero enters nothing.
    """

    kind: ClassVar[str] = "kelly"
    fraction: Scalar = 0.5
    trades: Scalar = 20
    start_percent: Scalar = 10

    def _check(self) -> None:
        self._set(
            fraction=_FRACTION.checked("kelly.fraction", self.fraction),
            trades=_BARS.checked("kelly.trades", self.trades),
            start_percent=POSITIVE.checked("kelly.start_percent", self.start_percent),
        )


@dataclass(frozen=True, eq=False, repr=False)
class SizeLimits(Node):
    """The least and the most of the equity that an entry commits as margin, 0 for no limit.

    A smaller size is raised to the least, a larger one cut to the most.
    """

    kind: ClassVar[str] = "size_limits"
    relation: ClassVar[str] = "min up to max"
    min_percent: Scalar = 0
    max_percent: Scalar = 0

    def _check(self) -> None:
        for name in ("min_percent", "max_percent"):
            self._set(**{name: _LIMIT.checked(f"size_limits.{name}", getattr(self, name))})

    def implied(self) -> tuple[Constraint, ...]:
        if self.max_percent == 0:
            return ()
        return (Constraint("<=", self.min_percent, self.max_percent),)


@dataclass(frozen=True, eq=False, repr=False)
class CoolDown(Node):
    """No entry for so many bars after an exit: after any, or only after one with a loss."""

    kind: ClassVar[str] = "cool_down"
    bars: Scalar
    after: AfterExit = "any"

    def _check(self) -> None:
        self._set(bars=_BARS.checked("cool_down.bars", self.bars))
        one_of("cool_down.after", self.after, get_args(AfterExit))
