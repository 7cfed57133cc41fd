"""What are the values of a graph's series? Each distinct column once, in one matrix a timeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.errors import MissingData
from engines.intervals import DAY_MS
from strategies.evaluation.combinations import Combinations, Rows, combinations
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.names import parameter_names
from strategies.graph.expressions import Series
from strategies.graph.node import Node, walk
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
from strategies.graph.scalars import Param, Scalar
from strategies.graph.types import CHART, Timeline

if TYPE_CHECKING:
    from strategies.evaluation.conditions import Bits

Indices = NDArray[np.int64]
# A condition that becomes a series is evaluated for these rows of parameters.
ConditionOf = Callable[[Node, Indices], "Bits"]


@dataclass(frozen=True, eq=False)
class Placed:
    """Where a series' columns lie: combination k is row `offset + k * stride` of the matrix."""

    timeline: Timeline
    combos: Combinations
    offset: int
    stride: int = 1

    def rows(self, row_ids: Indices) -> Indices:
        """Matrix rows of the columns that these parameter rows use."""
        return self.offset + self.combos.of_row[row_ids] * self.stride


class Columns:
    """The columns of all series beneath some nodes, for all parameter rows.

    `matrix(timeline)` is (n_columns, n_bars of the timeline) float64. Raises MissingData for what
    the dataset does not hold.
    """

    def __init__(self, dataset: Dataset, roots: Sequence[Node], rows: Rows, n_rows: int) -> None:
        self.dataset = dataset
        self.param_rows = rows
        self.n_rows = n_rows
        self.nodes = walk(roots)
        self.names = parameter_names(self.nodes)
        self._placed: dict[str, Placed] = {}
        self._blocks: dict[tuple[object, ...], Placed] = {}
        self._counts: dict[Timeline, int] = {CHART: 0}
        self._matrices: dict[Timeline, Floats] = {}
        self._todo: list[tuple[Series, Placed]] = []
        for node in self.nodes:
            if isinstance(node, Series) and not isinstance(node, Constant):
                self._placed[node.key] = self._place(node)

    def fill(self, condition_of: ConditionOf) -> None:
        """Compute every column. Call it once."""
        for timeline, count in self._counts.items():
            self._matrices[timeline] = np.empty((count, len(self.dataset.on(timeline))))
        for node, placed in self._todo:
            _FILLERS[type(node)](self, node, placed, condition_of)

    def matrix(self, timeline: Timeline = CHART) -> Floats:
        """All columns of a timeline."""
        return self._matrices[timeline]

    def count(self, timeline: Timeline = CHART) -> int:
        """How many columns a timeline has."""
        return self._counts[timeline]

    def n_bytes(self) -> int:
        """Memory of all matrices, known before they are filled."""
        return sum(
            8 * count * len(self.dataset.on(timeline)) for timeline, count in self._counts.items()
        )

    def placed(self, node: Series) -> Placed:
        """Where the columns of a series are."""
        return self._placed[node.key]

    def scalars(self, number: Scalar, row_ids: Indices) -> Floats:
        """A parameter's values in some rows, or the same number for each."""
        if isinstance(number, Param):
            return self.param_rows[number.name][row_ids]
        return np.full(len(row_ids), float(number))

    def _place(self, node: Series) -> Placed:
        if isinstance(node, AsUnit) and not isinstance(node.source, Constant):
            return self._placed[node.source.key]
        timeline = node.timeline or CHART
        if isinstance(node, IndicatorNode):
            return self._place_output(node, timeline)
        return self._new(node, timeline, 1)

    def _place_output(self, node: IndicatorNode, timeline: Timeline) -> Placed:
        outputs = node.definition.outputs
        block = (node.name, node.params, *(one.key for one in node.inputs))
        if block not in self._blocks:
            self._blocks[block] = self._new(node, timeline, len(outputs))
        first = self._blocks[block]
        offset = first.offset + node.definition.output_index(node.output)
        return Placed(timeline, first.combos, offset, len(outputs))

    def _new(self, node: Series, timeline: Timeline, outputs: int) -> Placed:
        combos = combinations(self.param_rows, self.names[node.key], self.n_rows)
        offset = self._counts.setdefault(timeline, 0)
        self._counts[timeline] = offset + len(combos) * outputs
        placed = Placed(timeline, combos, offset, outputs)
        self._todo.append((node, placed))
        return placed

    def values(self, node: Series, placed: Placed) -> Floats:
        """Columns of an input for each combination of the node that uses it.

        (n_combinations, n_bars), or (n_combinations, 1) for a constant.
        """
        if isinstance(node, Constant):
            return self.scalars(node.value, placed.combos.first)[:, None]
        rows = self.placed(node).rows(placed.combos.first)
        return self.matrix(placed.timeline)[rows]

    def out(self, placed: Placed) -> Floats:
        """The rows of a matrix that belong to a node, as a view."""
        count = len(placed.combos) * placed.stride
        return self.matrix(placed.timeline)[placed.offset : placed.offset + count]


def _source(columns: Columns, node: Source, placed: Placed, _: ConditionOf) -> None:
    columns.out(placed)[0] = _FIELDS[node.field](columns.dataset.on(placed.timeline))


def _indicator(columns: Columns, node: IndicatorNode, placed: Placed, _: ConditionOf) -> None:
    found = node.definition
    n_bars = len(columns.dataset.on(placed.timeline))
    out = columns.out(placed)
    first = placed.combos.first
    matrix = columns.matrix(placed.timeline)
    params = [columns.scalars(number, first) for _, number in node.params]
    whole = [param.kind == "int" for param in found.params]
    inputs = [_input_rows(columns, one, placed) for one in node.inputs]
    for k in range(len(first)):
        numbers = [int(v[k]) if w else float(v[k]) for v, w in zip(params, whole, strict=True)]
        series = [matrix[rows[k]] if values is None else values[k] for rows, values in inputs]
        block = out[k * placed.stride : (k + 1) * placed.stride]
        found.kernel(*series, *numbers, np.zeros(found.carry), block, 0, n_bars)


def _input_rows(columns: Columns, node: Series, placed: Placed) -> tuple[Indices, Floats | None]:
    """Matrix rows of an input, or whole columns of a constant one."""
    if isinstance(node, Constant):
        n_bars = len(columns.dataset.on(placed.timeline))
        values = np.repeat(columns.values(node, placed), n_bars, axis=1)
        return np.zeros(0, dtype=np.int64), values
    return columns.placed(node).rows(placed.combos.first), None


def _arithmetic(columns: Columns, node: Arithmetic, placed: Placed, _: ConditionOf) -> None:
    out = columns.out(placed)
    values = [columns.values(one, placed) for one in node.inputs]
    with np.errstate(all="ignore"):
        if len(values) == 1:
            out[:] = np.abs(values[0]) if node.op == "abs" else -values[0]
            return
        out[:] = values[0]
        for other in values[1:]:
            _OPERATIONS[node.op](out, other, out=out)


def _shifted(columns: Columns, node: Shifted, placed: Placed, _: ConditionOf) -> None:
    out = columns.out(placed)
    values = columns.values(node.source, placed)
    bars = columns.scalars(node.bars, placed.combos.first).astype(int)
    for k, back in enumerate(bars.tolist()):
        out[k, :back] = np.nan
        out[k, back:] = values[k, : max(values.shape[1] - back, 0)] if back else values[k]


def _aligned(columns: Columns, node: Aligned, placed: Placed, _: ConditionOf) -> None:
    source = columns.placed(node.source)
    rows = source.rows(placed.combos.first)
    place = columns.dataset.available(source.timeline)
    out = columns.out(placed)
    if columns.matrix(source.timeline).shape[1] == 0:
        out[:] = np.nan
        return
    np.take(columns.matrix(source.timeline)[rows], place, axis=1, out=out, mode="clip")
    out[:, place < 0] = np.nan
    if not node.hold:
        # Only the first bar of the chart that sees a bar of the other timeline (rule N3).
        out[:, np.diff(place, prepend=-1) == 0] = np.nan


def _flag(columns: Columns, node: Flag, placed: Placed, condition_of: ConditionOf) -> None:
    bits = condition_of(node.condition, placed.combos.first)
    columns.out(placed)[:] = bits.unpacked(columns.out(placed).shape[1])[bits.of_row]


def _bars_since(
    columns: Columns, node: BarsSince, placed: Placed, condition_of: ConditionOf
) -> None:
    from engines import bitmaps

    bits = condition_of(node.condition, placed.combos.first)
    out = columns.out(placed)
    bitmaps.bars_since(np.ascontiguousarray(bits.words[bits.of_row]), out.shape[1], out)


def _constant_unit(columns: Columns, node: AsUnit, placed: Placed, _: ConditionOf) -> None:
    columns.out(placed)[:] = columns.values(node.source, placed)


def _external(columns: Columns, node: ExternalColumn, placed: Placed, _: ConditionOf) -> None:
    del columns, placed
    raise MissingData(f"The external column {node.name!r} ({node.origin}) has no values yet")


def _new_session(bars: Bars) -> Floats:
    days = bars.open_ms // DAY_MS
    return np.diff(days, prepend=days[:1] - 1).astype(bool).astype(float)


_FILLERS: Final[dict[type[Series], Callable[..., None]]] = {
    Source: _source,
    IndicatorNode: _indicator,
    Arithmetic: _arithmetic,
    Shifted: _shifted,
    Aligned: _aligned,
    Flag: _flag,
    BarsSince: _bars_since,
    AsUnit: _constant_unit,
    ExternalColumn: _external,
}
# NaN where an input is NaN, also for min and max.
_OPERATIONS: Final[dict[str, np.ufunc]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "min": np.minimum,
    "max": np.maximum,
}
_FIELDS: Final[dict[str, Callable[[Bars], Floats]]] = {
    "open": lambda bars: bars.open,
    "high": lambda bars: bars.high,
    "low": lambda bars: bars.low,
    "close": lambda bars: bars.close,
    "volume": lambda bars: bars.volume,
    "turnover": lambda bars: bars.turnover,
    "hl2": lambda bars: (bars.high + bars.low) / 2.0,
    "hlc3": lambda bars: (bars.high + bars.low + bars.close) / 3.0,
    "ohlc4": lambda bars: (bars.open + bars.high + bars.low + bars.close) / 4.0,
    "new_session": _new_session,
}
