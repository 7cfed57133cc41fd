"""Which indicators are there, and what is their column?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from engines.errors import InvalidInput
from engines.indicators import (
    averages,
    channels,
    levels,
    momentum,
    oscillators,
    ranks,
    structure,
    trailing_rsi,
    trend,
    volatility,
    volume,
    weighted_averages,
)
from engines.indicators.definition import (
    Floats,
    Indicator,
    IndicatorParam,
    Number,
    Unit,
    unknown,
)

__all__ = [
    "INDICATORS",
    "Indicator",
    "IndicatorParam",
    "Number",
    "Unit",
    "checked_columns",
    "compute",
    "find",
]

_MODULES: Final = (
    averages,
    weighted_averages,
    momentum,
    oscillators,
    trailing_rsi,
    volatility,
    channels,
    levels,
    trend,
    volume,
    structure,
    ranks,
    levels,
)

INDICATORS: Final[Mapping[str, Indicator]] = MappingProxyType(
    {
        one.name: one
        for module in _MODULES
        for one in vars(module).values()
        if isinstance(one, Indicator)
    }
)


def find(name: str) -> Indicator:
    """The indicator called `name`. Raises InvalidInput listing the names that come close."""
    if name not in INDICATORS:
        raise unknown("indicator", name, tuple(INDICATORS))
    return INDICATORS[name]


def compute(
    name: str,
    inputs: Mapping[str, ArrayLike],
    params: Mapping[str, object] | None = None,
    out: Floats | None = None,
) -> Floats:
    """All outputs of an indicator over whole columns, (n_outputs, n_bars) float64.

    `inputs` are columns (n_bars,) by the names in `Indicator.inputs`; others are ignored. `params`
    left out take their defaults. The result is written into `out` if given. NaN until warm.
    Raises InvalidInput naming the indicator, column or parameter that is wrong.
    """
    indicator = find(name)
    numbers = indicator.check_params(params or {})
    columns = checked_columns(name, indicator.inputs, inputs)
    n_bars = len(columns[0])
    result = _checked_out(out, (len(indicator.outputs), n_bars))
    indicator.kernel(*columns, *numbers, np.zeros(indicator.carry), result, 0, n_bars)
    return result


def checked_columns(
    owner: str, names: Sequence[str], inputs: Mapping[str, ArrayLike]
) -> list[Floats]:
    """The columns called `names` as float64 of one length; raises InvalidInput naming the first.

    `owner` is the indicator that asks for them.
    """
    columns = [_column(owner, name, inputs) for name in names]
    for name, column in zip(names, columns, strict=True):
        if len(column) != len(columns[0]):
            expected = f"as long as {names[0]} ({len(columns[0])})"
            raise InvalidInput(f"{owner} input {name}", f"{len(column)} bars", expected)
    return columns


def _column(owner: str, name: str, inputs: Mapping[str, ArrayLike]) -> Floats:
    if name not in inputs:
        raise InvalidInput(f"{owner} inputs", sorted(inputs), f"a set with {name!r}")
    try:
        column = np.ascontiguousarray(inputs[name], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{owner} input {name}", inputs[name], "numbers") from error
    if np.ndim(inputs[name]) != 1:
        raise InvalidInput(f"{owner} input {name}", np.shape(inputs[name]), "one dimension")
    return column


def _checked_out(out: Floats | None, shape: tuple[int, int]) -> Floats:
    if out is None:
        return np.empty(shape)
    if out.shape != shape or out.dtype != np.float64 or not out.flags.carray:
        found = f"{out.dtype} {out.shape}"
        raise InvalidInput("out", found, f"a writable C-contiguous float64 array of {shape}")
    return out
