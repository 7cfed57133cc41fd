"""How is a position left besides signals? Stops, targets, trailing, break-even and time."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import ClassVar, Final, Literal, cast, get_args

from engines.errors import InvalidInput
from engines.kernel.layout import MAX_TARGETS
from engines.zones import check_zone, minute_of_day
from strategies.graph.expressions import Series
from strategies.graph.levels import (
    PERCENT,
    Distance,
    Level,
    atr_multiple,
    check_free,
    check_multiple,
    check_number,
    check_one_form,
    distance_of,
    prefixed,
)
from strategies.graph.node import Node
from strategies.graph.nodes import one_of
from strategies.graph.numbers import whole_number
from strategies.graph.scalars import POSITIVE, Constraint, Range, Scalar
from strategies.graph.sessions import DAYS, Day, in_week_order

Anchor = Literal["entry", "average", "last"]

_WHOLE_TICKS: Final = Range(1)
_OFFSET: Final = Range(0)
_FROM_ZERO: Final = Range(0)
_BARS: Final = Range(1, 1_000_000, whole=True)
_TARGETS: Final = Range(1, MAX_TARGETS, whole=True)


class Exit(Node):
    """Base of what rests in the market, or waits, while a position is open.

    Where a position grows by several entries, an `anchor` tells what a distance counts from:
    each entry's own fill, the position's average price, or its latest fill.
    """

    def _check_anchor(self, anchor: Anchor, price: Series | None = None) -> None:
        one_of(f"{self.kind}.anchor", anchor, get_args(Anchor))
        if anchor != "entry" and price is not None:
            expected = "a distance with it: a price lies where it lies"
            raise InvalidInput(f"{self.kind}.anchor", anchor, expected)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ExitLevel(Level, Exit):
    """Base of exits at a level."""

    anchor: Anchor = "entry"

    def _check(self) -> None:
        super()._check()
        self._check_anchor(self.anchor, self.price)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StopLoss(ExitLevel):
    """Leave at a loss: percent, ticks, multiple of a series (or of the atr) away, or a price.

    A price may differ for shorts. `follow` moves the stop with its series at every close;
    without it the value at the entry's signal stays.
    """

    kind: ClassVar[str] = "stop_loss"
    follow: bool = False

    def _check(self) -> None:
        super()._check()
        if not isinstance(self.follow, bool):
            raise InvalidInput("stop_loss.follow", self.follow, "true or false")
        if self.follow and self.of is None and self.price is None:
            raise InvalidInput("stop_loss.follow", True, "used with of= or price=, which can move")
        if self.follow and self.anchor != "entry":
            raise InvalidInput("stop_loss.anchor", self.anchor, "entry for a stop that follows")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TakeProfit(ExitLevel):
    """Leave with a profit; `portion` is the percentage of the entry that this target closes."""

    kind: ClassVar[str] = "take_profit"
    portion: Scalar = 100.0

    def _check(self) -> None:
        super()._check()
        check_number(self, "portion", PERCENT)

    def _percent_range(self) -> Range:
        return POSITIVE


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TrailingStop(Exit):
    """A stop that follows the best price at a distance, at once or from an activation on.

    A distance in percent is of the best price; the activation is measured from the anchor.
    """

    kind: ClassVar[str] = "trailing_stop"
    percent: Scalar | None = None
    ticks: Scalar | None = None
    multiple: Scalar | None = None
    of: Series | None = None
    activation_percent: Scalar | None = None
    activation_ticks: Scalar | None = None
    activation_multiple: Scalar | None = None
    activation_of: Series | None = None
    anchor: Anchor = "entry"
    atr: InitVar[Scalar | None] = None
    activation_atr: InitVar[Scalar | None] = None
    length: InitVar[Scalar | None] = None

    def __post_init__(
        self, atr: Scalar | None, activation_atr: Scalar | None, length: Scalar | None
    ) -> None:
        if length is not None and atr is None and activation_atr is None:
            raise InvalidInput("trailing_stop.length", length, "given with atr or activation_atr")
        if atr is not None:
            check_free(self.kind, "atr", self.multiple, self.of)
            self._set(**atr_multiple(self.kind, "", atr, length))
        if activation_atr is not None:
            check_free(self.kind, "activation_atr", self.activation_multiple, self.activation_of)
            self._set(**atr_multiple(self.kind, "activation_", activation_atr, length))
        super().__post_init__()

    def _check(self) -> None:
        check_one_form(self, ("percent", "ticks", "multiple"))
        check_one_form(self, prefixed("activation_"), optional=True)
        check_number(self, "percent", PERCENT)
        # A distance is cut to whole ticks (E9): less than one would be none.
        check_number(self, "ticks", _WHOLE_TICKS)
        check_multiple(self, "multiple", "of")
        check_number(self, "activation_percent", POSITIVE)
        check_number(self, "activation_ticks", POSITIVE)
        check_multiple(self, "activation_multiple", "activation_of")
        self._check_anchor(self.anchor)

    @property
    def distance(self) -> Distance:
        """How far the stop stays behind the best price."""
        return cast(Distance, distance_of(self, ""))

    @property
    def activation(self) -> Distance | None:
        """The profit from which the stop is there; None from the entry on."""
        return distance_of(self, "activation_")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BreakEven(Exit):
    """Move the stop to the entry price (plus an offset in favour) once a profit was reached.

    The trigger is a distance from the entry, or the fill of the n-th take-profit.
    """

    kind: ClassVar[str] = "break_even"
    relation: ClassVar[str] = "offset below trigger"
    trigger_percent: Scalar | None = None
    trigger_ticks: Scalar | None = None
    trigger_multiple: Scalar | None = None
    trigger_of: Series | None = None
    after_target: int | None = None
    offset_percent: Scalar | None = None
    offset_ticks: Scalar | None = None
    anchor: Anchor = "entry"
    trigger_atr: InitVar[Scalar | None] = None
    length: InitVar[Scalar | None] = None

    def __post_init__(self, trigger_atr: Scalar | None, length: Scalar | None) -> None:
        if trigger_atr is not None or length is not None:
            check_free(self.kind, "trigger_atr", self.trigger_multiple, self.trigger_of)
            self._set(**atr_multiple(self.kind, "trigger_", trigger_atr, length))
        super().__post_init__()

    def _check(self) -> None:
        check_one_form(self, (*prefixed("trigger_"), "after_target"))
        check_one_form(self, ("offset_percent", "offset_ticks"), optional=True)
        check_number(self, "trigger_percent", POSITIVE)
        check_number(self, "trigger_ticks", POSITIVE)
        check_multiple(self, "trigger_multiple", "trigger_of")
        if self.after_target is not None:
            self._set(after_target=whole_number("break_even.after_target", self.after_target))
        check_number(self, "after_target", _TARGETS)
        check_number(self, "offset_percent", _OFFSET)
        check_number(self, "offset_ticks", _OFFSET)
        self._check_anchor(self.anchor)

    def implied(self) -> tuple[Constraint, ...]:
        pairs = (
            (self.offset_percent, self.trigger_percent),
            (self.offset_ticks, self.trigger_ticks),
        )
        return tuple(
            Constraint("<", offset, trigger)
            for offset, trigger in pairs
            if offset is not None and trigger is not None
        )

    @property
    def trigger(self) -> Distance | None:
        """The profit that moves the stop; None when a target's fill does."""
        return distance_of(self, "trigger_")

    @property
    def offset(self) -> Distance:
        """Where the stop then lies, from the entry in favour."""
        return distance_of(self, "offset_") or Distance("percent", 0.0)


@dataclass(frozen=True, eq=False, repr=False)
class TimeExit(Exit):
    """Leave at the market after so many bars, with `min_profit_percent` once it has that profit.

    The profit is that of the position at a close, in percent of its cost and before fees.
    """

    kind: ClassVar[str] = "time_exit"
    bars: Scalar
    min_profit_percent: Scalar | None = None

    def _check(self) -> None:
        check_number(self, "bars", _BARS)
        check_number(self, "min_profit_percent", _FROM_ZERO)


@dataclass(frozen=True, eq=False, repr=False)
class OnlyInProfit(Exit):
    """Exit signals count only at a close with this profit, in percent of the cost, before fees.

    So do opposite signals that would only close. One that does not count is forgotten.
    """

    kind: ClassVar[str] = "only_in_profit"
    percent: Scalar = 0

    def _check(self) -> None:
        check_number(self, "percent", _FROM_ZERO)


@dataclass(frozen=True, eq=False, repr=False)
class ClockExit(Exit):
    """Leave at the market by a time of day: the end of a session, or of the week.

    The order is given at the last close by that time on those days in that time zone; a bar that
    would end after it is not waited for. Nothing is entered at that close. 24:00 ends its day.
    """

    kind: ClassVar[str] = "clock_exit"
    at: str
    days: tuple[Day, ...] = DAYS
    timezone: str = "UTC"

    def _check(self) -> None:
        minute_of_day("clock_exit.at", self.at)
        check_zone("clock_exit.timezone", self.timezone)
        self._set(days=in_week_order(self.days))


@dataclass(frozen=True, eq=False, repr=False)
class SafetyClose(Exit):
    """Leave all at the market once the position has lost this percentage of its margin."""

    kind: ClassVar[str] = "safety_close"
    percent: Scalar

    def _check(self) -> None:
        check_number(self, "percent", PERCENT)


def measures_whole(exit_: Exit) -> bool:
    """Whether an exit hangs on the position as a whole, and so moves as it grows."""
    return isinstance(exit_, SafetyClose) or getattr(exit_, "anchor", "entry") != "entry"
