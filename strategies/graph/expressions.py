"""What can be done with a series or a condition? The operators of the language.

Every expression knows its timeline, the bars on which it lives, and every series its unit. Values
of another timeline reach the chart through aligned nodes alone: the last bar that has closed,
never one that is still open (rule N1). Nodes insert them where timelines meet.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import NoReturn, TypeVar, cast

from engines.errors import InvalidInput
from engines.intervals import Interval, parse_interval
from strategies.graph.node import KINDS, Node, rebuilt
from strategies.graph.numbers import is_number
from strategies.graph.scalars import Param, Scalar
from strategies.graph.types import CHART, Timeline, Unit

E = TypeVar("E", bound="Expression")


class Expression(Node):
    """A value at each bar of `timeline`; None goes with every bar (constants)."""

    timeline: Timeline | None

    def _settle(self) -> None:
        self._set(timeline=meeting([one for one in self.children if isinstance(one, Expression)]))

    def moved_to(self, interval: Interval) -> Node:
        """The node without its children over bars of `interval`, if it is free to go there."""
        del interval
        return self

    def on(self: E, interval: str) -> E:
        """The same expression over bars of another interval: every source without one gets it.

        The chart sees each value when its bar has closed. Raises InvalidInput when no source
        beneath is left to move.
        """
        code = parse_interval(interval)
        moved = rebuilt([self], lambda node: cast(Expression, node).moved_to(code))[self]
        if moved == self:
            expected = "asked of an expression with a source that has no interval yet"
            raise InvalidInput("on", interval, expected)
        return cast(E, moved)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} has a value at each bar, not one truth value: combine "
            "conditions with &, | and ~ (each side in parentheses) in place of and, or, not, "
            "if and a < b < c"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be looped over: [n] is its value n bars ago")


class Series(Expression):
    """A number at each bar, NaN while it is not known."""

    unit: Unit

    def _settle(self) -> None:
        super()._settle()
        self._set(unit=self._own_unit())

    def _own_unit(self) -> Unit:
        return cast(Series, self.children[0]).unit

    def on_chart(self, hold: bool = True) -> Series:
        """The series as the chart sees it: the value of the last closed bar (rule N1).

        Without `hold` it is known on the bar of the chart that completes that bar alone (rule N3).
        """
        return self if self.timeline in (None, CHART) else _series("aligned", self, hold)

    def shift(self, bars: Scalar) -> Series:
        """The value `bars` bars ago. Raises InvalidInput for a look ahead."""
        return _series("shifted", self, bars)

    def __getitem__(self, bars: Scalar) -> Series:
        return self.shift(bars)

    def as_unit(self, unit: Unit) -> Series:
        """The same numbers taken as another unit: `none` can be compared with anything."""
        return _series("as_unit", self, unit)

    def crosses_above(self, other: Operand) -> Condition:
        """True on the bar on which this series rises above `other` (rule M12)."""
        return _condition("cross", "above", self, series(other))

    def crosses_below(self, other: Operand) -> Condition:
        """True on the bar on which this series falls below `other` (rule M12)."""
        return _condition("cross", "below", self, series(other))

    def crosses(self, other: Operand) -> Condition:
        """True on the bar on which this series crosses `other` in either direction."""
        return _condition("cross", "either", self, series(other))

    def equals(self, other: Operand) -> Condition:
        """True where the two are equal; `==` compares the graphs, not their values."""
        return _condition("compare", "==", self, series(other))

    def differs(self, other: Operand) -> Condition:
        """True where both are known and differ."""
        return _condition("compare", "!=", self, series(other))

    def __gt__(self, other: Operand) -> Condition:
        return _condition("compare", ">", self, series(other))

    def __ge__(self, other: Operand) -> Condition:
        return _condition("compare", ">=", self, series(other))

    def __lt__(self, other: Operand) -> Condition:
        return _condition("compare", "<", self, series(other))

    def __le__(self, other: Operand) -> Condition:
        return _condition("compare", "<=", self, series(other))

    def __add__(self, other: Operand) -> Series:
        return _series("arithmetic", "+", (self, series(other)))

    def __radd__(self, other: Scalar) -> Series:
        return _series("arithmetic", "+", (series(other), self))

    def __sub__(self, other: Operand) -> Series:
        return _series("arithmetic", "-", (self, series(other)))

    def __rsub__(self, other: Scalar) -> Series:
        return _series("arithmetic", "-", (series(other), self))

    def __mul__(self, other: Operand) -> Series:
        return _series("arithmetic", "*", (self, series(other)))

    def __rmul__(self, other: Scalar) -> Series:
        return _series("arithmetic", "*", (series(other), self))

    def __truediv__(self, other: Operand) -> Series:
        return _series("arithmetic", "/", (self, series(other)))

    def __rtruediv__(self, other: Scalar) -> Series:
        return _series("arithmetic", "/", (series(other), self))

    def __neg__(self) -> Series:
        return _series("arithmetic", "neg", (self,))

    def __abs__(self) -> Series:
        return _series("arithmetic", "abs", (self,))


Operand = Series | Param | int | float


class Condition(Expression):
    """True or false at each bar. `is_event` tells a moment, such as a crossing, from a state."""

    is_event: bool

    def _settle(self) -> None:
        super()._settle()
        self._set(is_event=self._own_event())

    def _own_event(self) -> bool:
        return False

    def on_chart(self, hold: bool | None = None) -> Condition:
        """The condition as the chart sees it once its bar has closed.

        A state holds until the next bar of its timeline has closed. An event is true on one bar
        of the chart only, the first that can see it. `hold` overrides this.
        """
        if self.timeline in (None, CHART):
            return self
        return _condition("aligned_condition", self, not self.is_event if hold is None else hold)

    def shift(self, bars: Scalar) -> Condition:
        """The condition as it was `bars` bars ago. Raises InvalidInput for a look ahead."""
        return _condition("shifted_condition", self, bars)

    def __getitem__(self, bars: Scalar) -> Condition:
        return self.shift(bars)

    def within(self, bars: Scalar, at_least: Scalar = 1) -> Condition:
        """True if it held `at_least` times in the last `bars` bars, this one included."""
        return _condition("within", self, bars, at_least)

    def as_series(self) -> Series:
        """1 where the condition holds, else 0."""
        return _series("flag", self)

    def __and__(self, other: Condition) -> Condition:
        return _condition("logic", "and", (self, other))

    def __or__(self, other: Condition) -> Condition:
        return _condition("logic", "or", (self, other))

    def __invert__(self) -> Condition:
        return _condition("logic", "not", (self,))


def series(value: object) -> Series:
    """A number or parameter as a constant series, a series as it is. Raises TypeError."""
    if isinstance(value, Series):
        return value
    if isinstance(value, Param) or is_number(value):
        return _series("constant", value)
    hint = " (a condition becomes one with .as_series())" if isinstance(value, Condition) else ""
    given = repr(value)
    if value is builtins.open:
        hint = " (this is Python's own open: from strategies.graph import open)"
    outputs = getattr(value, "outputs", None)
    if isinstance(outputs, tuple):
        given = type(value).__name__
        hint = f" (choose one of its outputs: {', '.join('.' + name for name in outputs)})"
    raise TypeError(f"{given} was given where a series, a number or a param is needed{hint}")


def meeting(expressions: Sequence[Expression]) -> Timeline | None:
    """The timeline on which expressions meet: their own if they share one, else the chart's."""
    timelines = {one.timeline for one in expressions} - {None}
    if len(timelines) > 1:
        return CHART
    return timelines.pop() if timelines else None


def met(field: str, expressions: Sequence[E], kind: type[E]) -> tuple[E, ...]:
    """The expressions on one timeline. Raises InvalidInput for one that is not a `kind`."""
    for one in expressions:
        if not isinstance(one, kind):
            raise InvalidInput(field, one, _WANTED[kind])
    together = meeting(expressions)
    return tuple(
        one if one.timeline in (None, together) else cast(E, cast(Series, one).on_chart())
        for one in expressions
    )


_WANTED: dict[type[Expression], str] = {
    Series: "a series, such as close or sma(close, 20)",
    Condition: "a condition, such as close > sma(close, 20)",
}


def _series(kind: str, *fields: object) -> Series:
    return cast(Series, KINDS[kind](*fields))


def _condition(kind: str, *fields: object) -> Condition:
    return cast(Condition, KINDS[kind](*fields))
