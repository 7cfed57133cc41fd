"""Which conditions are there? The nodes that are true or false at each bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, get_args

from engines.errors import InvalidInput
from engines.indicators.definition import LONGEST
from engines.zones import check_zone
from strategies.graph.expressions import Condition, Series, met, series
from strategies.graph.nodes import bars_back, check_elsewhere, common_unit, one_of, operands
from strategies.graph.scalars import Constraint, Range, Scalar
from strategies.graph.sessions import DAYS, Day, check_hours, in_week_order
from strategies.graph.types import CHART

CompareOp = Literal[">", ">=", "<", "<=", "==", "!="]
Direction = Literal["above", "below", "either"]
LogicOp = Literal["and", "or", "not"]

_COUNT: Final = Range(1, LONGEST, whole=True)


@dataclass(frozen=True, eq=False, repr=False)
class Compare(Condition):
    """How two series of one unit relate; false where either is not known."""

    kind: ClassVar[str] = "compare"
    op: CompareOp
    left: Series
    right: Series

    def _check(self) -> None:
        one_of("compare op", self.op, get_args(CompareOp))
        left, right = met("compare", [series(self.left), series(self.right)], Series)
        common_unit(self.op, left, left.unit, right)
        self._set(left=left, right=right)


@dataclass(frozen=True, eq=False, repr=False)
class Cross(Condition):
    """True on the bar on which `left` crosses `right`.

    Above now and at or below one bar before, or the mirror of it (rule M12).
    """

    kind: ClassVar[str] = "cross"
    direction: Direction
    left: Series
    right: Series

    def _check(self) -> None:
        one_of("cross direction", self.direction, get_args(Direction))
        left, right = met("cross", [series(self.left), series(self.right)], Series)
        common_unit("crosses", left, left.unit, right)
        self._set(left=left, right=right)

    def _own_event(self) -> bool:
        return True


@dataclass(frozen=True, eq=False, repr=False)
class Logic(Condition):
    """All of several conditions, any of them, or not the one."""

    kind: ClassVar[str] = "logic"
    op: LogicOp
    inputs: tuple[Condition, ...]

    def _check(self) -> None:
        one_of("logic op", self.op, get_args(LogicOp))
        self._set(inputs=operands(self.op, tuple(self.inputs), Condition))

    def _own_event(self) -> bool:
        events = [one.is_event for one in self.inputs]
        return {"and": any(events), "or": all(events), "not": False}[self.op]


@dataclass(frozen=True, eq=False, repr=False)
class ShiftedCondition(Condition):
    """The condition as it was some bars of its timeline ago; false before the first."""

    kind: ClassVar[str] = "shifted_condition"
    condition: Condition
    bars: Scalar

    def _check(self) -> None:
        met("shift", [self.condition], Condition)
        self._set(bars=bars_back(self.bars))

    def _own_event(self) -> bool:
        return self.condition.is_event


@dataclass(frozen=True, eq=False, repr=False)
class Within(Condition):
    """True if the condition held `at_least` times in the last `bars` bars, this one included."""

    kind: ClassVar[str] = "within"
    relation: ClassVar[str] = "at_least up to bars"
    condition: Condition
    bars: Scalar
    at_least: Scalar = 1

    def _check(self) -> None:
        met("within", [self.condition], Condition)
        bars = _COUNT.checked("within bars", self.bars)
        at_least = _COUNT.checked("within at_least", self.at_least)
        self._set(bars=bars, at_least=at_least)

    def implied(self) -> tuple[Constraint, ...]:
        return (Constraint("<=", self.at_least, self.bars),)


@dataclass(frozen=True, eq=False, repr=False)
class Session(Condition):
    """True on bars of the chart whose open lies in the hours and days of a time zone.

    `start` belongs to the session, `end` does not; an end before the start reaches into the
    next day, and the whole session then belongs to the day on which it starts.
    """

    kind: ClassVar[str] = "session"
    tuned: ClassVar[tuple[str, ...]] = ("start", "end")
    timezone: str
    start: str = "00:00"
    end: str = "24:00"
    days: tuple[Day, ...] = DAYS

    def _check(self) -> None:
        check_zone("session timezone", self.timezone)
        check_hours(self.start, self.end)
        self._set(days=in_week_order(self.days))

    def _settle(self) -> None:
        super()._settle()
        self._set(timeline=CHART)


@dataclass(frozen=True, eq=False, repr=False)
class AlignedCondition(Condition):
    """A condition of another timeline as the chart sees it once its bar has closed (rule N1).

    With `hold` it stays until the next bar of its timeline has closed; without, it is true on
    the first bar of the chart that can see it, and on no other (rule N3).
    """

    kind: ClassVar[str] = "aligned_condition"
    condition: Condition
    hold: bool = True

    def _check(self) -> None:
        check_elsewhere(met("aligned", [self.condition], Condition)[0])
        if not isinstance(self.hold, bool):
            raise InvalidInput("aligned hold", self.hold, "true or false")

    def _settle(self) -> None:
        super()._settle()
        self._set(timeline=CHART)

    def _own_event(self) -> bool:
        return not self.hold
