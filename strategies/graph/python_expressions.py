"""What does a node look like in Python? Expressions in the builder's vocabulary."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, NamedTuple, cast

from engines.indicators.registry import INDICATORS
from engines.intervals import Interval
from strategies.graph.conditions import (
    AlignedCondition,
    Compare,
    Cross,
    Logic,
    Session,
    ShiftedCondition,
    Within,
)
from strategies.graph.expressions import Condition, Expression, Series, met
from strategies.graph.indicators import (
    averages,
    momentum,
    oscillators,
    structure,
    trend,
    volatility,
    volume,
)
from strategies.graph.node import Node
from strategies.graph.nodes import (
    Aligned,
    Arithmetic,
    AsUnit,
    BarsSince,
    Constant,
    ExternalColumn,
    Flag,
    IndicatorNode,
    Shifted,
    Source,
)
from strategies.graph.numbers import plain
from strategies.graph.scalars import Param, Scalar
from strategies.graph.sessions import DAYS
from strategies.graph.types import MarketRef

_FAMILIES: Final = (averages, momentum, oscillators, structure, trend, volatility, volume)
# How tightly an expression holds together, as in Python's grammar.
_COMPARED, _OR, _AND, _SUM, _PRODUCT, _SIGNED, _ATOM = range(7)
_INFIX: Final = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT}
_JOINED: Final = {"and": ("&", _AND, "all_of"), "or": ("|", _OR, "any_of")}
_EQUAL: Final = {"==": "equals", "!=": "differs"}
_CROSSES: Final = {"above": "crosses_above", "below": "crosses_below", "either": "crosses"}


class Code(NamedTuple):
    """An expression's text, and how tightly it holds together."""

    text: str
    binding: int = _ATOM

    def inside(self, binding: int) -> str:
        """The text, in parentheses where what is around it holds more tightly."""
        return self.text if self.binding >= binding else f"({self.text})"


def bare(node: Node) -> Node:
    """What stands in the code for a node that the vocabulary aligns by itself."""
    if isinstance(node, Aligned) and node.hold:
        return node.source
    if isinstance(node, AlignedCondition) and node.hold != node.condition.is_event:
        return node.condition
    return node


def operands(node: Node) -> tuple[Node, ...]:
    """The nodes that stand in the code of `node`: its children, but for what comes by itself."""
    if isinstance(node, IndicatorNode) and _moved_as_one(node):
        return ()
    plainly = tuple(bare(child) for child in node.children)
    if not isinstance(node, Expression):
        return plainly
    if not isinstance(node, (IndicatorNode, Arithmetic, Compare, Cross, Logic)):
        return node.children
    kind: Any = Condition if isinstance(node, Logic) else Series
    return plainly if met("operand", cast(Any, plainly), kind) == node.children else node.children


def shared_call(node: Node) -> IndicatorNode | None:
    """For one of several outputs that a call gives: the node of its first; else None."""
    if not isinstance(node, IndicatorNode) or _moved_as_one(node):
        return None
    function = indicator_functions().get(node.name)
    if function is None or len(node.definition.outputs) == 1:
        return None
    if "output" in inspect.signature(function).parameters:
        return None
    return replace(node, output=node.definition.outputs[0])


class ExpressionWriter:
    """Writes the code of nodes whose operands have been written."""

    def __init__(self, params: Mapping[str, str], markets: Mapping[MarketRef, str]) -> None:
        self._params = params
        self._markets = markets
        self.codes: dict[Node, Code] = {}
        self.calls: dict[IndicatorNode, str] = {}

    def write(self, node: Node) -> Code:
        """The code of `node`, whose operands are in `codes`."""
        return _WRITERS[type(node)](self, node)

    def number(self, number: Scalar) -> str:
        """A number, or the variable of a parameter."""
        return self._params[number.name] if isinstance(number, Param) else repr(plain(number))

    def operand(self, node: Node) -> Code:
        """The code of an operand on the side of an operator on which a plain number may stand."""
        if isinstance(node, Constant):
            text = self.number(node.value)
            return Code(text, _SIGNED if text.startswith("-") else _ATOM)
        return self.codes[node]

    def source(self, node: Source) -> Code:
        """A column of the bars."""
        if node.market is None:
            text: str = node.field
        else:
            text = f"{self._markets[node.market]}.{node.field}"
        return Code(text + _on(node.interval))

    def constant(self, node: Constant) -> Code:
        """A constant that no operator makes of a number."""
        return Code(f"constant({self.operand(node).text})")

    def indicator(self, node: IndicatorNode) -> Code:
        """A call of the indicator's function, or of `indicator` where it has none."""
        function = indicator_functions().get(node.name)
        moved = _moved_as_one(node)
        if moved:
            inputs = tuple(replace(one, interval=None) for one in cast(Any, node.inputs))
            return Code(self.indicator(replace(node, inputs=inputs)).text + _on(moved))
        if function is None:
            return self._unnamed(node)
        call = shared_call(node)
        if call is None:
            return Code(self.call(node))
        return Code(f"{self.calls.get(call) or self.call(call)}.{node.output}")

    def call(self, node: IndicatorNode) -> str:
        """The call of the indicator's function, without the choice of an output."""
        found = inspect.signature(indicator_functions()[node.name]).parameters
        given = (self._argument(node, name, one.default) for name, one in found.items())
        return f"{node.name}({', '.join(one for one in given if one)})"

    def _argument(self, node: IndicatorNode, name: str, default: object) -> str:
        if name == "output":
            return "" if node.output == default else f'output="{node.output}"'
        numbers = dict(node.params)
        if name in numbers:
            value = self.number(numbers[name])
            return value if len(numbers) == 1 else f"{name}={value}"
        given = dict(zip(node.definition.inputs, _standing(node), strict=True))[name]
        if given == default:
            return ""
        text = self._code(given).text
        return text if default is inspect.Parameter.empty else f"{name}={text}"

    def _unnamed(self, node: IndicatorNode) -> Code:
        ports = zip(node.definition.inputs, _standing(node), strict=True)
        inputs = ", ".join(f'"{port}": {self._code(one).text}' for port, one in ports)
        numbers = ", ".join(f'"{name}": {self.number(value)}' for name, value in node.params)
        return Code(f'indicator("{node.name}", {{{inputs}}}, {{{numbers}}}, "{node.output}")')

    def _code(self, node: Node) -> Code:
        return self.source(node) if isinstance(node, Source) else self.codes[node]

    def arithmetic(self, node: Arithmetic) -> Code:
        """A sum, difference, product or quotient, or a call."""
        inputs = operands(node)
        if node.op == "neg":
            return Code(f"-{self.codes[inputs[0]].inside(_ATOM)}", _SIGNED)
        if node.op == "abs":
            return Code(f"abs({self.codes[inputs[0]].text})")
        if node.op in ("min", "max"):
            called = {"min": "minimum", "max": "maximum"}[node.op]
            return Code(f"{called}({', '.join(self.operand(one).text for one in inputs)})")
        binding = _INFIX[node.op]
        left, right = inputs
        # Of two numbers Python itself would make the sum.
        number = isinstance(right, Constant)
        first = self.codes[left] if number else self.operand(left)
        second = self.operand(right)
        text = f"{first.inside(binding)} {node.op} {second.inside(binding + 1)}"
        return Code(text, binding)

    def compare(self, node: Compare) -> Code:
        """A comparison, or a method where Python's operator means something else."""
        left, right = operands(node)
        first, second = self.codes[left], self.operand(right)
        if node.op in _EQUAL:
            return Code(f"{first.inside(_ATOM)}.{_EQUAL[node.op]}({second.text})")
        text = f"{first.inside(_OR)} {node.op} {second.inside(_OR)}"
        return Code(text, _COMPARED)

    def cross(self, node: Cross) -> Code:
        """A crossing."""
        left, right = operands(node)
        first, second = self.codes[left], self.operand(right)
        return Code(f"{first.inside(_ATOM)}.{_CROSSES[node.direction]}({second.text})")

    def logic(self, node: Logic) -> Code:
        """Conditions joined by an operator, or by a function when there are more than two."""
        inputs = [self.codes[one] for one in operands(node)]
        if node.op == "not":
            return Code(f"~{inputs[0].inside(_SIGNED)}", _SIGNED)
        sign, binding, called = _JOINED[node.op]
        if len(inputs) > 2:
            return Code(f"{called}({', '.join(one.text for one in inputs)})")
        left, right = inputs
        return Code(f"{left.inside(binding)} {sign} {right.inside(binding + 1)}", binding)

    def shifted(self, node: Shifted | ShiftedCondition) -> Code:
        """A value some bars ago."""
        (child,) = node.children
        text = self.codes[child].inside(_ATOM)
        by_name = f".shift({self.number(node.bars)})"
        return Code(text + (by_name if isinstance(node.bars, Param) else f"[{node.bars}]"))

    def within(self, node: Within) -> Code:
        """A condition that held not long ago."""
        text = f"{self.codes[node.condition].inside(_ATOM)}.within({self.number(node.bars)}"
        return Code(text + ("" if node.at_least == 1 else f", {self.number(node.at_least)}") + ")")

    def session(self, node: Session) -> Code:
        """A trading session."""
        given = [node.timezone, node.start, node.end]
        text = ", ".join(quoted(one) for one in given)
        days = "" if node.days == DAYS else f", days={node.days!r}".replace("'", '"')
        return Code(f"Session({text}{days})")

    def external(self, node: ExternalColumn) -> Code:
        """A column made elsewhere."""
        text = f"{quoted(node.name)}, {quoted(node.origin)}, {quoted(node.unit)}"
        return Code(f"ExternalColumn({text})")

    def method(self, node: Node) -> Code:
        """A node that is a method of its only child."""
        text = self.codes[node.children[0]].inside(_ATOM)
        if isinstance(node, Flag):
            return Code(f"{text}.as_series()")
        if isinstance(node, AsUnit):
            return Code(f'{text}.as_unit("{node.unit}")')
        if isinstance(node, BarsSince):
            return Code(f"bars_since({self.codes[node.condition].text})")
        if isinstance(node, AlignedCondition) and node.hold == node.condition.is_event:
            return Code(f"{text}.on_chart(hold={node.hold})")
        if isinstance(node, Aligned) and not node.hold:
            return Code(f"{text}.on_chart(hold=False)")
        return Code(f"{text}.on_chart()")


def quoted(text: str) -> str:
    """A Python literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


@cache
def indicator_functions() -> Mapping[str, Callable[..., object]]:
    """The vocabulary's functions for indicators, by the registry's names."""
    return {
        name: function
        for family in _FAMILIES
        for name, function in vars(family).items()
        if name in INDICATORS
    }


def _standing(node: IndicatorNode) -> tuple[Node, ...]:
    return operands(node) or node.children


def _moved_as_one(node: IndicatorNode) -> Interval | None:
    # high.on("60"), low.on("60"), close.on("60") read better as one .on("60") at the end.
    sources = [one for one in node.inputs if isinstance(one, Source)]
    places = {(one.market, one.interval) for one in sources}
    if len(sources) < max(2, len(node.inputs)) or len(places) != 1:
        return None
    ((market, interval),) = places
    return interval if market is None else None


def _on(interval: str | None) -> str:
    return f'.on("{interval}")' if interval else ""


_WRITERS: Final[dict[type[Node], Callable[[ExpressionWriter, Any], Code]]] = {
    Source: ExpressionWriter.source,
    Constant: ExpressionWriter.constant,
    IndicatorNode: ExpressionWriter.indicator,
    Arithmetic: ExpressionWriter.arithmetic,
    Compare: ExpressionWriter.compare,
    Cross: ExpressionWriter.cross,
    Logic: ExpressionWriter.logic,
    Shifted: ExpressionWriter.shifted,
    ShiftedCondition: ExpressionWriter.shifted,
    Within: ExpressionWriter.within,
    Session: ExpressionWriter.session,
    ExternalColumn: ExpressionWriter.external,
    **dict.fromkeys((BarsSince, Flag, AsUnit, Aligned, AlignedCondition), ExpressionWriter.method),
}
