"""Which parts of a rule have a name and no operator?"""

from __future__ import annotations

from strategies.graph.conditions import Logic
from strategies.graph.expressions import Condition, Operand, Series, series
from strategies.graph.nodes import Arithmetic, BarsSince, Constant
from strategies.graph.scalars import Scalar


def constant(value: Scalar) -> Series:
    """A number or parameter as a series, where no operator makes it one."""
    return Constant(value)


def minimum(*values: Operand) -> Series:
    """The smallest of several series at each bar; NaN where one is not known."""
    return Arithmetic("min", tuple(series(value) for value in values))


def maximum(*values: Operand) -> Series:
    """The largest of several series at each bar; NaN where one is not known."""
    return Arithmetic("max", tuple(series(value) for value in values))


def bars_since(condition: Condition) -> Series:
    """Bars since the condition last held: 0 where it holds, NaN before it ever did."""
    return BarsSince(condition)


def all_of(*conditions: Condition) -> Condition:
    """True where every one of the conditions holds."""
    return Logic("and", conditions)


def any_of(*conditions: Condition) -> Condition:
    """True where at least one of the conditions holds."""
    return Logic("or", conditions)
