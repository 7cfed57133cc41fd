"""Which indicators may stand for one another? Those of one family, with outputs of one unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from engines.errors import InvalidInput
from engines.indicators.registry import find
from strategies.graph.node import Node, walk, with_children
from strategies.graph.nodes import Field, IndicatorNode, Source
from strategies.graph.scalars import Param
from strategies.graph.types import CHART

# Averages of a series; oscillators from 0 to 100; those from -100 to 100; bands; widths of prices.
FAMILIES: Final = (
    ("sma", "ema", "rma", "wma", "hma", "dema", "tema", "vwma", "alma", "linreg", "median"),
    ("rsi", "mfi", "stoch", "percent_rank", "relative_volatility"),
    ("cmo", "rci"),
    ("bollinger", "keltner", "donchian"),
    ("atr", "stdev", "range_of"),
)
# The column of the bars that an input is where the other indicator has none of that name.
_COLUMN_OF: Final[Mapping[str, Field]] = {
    "source": "close",
    "high": "high",
    "low": "low",
    "close": "close",
    "volume": "volume",
}


@dataclass(frozen=True)
class Swap:
    """Every output of one indicator of a graph, by the keys of its nodes, taken from another."""

    keys: frozenset[str]
    name: str
    told: str = field(compare=False)


def swaps_of(roots: Sequence[Node]) -> tuple[Swap, ...]:
    """The swaps that the nodes beneath the roots allow, in order of first use.

    Another indicator is taken for it if it has the same outputs in the same units, and every
    parameter of the strategy that the first one had.
    """
    groups: dict[tuple[object, ...], list[IndicatorNode]] = {}
    for node in walk(roots):
        if isinstance(node, IndicatorNode):
            own = (node.name, node.params, *(one.key for one in node.inputs))
            groups.setdefault(own, []).append(node)
    return tuple(swap for nodes in groups.values() for swap in _swaps(nodes))


def _swaps(nodes: list[IndicatorNode]) -> Iterator[Swap]:
    own = nodes[0].name
    keys = frozenset(node.key for node in nodes)
    for family in FAMILIES:
        for name in family if own in family else ():
            if name != own and all(_fits(node, name) for node in nodes):
                yield Swap(keys, name, f"{name} for {_label(nodes[0])}")


def _fits(node: IndicatorNode, name: str) -> bool:
    known = {one.name for one in find(name).params}
    if any(isinstance(value, Param) and one not in known for one, value in node.params):
        return False
    try:
        return swapped(node, name).unit == node.unit
    except InvalidInput:
        return False


def swapped(node: IndicatorNode, name: str) -> IndicatorNode:
    """The same output of another indicator, over the same bars. Raises InvalidInput."""
    found = find(name)
    given = dict(zip(node.definition.inputs, node.inputs, strict=True))
    over = node.timeline or CHART
    inputs = tuple(
        given[one] if one in given else Source(_COLUMN_OF[one], over.interval, over.market)
        for one in found.inputs
    )
    known = [one.name for one in found.params]
    params = tuple((one, value) for one, value in node.params if one in known)
    return IndicatorNode(name, found.version, inputs, params, node.output)


def with_swaps(roots: Sequence[Node], swaps: Sequence[Swap]) -> Mapping[Node, Node]:
    """What becomes of every node beneath the roots."""
    names = {key: swap.name for swap in swaps for key in swap.keys}
    new: dict[Node, Node] = {}
    for node in walk(roots):
        moved = with_children(node, new)
        if node.key in names and isinstance(moved, IndicatorNode):
            moved = swapped(moved, names[node.key])
        new[node] = moved
    return new


def _label(node: IndicatorNode) -> str:
    said = [value.name if isinstance(value, Param) else f"{value:g}" for _, value in node.params]
    return f"{node.name}({', '.join(said)})"
