"""Where may a searcher step? The axes of a space as a unit cube, with what is open in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from tune.space import Axis, Mask, Rows, Space

if TYPE_CHECKING:
    from tune.search.searcher import Searcher

# Points drawn anew when all that were proposed are taken or forbidden.
_ROUNDS: Final = 4

BELOW_ONE: Final = float(np.nextafter(1.0, 0.0))

Bits = NDArray[np.bool_]


class Terrain:
    """The allowed rows of a space that nobody has tried yet.

    `pool` holds distinct allowed rows, as many as will be asked for: what a searcher cannot
    propose is taken from it, so that a batch is always full.
    """

    def __init__(self, space: Space, allowed: Mask, pool: Rows) -> None:
        self.axes = space.axes
        self._allowed = allowed
        self._seen: set[bytes] = set()
        self._pool = np.column_stack([pool[axis.name] for axis in space.axes])
        self._next = 0

    @property
    def n_axes(self) -> int:
        """Dimensions of the unit cube."""
        return len(self.axes)

    @property
    def n_rows(self) -> int:
        """Rows that will be asked for."""
        return len(self._pool)

    def listed(self) -> list[int | None]:
        """How many values each axis has; None for a range without steps."""
        return [_n_values(axis) for axis in self.axes]

    def values(self, points: Floats) -> Floats:
        """Parameter values (n, n_axes) of points."""
        columns = [axis.sample(points[:, k]) for k, axis in enumerate(self.axes)]
        return np.column_stack(columns)

    def points(self, values: Floats) -> Floats:
        """The middle of what stands for these values on each axis: inverse of `values`."""
        columns = [unit_of(axis, values[:, k]) for k, axis in enumerate(self.axes)]
        return np.column_stack(columns)

    def nearest(self, values: Floats) -> Floats:
        """The rows (n, n_axes) of the space that are nearest to these."""
        points = self.points(values.reshape(-1, self.n_axes))
        return self.values(np.clip(points, 0.0, BELOW_ONE))

    def open(self, values: Floats) -> Bits:
        """Which rows are allowed, not tried, and not a repetition of a row before, (n,)."""
        keep = np.asarray(self._allowed(self.rows(values))).copy()
        here: set[bytes] = set()
        for place in np.flatnonzero(keep).tolist():
            key = values[place].tobytes()
            keep[place] = key not in self._seen and key not in here
            here.add(key)
        return keep

    def rows(self, values: Floats) -> Rows:
        """The values by name."""
        return {axis.name: values[:, k].copy() for k, axis in enumerate(self.axes)}

    def take(self, searcher: Searcher, n_rows: int) -> Floats:
        """So many open rows (n_rows, n_axes), proposed by a searcher; they are tried from now."""
        found = np.zeros((0, self.n_axes))
        for _ in range(_ROUNDS):
            if len(found) == n_rows:
                break
            values = self.values(searcher.ask(n_rows - len(found)))
            found = np.concatenate([found, self._claimed(values)[: n_rows - len(found)]])
        return np.concatenate([found, self._fill(n_rows - len(found))])

    def claim(self, values: Floats) -> None:
        """Count rows as tried."""
        self._seen.update(row.tobytes() for row in values)

    def _claimed(self, values: Floats) -> Floats:
        fresh = values[self.open(values)]
        self.claim(fresh)
        return fresh

    def _fill(self, n_rows: int) -> Floats:
        taken: list[Floats] = []
        while len(taken) < n_rows and self._next < len(self._pool):
            row = self._pool[self._next]
            self._next += 1
            if row.tobytes() not in self._seen:
                self._seen.add(row.tobytes())
                taken.append(row)
        return np.array(taken).reshape(-1, self.n_axes)


def _n_values(axis: Axis) -> int | None:
    if axis.values or axis.step is not None:
        return axis.count()
    return round(axis.high - axis.low) + 1 if axis.kind == "int" else None


def unit_of(axis: Axis, values: Floats) -> Floats:
    """Numbers of [0, 1) that `axis.sample` turns into these values, (n,)."""
    if axis.values or axis.step is not None:
        listed = axis.grid()
        place = np.abs(listed[None, :] - values[:, None]).argmin(axis=1)
        return np.asarray((place + 0.5) / len(listed))
    if axis.kind == "int":
        return np.asarray((values - axis.low + 0.5) / (axis.high - axis.low + 1.0))
    if axis.low == axis.high:
        return np.full(len(values), 0.5)
    if axis.log:
        return np.asarray(np.log(values / axis.low) / np.log(axis.high / axis.low))
    return np.asarray((values - axis.low) / (axis.high - axis.low))
