"""Which series are there? The nodes that have a number at each bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import ClassVar, Final, Literal, TypeVar, cast, get_args

from engines.errors import InvalidInput
from engines.indicators.definition import LONGEST, Indicator, unknown
from engines.indicators.registry import find
from engines.intervals import Interval, parse_interval
from strategies.graph.expressions import Condition, Series, met, series
from strategies.graph.node import Node
from strategies.graph.numbers import finite_number
from strategies.graph.scalars import Param, Range, Scalar
from strategies.graph.types import (
    CHART,
    UNITS,
    MarketRef,
    Timeline,
    Unit,
    market_ref,
    product_unit,
    quotient_unit,
    same_unit,
)

Field = Literal[
    "open", "high", "low", "close", "volume", "turnover", "hl2", "hlc3", "ohlc4", "new_session"
]
ArithmeticOp = Literal["+", "-", "*", "/", "min", "max", "abs", "neg"]
Origin = Literal["model", "book", "news"]

FIELDS: Final[tuple[Field, ...]] = get_args(Field)
_UNIT_OF: Final[dict[str, Unit]] = {"volume": "volume", "turnover": "money", "new_session": "flag"}
# How many inputs an operation takes, at least and at most.
_INPUTS: Final = {
    **dict.fromkeys(("+", "-", "*", "/"), (2, 2)),
    **dict.fromkeys(("min", "max", "and", "or"), (2, 64)),
    **dict.fromkeys(("abs", "neg", "not"), (1, 1)),
}
# No further back than the longest indicator looks.
_BACK: Final = Range(0, LONGEST, whole=True)
S = TypeVar("S", Series, Condition)


@dataclass(frozen=True, eq=False, repr=False)
class Source(Series):
    """A column of the bars; `new_session` is 1 on the first bar of each UTC day, else 0.

    `interval` and `market` of None are the chart's own.
    """

    kind: ClassVar[str] = "source"
    field: Field
    interval: Interval | None = None
    market: MarketRef | None = None

    def _check(self) -> None:
        one_of("source field", self.field, FIELDS)
        if self.interval is not None:
            self._set(interval=parse_interval(self.interval))
        if self.market is not None:
            self._set(market=market_ref(*self.market))
            if self.market.kind != "last" and self.field in ("volume", "turnover"):
                expected = f"a price: {self.market.kind} bars carry no volume"
                raise InvalidInput("source field", self.field, expected)

    def _settle(self) -> None:
        super()._settle()
        self._set(timeline=Timeline(self.market, self.interval))

    def _own_unit(self) -> Unit:
        if self.market is not None and self.market.kind == "premium":
            return "ratio"
        return _UNIT_OF.get(self.field, "price")

    def moved_to(self, interval: Interval) -> Source:
        return self if self.interval else replace(self, interval=interval)


@dataclass(frozen=True, eq=False, repr=False)
class Constant(Series):
    """The same number at every bar; it has no unit and goes with every timeline."""

    kind: ClassVar[str] = "constant"
    value: Scalar

    def _check(self) -> None:
        if not isinstance(self.value, Param):
            self._set(value=finite_number("constant", self.value))

    def _own_unit(self) -> Unit:
        return "none"


@dataclass(frozen=True, eq=False, repr=False)
class IndicatorNode(Series):
    """One output of an indicator; `version` is that of its formula in the registry."""

    kind: ClassVar[str] = "indicator"
    name: str
    version: int = dataclass_field()
    inputs: tuple[Series, ...]
    params: tuple[tuple[str, Scalar], ...] = ()
    output: str = ""

    @property
    def definition(self) -> Indicator:
        """The registry's entry."""
        return find(self.name)

    def _check(self) -> None:
        found = find(self.name)
        if self.version != found.version:
            field = f"{self.name} version"
            raise InvalidInput(field, self.version, f"{found.version}, the one that is known")
        if len(self.inputs) != len(found.inputs):
            expected = f"{len(found.inputs)}: {', '.join(found.inputs)}"
            raise InvalidInput(f"{self.name} inputs", len(self.inputs), expected)
        inputs = tuple(series(one) for one in self.inputs)
        output = self.output or found.outputs[0]
        found.output_index(output)
        self._set(inputs=met(f"{self.name} input", inputs, Series), output=output)
        self._set(params=_indicator_params(found, dict(self.params)))

    def _own_unit(self) -> Unit:
        found = self.definition
        unit = found.units[found.output_index(self.output)]
        named = found.inputs.index("source") if "source" in found.inputs else 0
        return self.inputs[named].unit if unit == "source" else unit


@dataclass(frozen=True, eq=False, repr=False)
class Arithmetic(Series):
    """A sum, difference, product or quotient of two, min or max of several, abs, neg."""

    kind: ClassVar[str] = "arithmetic"
    op: ArithmeticOp
    inputs: tuple[Series, ...]

    def _check(self) -> None:
        one_of("arithmetic op", self.op, get_args(ArithmeticOp))
        self._set(inputs=operands(self.op, tuple(series(one) for one in self.inputs), Series))

    def _own_unit(self) -> Unit:
        unit = self.inputs[0].unit
        for other in self.inputs[1:]:
            if self.op == "*":
                unit = product_unit(unit, other.unit)
            elif self.op == "/":
                unit = quotient_unit(unit, other.unit)
            else:
                unit = common_unit(self.op, self.inputs[0], unit, other)
        return unit


@dataclass(frozen=True, eq=False, repr=False)
class Shifted(Series):
    """The value of `source` some bars of its timeline ago."""

    kind: ClassVar[str] = "shifted"
    source: Series
    bars: Scalar

    def _check(self) -> None:
        self._set(source=met("shift", [self.source], Series)[0], bars=bars_back(self.bars))


@dataclass(frozen=True, eq=False, repr=False)
class BarsSince(Series):
    """Bars since the condition last held: 0 where it holds, NaN before it ever did."""

    kind: ClassVar[str] = "bars_since"
    condition: Condition

    def _check(self) -> None:
        met("bars_since", [self.condition], Condition)

    def _own_unit(self) -> Unit:
        return "count"


@dataclass(frozen=True, eq=False, repr=False)
class Flag(Series):
    """1 where the condition holds, else 0."""

    kind: ClassVar[str] = "flag"
    condition: Condition

    def _check(self) -> None:
        met("as_series", [self.condition], Condition)

    def _own_unit(self) -> Unit:
        return "flag"


@dataclass(frozen=True, eq=False, repr=False)
class AsUnit(Series):
    """The numbers of `source` taken as another unit."""

    kind: ClassVar[str] = "as_unit"
    source: Series
    unit: Unit

    def _check(self) -> None:
        met("as_unit", [self.source], Series)
        one_of("unit", self.unit, UNITS)

    def _own_unit(self) -> Unit:
        return self.unit


@dataclass(frozen=True, eq=False, repr=False)
class Aligned(Series):
    """A series of another timeline as the chart sees it: its last closed bar (rule N1).

    Without `hold` it has a value on the first bar of the chart that can see it alone, NaN on all
    others: Pine's `barmerge.gaps_on` (rule N3).
    """

    kind: ClassVar[str] = "aligned"
    source: Series
    hold: bool = True

    def _check(self) -> None:
        check_elsewhere(met("aligned", [self.source], Series)[0])
        if not isinstance(self.hold, bool):
            raise InvalidInput("aligned hold", self.hold, "true or false")

    def _settle(self) -> None:
        super()._settle()
        self._set(timeline=CHART)


@dataclass(frozen=True, eq=False, repr=False)
class ExternalColumn(Series):
    """A column made elsewhere, each value with the time from which it is available.

    `origin` tells who makes it. Strategies can carry it; evaluating it is refused.
    """

    kind: ClassVar[str] = "external"
    name: str
    origin: Origin
    unit: Unit = "none"

    def _check(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InvalidInput("external column name", self.name, "a name")
        one_of("external column origin", self.origin, get_args(Origin))
        one_of("unit", self.unit, UNITS)

    def _settle(self) -> None:
        super()._settle()
        self._set(timeline=CHART)

    def _own_unit(self) -> Unit:
        return self.unit


def one_of(field: str, value: object, known: Sequence[str]) -> None:
    """Raise InvalidInput unless `value` is one of the known words."""
    if value not in known:
        raise InvalidInput(field, value, f"one of {', '.join(known)}")


def operands(op: str, inputs: tuple[S, ...], kind: type[S]) -> tuple[S, ...]:
    """The inputs of an operation on one timeline. Raises InvalidInput for too few or too many."""
    least, most = _INPUTS[op]
    if not least <= len(inputs) <= most:
        expected = f"{least}" if least == most else f"{least} to {most}"
        raise InvalidInput(f"inputs of {op}", len(inputs), expected)
    return met(f"input of {op}", inputs, kind)


def common_unit(op: str, first: Series, unit: Unit, other: Series) -> Unit:
    """Unit that `first`, taken in `unit`, and `other` share. Raises InvalidInput if none."""
    common = same_unit(unit, other.unit)
    if common is None:
        value = f"{label(first)} ({unit}) with {label(other)} ({other.unit})"
        expected = "two series of one unit (.as_unit('none') takes a unit away)"
        raise InvalidInput(f"units of {op}", value, expected)
    return common


def bars_back(bars: object) -> Scalar:
    """A number of bars to look back. Raises InvalidInput for a look ahead."""
    ahead = bars.low < 0 if isinstance(bars, Param) else isinstance(bars, int) and bars < 0
    if ahead:
        expected = "0 or more bars back: the future cannot be read"
        raise InvalidInput("shift bars", bars, expected)
    return _BACK.checked("shift bars", bars)


def check_elsewhere(expression: Series | Condition) -> None:
    """Raise InvalidInput unless the expression lives on another timeline than the chart's."""
    if expression.timeline in (None, CHART):
        expected = "of another interval or market: the chart's own values need no alignment"
        raise InvalidInput("aligned", label(expression), expected)


def _indicator_params(
    found: Indicator, given: Mapping[str, object]
) -> tuple[tuple[str, Scalar], ...]:
    known = [one.name for one in found.params]
    for name in given:
        if name not in known:
            raise unknown(f"{found.name} parameter", name, known)
    return tuple(
        (
            one.name,
            Range(one.low, one.high, whole=one.kind == "int").checked(
                f"{found.name}.{one.name}", given.get(one.name, one.default)
            ),
        )
        for one in found.params
    )


def indicator(
    name: str,
    inputs: Mapping[str, Series],
    params: Mapping[str, Scalar],
    output: str = "",
) -> IndicatorNode:
    """A node of the registry's `name`; columns of the bars and defaults fill what is left out.

    Raises InvalidInput for an unknown name or an input that only the caller can choose.
    """
    found = find(name)
    for given in inputs:
        if given not in found.inputs:
            raise unknown(f"{name} input", given, found.inputs)
    for needed in found.inputs:
        if needed not in inputs and needed not in FIELDS:
            raise InvalidInput(f"{name} inputs", sorted(inputs), f"a set with {needed!r}")
    columns = tuple(
        inputs[one] if one in inputs else Source(cast(Field, one)) for one in found.inputs
    )
    return IndicatorNode(name, found.version, columns, tuple(params.items()), output)


def label(node: Node) -> str:
    """A few words for messages: what a reader would call the node."""
    if isinstance(node, Source):
        return f"{node.field} of {Timeline(node.market, node.interval)}"
    if isinstance(node, IndicatorNode):
        return node.name if len(node.definition.outputs) == 1 else f"{node.name}.{node.output}"
    if isinstance(node, Constant):
        return node.value.name if isinstance(node.value, Param) else f"{node.value:g}"
    return node.kind
