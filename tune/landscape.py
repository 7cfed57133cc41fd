"""How does a result lie over the parameters? Surfaces of a sweep, and whether results persist."""

from __future__ import annotations

from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.errors import InvalidInput

# Axes with more values than this are cut into as many bins of equal numbers of rows.
MOST_CELLS: Final = 40
_BINS: Final = 12


class Surface(NamedTuple):
    """The median of a statistic over two parameters: `values` (n_y, n_x), NaN without rows."""

    x_name: str
    x_values: Floats
    y_name: str
    y_values: Floats
    values: Floats


def surfaces(params: dict[str, Floats], scores: Floats, most: int = 3) -> list[Surface]:
    """Surfaces of `scores` (n_rows,) over pairs of parameters (n_rows,) that vary.

    Pairs whose surface varies most come first, at most `most` of them. NaN scores are left out.
    """
    varied = [name for name, values in params.items() if len(np.unique(values)) > 1]
    found = [_surface(x, params[x], y, params[y], scores) for x, y in combinations(varied, 2)]
    return sorted(found, key=_spread, reverse=True)[:most]


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's rank correlation of two columns (n_rows,), ties ranked by their mean.

    Rows in which either is not finite are left out; NaN if fewer than three are left or one
    column does not vary. Spearman (1904), Am. J. of Psychology 15(1).
    """
    if first.shape != second.shape:
        raise InvalidInput("second", f"{len(second)} rows", f"{len(first)} rows, as many as first")
    known = np.isfinite(first) & np.isfinite(second)
    if np.count_nonzero(known) < 3:
        return float("nan")
    a, b = _ranks(first[known]), _ranks(second[known])
    a, b = a - a.mean(), b - b.mean()
    spread = np.sqrt(np.sum(a * a) * np.sum(b * b))
    return float(np.sum(a * b) / spread) if spread > 0.0 else float("nan")


def _surface(x_name: str, x: Floats, y_name: str, y: Floats, scores: Floats) -> Surface:
    x_values, x_cell = _cells(x)
    y_values, y_cell = _cells(y)
    values = np.full(len(x_values) * len(y_values), np.nan)
    known = np.isfinite(scores)
    cell = (y_cell * len(x_values) + x_cell)[known]
    order = np.lexsort((scores[known], cell))
    cell, ranked = cell[order], scores[known][order]
    places, first, count = np.unique(cell, return_index=True, return_counts=True)
    low, high = ranked[first + (count - 1) // 2], ranked[first + count // 2]
    values[places] = (low + high) / 2.0
    return Surface(x_name, x_values, y_name, y_values, values.reshape(len(y_values), len(x_values)))


def _cells(column: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The values of an axis, and which of them each row has; many values are put into bins."""
    values, place = np.unique(column, return_inverse=True)
    if len(values) <= MOST_CELLS:
        return values, place.astype(np.int64)
    edges = np.quantile(column, np.linspace(0.0, 1.0, _BINS + 1))
    place = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, _BINS - 1)
    middles = np.array([float(f"{np.median(column[place == k]):.4g}") for k in np.unique(place)])
    return middles, np.searchsorted(np.unique(place), place).astype(np.int64)


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[place], dtype=np.float64)


def _spread(surface: Surface) -> float:
    known = surface.values[np.isfinite(surface.values)]
    return float(known.std()) if len(known) else 0.0
