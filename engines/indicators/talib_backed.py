"""What can TA-Lib compute that we do not? Its functions as columns, under its own names.

They are no kernels: a column is computed as a whole, from its first bar. TA-Lib's definitions and
its ways of starting an average are its own and differ from those of `registry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engines.errors import InvalidInput
from engines.indicators.definition import Floats, IndicatorParam, Number, checked_params, unknown
from engines.indicators.registry import checked_columns

# They answer with a bar's number, which depends on where the column begins.
_LEFT_OUT: Final = frozenset({"MAXINDEX", "MININDEX", "MINMAXINDEX"})
_GENERIC: Final = {"price": "source", "price0": "a", "price1": "b", "periods": "periods"}
# TA-Lib's limits of whole and real parameters, and its number of kinds of moving average.
_LONGEST: Final = 100_000
_LARGEST: Final = 3e37
_LAST_AVERAGE: Final = 13


@dataclass(frozen=True)
class TalibFunction:
    """A function of TA-Lib: `inputs`, `params` and `outputs` in its order, `title` in words.

    Inputs are open, high, low, close, volume where TA-Lib asks for them, otherwise source, or a
    and b.
    """

    name: str
    title: str
    group: str
    inputs: tuple[str, ...]
    params: tuple[IndicatorParam, ...]
    outputs: tuple[str, ...]

    def check_params(self, params: Mapping[str, object]) -> dict[str, Number]:
        """All parameters with defaults filled in. Raises InvalidInput naming what is wrong."""
        values = checked_params(self.name, self.params, params)
        return dict(zip([param.name for param in self.params], values, strict=True))

    def warm_up(self, params: Mapping[str, object]) -> int:
        """Bars before the first value. Raises InvalidInput for values that TA-Lib refuses."""
        values = self.check_params(params)
        bars = int(_library().abstract.Function(self.name, **values).lookback)
        if bars < 0:
            raise InvalidInput(f"{self.name} parameters", values, "lengths that TA-Lib accepts")
        return bars


@cache
def names() -> tuple[str, ...]:
    """The functions there are, in TA-Lib's order."""
    return tuple(name for name in _library().get_functions() if name not in _LEFT_OUT)


@cache
def describe(name: str) -> TalibFunction:
    """The function called `name`. Raises InvalidInput listing the names that come close."""
    if name not in names():
        raise unknown("TA-Lib function", name, names())
    info = _library().abstract.Function(name).info
    return TalibFunction(
        name=name,
        title=info["display_name"],
        group=info["group"],
        inputs=tuple(_inputs(info["input_names"])),
        params=tuple(_param(one, default) for one, default in info["parameters"].items()),
        outputs=tuple(info["output_names"]),
    )


def compute(
    name: str, inputs: Mapping[str, ArrayLike], params: Mapping[str, object] | None = None
) -> Floats:
    """All outputs of a function over whole columns, (n_outputs, n_bars) float64.

    NaN until warm and on holes (NaN, infinities), after which the function starts anew. Outputs
    that TA-Lib gives as whole numbers (candlestick patterns: 100, 0 or −100) are 0 there.
    Raises InvalidInput naming the function, column or parameter that is wrong.
    """
    function = describe(name)
    values = function.check_params(params or {})
    function.warm_up(values)
    columns = checked_columns(name, function.inputs, inputs)
    known = np.logical_and.reduce([np.isfinite(column) for column in columns])
    out = np.full((len(function.outputs), len(known)), np.nan)
    whole = np.zeros(len(function.outputs), dtype=bool)
    for first, end in _runs(known):
        found = getattr(_library(), name)(*[column[first:end] for column in columns], **values)
        rows = [found] if isinstance(found, np.ndarray) else found
        whole = np.array([row.dtype.kind != "f" for row in rows])
        out[:, first:end] = rows
    out[np.isinf(out)] = np.nan
    out[whole[:, None] & np.isnan(out)] = 0.0
    return out


def _library() -> Any:
    import talib
    import talib.abstract

    return talib


def _inputs(names_by_role: Mapping[str, Any]) -> Iterator[str]:
    for role, column in names_by_role.items():
        if role in _GENERIC:
            yield _GENERIC[role]
        else:
            yield from column


def _param(name: str, default: Number) -> IndicatorParam:
    if isinstance(default, float):
        return IndicatorParam(name, "float", default, -_LARGEST, _LARGEST)
    high = _LAST_AVERAGE if name.endswith("matype") else _LONGEST
    return IndicatorParam(name, "int", default, 0, high)


def _runs(known: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First bar and end of each stretch of True."""
    edges = np.flatnonzero(np.diff(known, prepend=False, append=False))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
