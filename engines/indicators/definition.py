"""What is an indicator? A formula as a kernel: what goes in, what comes out, when it is warm.

The kernel of an indicator is called as

    kernel(*input columns, *parameters, carry, out, start, stop)

and fills out[k, start:stop] for each output k. `carry` (float64, zeroed before bar 0) holds the
recurrence between calls, so one call over all bars and one call a bar run the same machine code
and agree to the bit. A call reads inputs and its own outputs at bars before `stop` only.

Rules for holes, where an entry does not say otherwise. NaN and infinities in an input are holes;
leading holes only delay the warm-up. Averages with a memory (ema, rma and what is made of them)
give NaN on such a bar and keep their state. Window statistics are NaN while a hole is inside the
window. Flags are never NaN: they are 0.0 while they cannot be known.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal, get_type_hints

import numpy as np
from numpy.typing import NDArray

from engines.compile import Kernel
from engines.errors import InvalidInput
from engines.machine_code import Array

Floats = NDArray[np.float64]
Number = int | float
# "source": the unit of the first input; "none": a number without one, such as a variance.
Unit = Literal["source", "price", "percent", "ratio", "volume", "count", "flag", "none"]
WarmUps = Callable[..., tuple[int, ...]]

LONGEST: Final = 5000


@dataclass(frozen=True)
class IndicatorParam:
    """A number that shapes an indicator; `low` and `high` are the limits of what is accepted."""

    name: str
    kind: Literal["int", "float"]
    default: Number
    low: Number
    high: Number

    @property
    def expected(self) -> str:
        """What a valid value is, in words."""
        noun = "a whole number" if self.kind == "int" else "a number"
        return f"{noun} from {self.low} to {self.high}"

    def checked(self, owner: str, value: Any) -> Number:
        """Return `value` as this parameter's type. Raises InvalidInput naming owner and limits."""
        if not isinstance(value, bool) and isinstance(value, self._types):
            number = int(value) if self.kind == "int" else float(value)
            # A NaN fails both comparisons.
            if self.low <= number <= self.high:
                return number
        raise InvalidInput(f"{owner}.{self.name}", value, self.expected)

    @property
    def _types(self) -> tuple[type[Any], ...]:
        whole = (int, np.integer)
        return whole if self.kind == "int" else (*whole, float, np.floating)


@dataclass(frozen=True)
class Indicator:
    """One formula. `inputs`, `params` and `outputs` are in the order of the kernel's arguments.

    `units` belong to `outputs`, the first of which is the default. `carry` is the size of the
    kernel's memory. `warm_ups`, called with the parameters in order, gives for each output the
    number of bars that stay NaN when the inputs are valid from bar 0; where an output waits for an
    event (a pivot, a session, a condition), the number before the earliest possible one.
    """

    name: str
    version: int
    inputs: tuple[str, ...]
    params: tuple[IndicatorParam, ...]
    outputs: tuple[str, ...]
    units: tuple[Unit, ...]
    kernel: Kernel[..., None]
    carry: int
    warm_ups: WarmUps

    @property
    def source(self) -> str:
        """The formula, its order of operations and who defines it."""
        return inspect.cleandoc(self.kernel.__doc__ or "")

    def check_params(self, params: Mapping[str, object]) -> tuple[Number, ...]:
        """Values in kernel order, defaults filled in. Raises InvalidInput naming what is wrong."""
        return checked_params(self.name, self.params, params)

    def output_index(self, output: str) -> int:
        """Row of `output` in the result. Raises InvalidInput naming the outputs there are."""
        if output not in self.outputs:
            raise unknown(f"{self.name} output", output, self.outputs)
        return self.outputs.index(output)

    def warm_up(self, params: Mapping[str, object], output: str | None = None) -> int:
        """Bars before the first value of `output`, or until all outputs have one."""
        bars = self.warm_ups(*self.check_params(params))
        return max(bars) if output is None else bars[self.output_index(output)]


def indicator(
    *,
    outputs: Mapping[str, Unit],
    warm_up: WarmUps,
    carry: int = 0,
    version: int = 1,
    name: str = "",
    **params: tuple[Number, Number, Number],
) -> Callable[[Kernel[..., None]], Indicator]:
    """Make a kernel an indicator; each parameter is given as (default, low, high).

    Inputs, and which parameters are whole numbers, are read from the kernel's signature.
    """

    def define(kernel: Kernel[..., None]) -> Indicator:
        hints = get_type_hints(kernel.python, include_extras=True)
        columns = tuple(one for one, hint in hints.items() if _is_input(hint))
        numbers = tuple(
            IndicatorParam(one, "int" if hints[one] is int else "float", *limits)
            for one, limits in params.items()
        )
        arguments = [*columns, *params, "carry", "out", "start", "stop", "return"]
        if list(hints) != arguments:
            raise TypeError(f"{kernel.name} takes {list(hints)}, was declared with {arguments}")
        return Indicator(
            name=name or kernel.python.__name__,
            version=version,
            inputs=columns,
            params=numbers,
            outputs=tuple(outputs),
            units=tuple(outputs.values()),
            kernel=kernel,
            carry=carry,
            warm_ups=warm_up,
        )

    return define


def checked_params(
    owner: str, params: Sequence[IndicatorParam], values: Mapping[str, object]
) -> tuple[Number, ...]:
    """`values` in the order of `params`, defaults filled in; raises InvalidInput."""
    known = [param.name for param in params]
    for name in values:
        if name not in known:
            raise unknown(f"{owner} parameter", name, known)
    return tuple(param.checked(owner, values.get(param.name, param.default)) for param in params)


def unknown(field: str, name: str, known: Sequence[str]) -> InvalidInput:
    """The error for a name that does not exist: it lists the close ones, or all."""
    close = get_close_matches(name, known, n=4, cutoff=0.5)
    return InvalidInput(field, name, f"one of {', '.join(close or known) or 'none: it has none'}")


def _is_input(hint: Any) -> bool:
    marks = getattr(hint, "__metadata__", ())
    return any(isinstance(mark, Array) and not mark.writable for mark in marks)
