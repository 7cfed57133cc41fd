"""When do a graph's conditions hold? Each distinct one once, as bitmaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines import bitmaps
from engines.decisions import Bitmaps, n_words, pack_bits, unpack_bits
from strategies.evaluation.columns import Columns, Indices
from strategies.evaluation.combinations import Combinations, combinations
from strategies.evaluation.session_bars import inside_session
from strategies.graph.conditions import (
    AlignedCondition,
    Compare,
    Cross,
    Logic,
    Session,
    ShiftedCondition,
    Within,
)
from strategies.graph.expressions import Series
from strategies.graph.node import Node
from strategies.graph.nodes import Constant
from strategies.graph.types import CHART, Timeline


@dataclass(frozen=True, eq=False)
class Bits:
    """A condition for some parameter rows: row r uses `words[of_row[r]]`."""

    words: Bitmaps
    of_row: Indices

    def unpacked(self, n_bars: int) -> NDArray[np.bool_]:
        """One bool a bar, (n_distinct, n_bars)."""
        return np.array([unpack_bits(one, n_bars) for one in self.words]).reshape(-1, n_bars)


class Relation(NamedTuple):
    """Where one series is above, below and equal to another."""

    above: Bitmaps
    below: Bitmaps
    equal: Bitmaps


class Conditions:
    """The conditions of a graph for the parameter rows `row_ids`, over filled columns."""

    def __init__(self, columns: Columns, row_ids: Indices, tolerance: float) -> None:
        self.columns = columns
        self.row_ids = row_ids
        self._rows = {name: values[row_ids] for name, values in columns.param_rows.items()}
        self._tolerance = tolerance
        self._known: dict[str, Bits] = {}
        self._relations: dict[tuple[str, str], tuple[Relation, Combinations]] = {}

    def of(self, node: Node) -> Bits:
        """The condition's bits; every node beneath is evaluated once."""
        if node.key not in self._known:
            self._known[node.key] = _EVALUATORS[type(node)](self, node)
        return self._known[node.key]

    def combos(self, *nodes: Node) -> Combinations:
        """Distinct combinations of the parameters beneath the nodes."""
        names = dict.fromkeys(name for node in nodes for name in self.columns.names[node.key])
        return combinations(self._rows, tuple(names), len(self.row_ids))

    def n_bars(self, node: Node) -> int:
        """Bars of the timeline that a condition lives on."""
        return len(self.columns.dataset.on(_timeline(node)))

    def relation(self, left: Series, right: Series) -> tuple[Relation, Combinations]:
        """How two series relate, computed once for both directions."""
        if (right.key, left.key) in self._relations:
            found, combos = self._relations[right.key, left.key]
            return Relation(found.below, found.above, found.equal), combos
        if (left.key, right.key) not in self._relations:
            self._relations[left.key, right.key] = self._relate(left, right)
        return self._relations[left.key, right.key]

    def _relate(self, left: Series, right: Series) -> tuple[Relation, Combinations]:
        if isinstance(left, Constant) and not isinstance(right, Constant):
            found, combos = self.relation(right, left)
            return Relation(found.below, found.above, found.equal), combos
        combos = self.combos(left, right)
        row_ids = self.row_ids[combos.first]
        timeline = left.timeline or right.timeline or CHART
        n_bars = len(self.columns.dataset.on(timeline))
        shape = (len(combos), n_words(n_bars))
        found = Relation(*(np.empty(shape, dtype=np.uint64) for _ in range(3)))
        if isinstance(left, Constant) and isinstance(right, Constant):
            self._relate_constants(left, right, row_ids, n_bars, found)
            return found, combos
        matrix = self.columns.matrix(timeline)
        rows = self.columns.placed(left).rows(row_ids)
        if isinstance(right, Constant):
            levels = self.columns.scalars(right.value, row_ids)
            bitmaps.relate_to_level(matrix, rows, levels, self._tolerance, *found)
        else:
            others = self.columns.placed(right).rows(row_ids)
            bitmaps.relate(matrix, rows, others, self._tolerance, *found)
        return found, combos

    def _relate_constants(
        self, left: Constant, right: Constant, row_ids: Indices, n_bars: int, found: Relation
    ) -> None:
        values = self.columns.scalars(left.value, row_ids)
        columns = np.repeat(values[:, None], n_bars, axis=1)
        levels = self.columns.scalars(right.value, row_ids)
        rows = np.arange(len(row_ids))
        bitmaps.relate_to_level(columns, rows, levels, self._tolerance, *found)


def condition_of(columns: Columns, tolerance: float) -> Callable[[Node, Indices], Bits]:
    """How columns evaluate the conditions that some of them are made of."""
    return lambda node, row_ids: Conditions(columns, row_ids, tolerance).of(node)


def _timeline(node: Node) -> Timeline:
    return getattr(node, "timeline", None) or CHART


def _compare(conditions: Conditions, node: Compare) -> Bits:
    relation, combos = conditions.relation(node.left, node.right)
    names = _COMPARED[node.op]
    words = getattr(relation, names[0])
    for name in names[1:]:
        words = words | getattr(relation, name)
    return Bits(words, combos.of_row)


def _cross(conditions: Conditions, node: Cross) -> Bits:
    relation, combos = conditions.relation(node.left, node.right)
    above, below, equal = relation
    up = np.empty_like(above)
    down = np.empty_like(above)
    if node.direction != "below":
        bitmaps.cross(above, below, equal, up)
    if node.direction != "above":
        bitmaps.cross(below, above, equal, down)
    words = {"above": up, "below": down}.get(node.direction)
    return Bits(up | down if words is None else words, combos.of_row)


def _logic(conditions: Conditions, node: Logic) -> Bits:
    combos = conditions.combos(node)
    parts = [conditions.of(one) for one in node.inputs]
    picked = [part.words[part.of_row[combos.first]] for part in parts]
    if node.op == "not":
        whole = pack_bits(np.ones(conditions.n_bars(node), dtype=bool))
        return Bits(~picked[0] & whole, combos.of_row)
    joined = picked[0]
    for other in picked[1:]:
        joined = joined & other if node.op == "and" else joined | other
    return Bits(joined, combos.of_row)


def _shifted(conditions: Conditions, node: ShiftedCondition) -> Bits:
    words, combos = _inner(conditions, node, node.condition)
    bars = conditions.columns.scalars(node.bars, conditions.row_ids[combos.first])
    out = np.empty_like(words)
    bitmaps.shift(words, bars.astype(np.int64), conditions.n_bars(node), out)
    return Bits(out, combos.of_row)


def _within(conditions: Conditions, node: Within) -> Bits:
    words, combos = _inner(conditions, node, node.condition)
    row_ids = conditions.row_ids[combos.first]
    bars = conditions.columns.scalars(node.bars, row_ids).astype(np.int64)
    at_least = conditions.columns.scalars(node.at_least, row_ids).astype(np.int64)
    out = np.empty_like(words)
    bitmaps.held_within(words, bars, at_least, conditions.n_bars(node), out)
    return Bits(out, combos.of_row)


def _inner(conditions: Conditions, node: Node, condition: Node) -> tuple[Bitmaps, Combinations]:
    combos = conditions.combos(node)
    inner = conditions.of(condition)
    return np.ascontiguousarray(inner.words[inner.of_row[combos.first]]), combos


def _session(conditions: Conditions, node: Session) -> Bits:
    inside = inside_session(conditions.columns.dataset.bars.open_ms, node)
    return Bits(pack_bits(inside)[None, :], np.zeros(len(conditions.row_ids), dtype=np.int64))


def _aligned(conditions: Conditions, node: AlignedCondition) -> Bits:
    inner = conditions.of(node.condition)
    timeline = _timeline(node.condition)
    held = inner.unpacked(len(conditions.columns.dataset.on(timeline)))
    place = conditions.columns.dataset.available(timeline)
    seen = np.zeros((len(held), len(place)), dtype=bool)
    known = place >= 0
    if not node.hold:
        # Only the first bar of the chart that sees a bar of the other timeline (rule N3).
        known = known & (np.diff(place, prepend=-1) > 0)
    seen[:, known] = held[:, place[known]]
    return Bits(np.array([pack_bits(one) for one in seen]).reshape(len(held), -1), inner.of_row)


_COMPARED: Final = {
    ">": ("above",),
    "<": ("below",),
    "==": ("equal",),
    ">=": ("above", "equal"),
    "<=": ("below", "equal"),
    "!=": ("above", "below"),
}
_EVALUATORS: Final[dict[type[Node], Callable[..., Bits]]] = {
    Compare: _compare,
    Cross: _cross,
    Logic: _logic,
    ShiftedCondition: _shifted,
    Within: _within,
    Session: _session,
    AlignedCondition: _aligned,
}
