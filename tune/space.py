"""Which parameter rows does a sweep try? Grids, random, Latin-hypercube and Sobol samples.

A space is a value: the same space gives the same rows in the same order on any machine. Of a
guided search these are the rows it falls back on; `tune.search` chooses others by what came out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.errors import InvalidInput

Kind = Literal[
    "grid", "random", "latin", "sobol", "tpe", "cmaes", "nsga2", "nsga3", "gp", "refine", "genetic"
]
Draw = Callable[[], Floats]
AxisKind = Literal["int", "float", "choice"]
Rows = dict[str, Floats]
Mask = Callable[[Mapping[str, Floats]], NDArray[np.bool_]]

# More rows than this is a slip of the keyboard more often than a wish: 20 M rows over a year of
# 15-minute bars are a core's week.
MAX_ROWS: Final = 20_000_000
_GRID_POINTS: Final = 10
_BLOCK: Final = 1 << 20
# How often a sample is topped up before constraints count as impossible to meet.
_ROUNDS: Final = 200


@dataclass(frozen=True)
class Axis:
    """Values that one parameter may take: a list, or a range with an optional step.

    Raises InvalidInput when the range is empty or the step not positive.
    """

    name: str
    kind: AxisKind
    values: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        if self.values:
            return
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
            raise InvalidInput(f"range of {self.name}", (self.low, self.high), "low <= high")
        if self.step is not None and not self.step > 0.0:
            raise InvalidInput(f"step of {self.name}", self.step, "above zero")
        if self.log and not self.low > 0.0:
            raise InvalidInput(f"range of {self.name}", self.low, "above zero on a log scale")

    def grid(self) -> Floats:
        """The values of a grid: those listed, those of the step, or about ten over the range."""
        if self.values:
            return np.array(self.values, dtype=float)
        if self.low == self.high:
            return np.array([self.low])
        if self.step is None and self.log:
            spaced = np.geomspace(self.low, self.high, _GRID_POINTS)
            return np.unique(np.rint(spaced)) if self.kind == "int" else _tidy(spaced)
        step = self.step or self._default_step()
        return _tidy(self.low + step * np.arange(self._n_steps(step)))

    def count(self) -> int:
        """How many values a grid has, without making them."""
        stepped = not self.values and self.low < self.high and (self.step or not self.log)
        return self._n_steps(self.step or self._default_step()) if stepped else len(self.grid())

    def n_values(self, kind: Kind) -> float:
        """How many values the parameter takes at most in a search; infinite for a range."""
        if kind == "grid" or self.values or self.step is not None:
            return self.count()
        return self.high - self.low + 1.0 if self.kind == "int" else math.inf

    def sample(self, unit: Floats) -> Floats:
        """Values for numbers drawn from [0, 1): uniform over the range, or over the list."""
        if self.values or self.step is not None:
            listed = self.grid()
            place = np.minimum((unit * len(listed)).astype(int), len(listed) - 1)
            return np.asarray(listed[place])
        if self.kind == "int":
            span = self.high - self.low + 1.0
            # The product may round up to the next whole number.
            return np.minimum(np.floor(self.low + unit * span), self.high)
        if self.log:
            return _tidy(self.low * (self.high / self.low) ** unit)
        return _tidy(self.low + unit * (self.high - self.low))

    def _n_steps(self, step: float) -> int:
        return math.floor((self.high - self.low) / step + 1e-9) + 1

    def _default_step(self) -> float:
        step = (self.high - self.low) / (_GRID_POINTS - 1)
        return max(1.0, round(step)) if self.kind == "int" else step

    def canonical(self) -> dict[str, object]:
        """The axis as JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "values": [float(value) for value in self.values],
            "low": float(self.low),
            "high": float(self.high),
            "step": None if self.step is None else float(self.step),
            "log": self.log,
        }


@dataclass(frozen=True)
class Space:
    """Axes and how they are searched. `rows` and `seed` matter to samples only."""

    axes: tuple[Axis, ...]
    kind: Kind = "grid"
    rows: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise InvalidInput("space", sorted(twice), "each parameter once")
        if self.kind != "grid" and self.rows < 1:
            raise InvalidInput("rows", self.rows, "1 or more")

    @property
    def size(self) -> int:
        """Rows before constraints."""
        if self.kind != "grid":
            return self.rows
        return math.prod(axis.count() for axis in self.axes)

    def canonical(self) -> dict[str, Any]:
        """The space as JSON values."""
        axes = [axis.canonical() for axis in self.axes]
        return {"kind": self.kind, "axes": axes, "rows": self.rows, "seed": self.seed}


def rows_of(space: Space, allowed: Mask, max_rows: int = MAX_ROWS) -> Rows:
    """Every row of the space that is allowed, by parameter name, arrays (n_rows,) of float64.

    Rows of a grid vary the last axis fastest. Samples hold distinct rows; they are topped up
    until there are as many as asked for, or the space has no more. Raises InvalidInput for a
    space without rows or with more than `max_rows`.
    """
    if space.size > max_rows:
        hint = f"at most {max_rows:,}: widen the steps, fix parameters, or sample with rows=N"
        raise InvalidInput("space", f"{space.size:,} rows", hint)
    rows = _grid_rows(space, allowed) if space.kind == "grid" else _sampled_rows(space, allowed)
    if not space.axes or len(next(iter(rows.values()))) == 0:
        expected = "a space with at least one row that meets the strategy's constraints"
        raise InvalidInput("space", f"0 of {space.size:,} rows", expected)
    return rows


def _grid_rows(space: Space, allowed: Mask) -> Rows:
    grids = [axis.grid() for axis in space.axes]
    shape = tuple(len(grid) for grid in grids)
    kept: list[Rows] = []
    for first in range(0, space.size, _BLOCK):
        index = np.unravel_index(np.arange(first, min(first + _BLOCK, space.size)), shape)
        block = {
            axis.name: grid[place]
            for axis, grid, place in zip(space.axes, grids, index, strict=True)
        }
        kept.append(_picked(block, allowed(block)))
    return {axis.name: np.concatenate([block[axis.name] for block in kept]) for axis in space.axes}


def _sampled_rows(space: Space, allowed: Mask) -> Rows:
    draw = _drawer(space)
    found = np.zeros((0, len(space.axes)))
    for _ in range(_ROUNDS):
        unit = draw()
        drawn = [axis.sample(unit[:, k]) for k, axis in enumerate(space.axes)]
        block = {axis.name: values for axis, values in zip(space.axes, drawn, strict=True)}
        fresh = np.column_stack(drawn)[allowed(block)]
        before = len(found)
        found = _distinct(np.concatenate([found, fresh]))
        if len(found) >= space.rows or (len(found) == before and before > 0):
            break
    return {axis.name: found[: space.rows, k].copy() for k, axis in enumerate(space.axes)}


def _drawer(space: Space) -> Draw:
    """Draws points of the unit cube, (n_rows or more, n_axes) a call, going on where it stopped."""
    rng = np.random.Generator(np.random.PCG64(space.seed))
    shape = (space.rows, len(space.axes))
    if space.kind == "latin":
        return lambda: _latin(rng, *shape)
    if space.kind != "sobol":
        return lambda: np.asarray(rng.random(shape))
    from scipy.stats.qmc import Sobol

    # Balanced in every box of halves, quarters … only by powers of two. Owen (1998).
    points = Sobol(len(space.axes), scramble=True, rng=rng)
    n_points = 1 << (space.rows - 1).bit_length()
    return lambda: np.asarray(points.random(n_points))


def _latin(rng: np.random.Generator, rows: int, axes: int) -> Floats:
    """One point in each of `rows` slices of every axis. McKay et al. (1979)."""
    slices = np.column_stack([rng.permutation(rows) for _ in range(axes)])
    return (slices + rng.random((rows, axes))) / rows


def _distinct(rows: Floats) -> Floats:
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)]


def _picked(block: Rows, keep: NDArray[np.bool_]) -> Rows:
    return {name: values[keep] for name, values in block.items()}


def _tidy(values: NDArray[np.floating[Any]]) -> Floats:
    # 0.1 * 3 is 0.30000000000000004: twelve digits are what a reader would have written.
    return np.array([float(f"{value:.12g}") for value in values])
