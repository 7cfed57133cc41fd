"""How does a position grow against the market? Safety orders at steps from its first entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import Any, ClassVar, Final, Literal, get_args

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.kernel.layout import MAX_SAFETY_ORDERS
from strategies.graph.expressions import Series
from strategies.graph.levels import (
    PERCENT,
    Distance,
    atr_multiple,
    check_free,
    check_multiple,
    check_number,
    check_one_form,
    distance_of,
    prefixed,
)
from strategies.graph.node import Node
from strategies.graph.nodes import one_of
from strategies.graph.scalars import POSITIVE, Range, Scalar

Martingale = Literal["multiply_each", "multiply_total", "progressive"]

_ORDERS: Final = Range(2, MAX_SAFETY_ORDERS + 1, whole=True)
_WINDOW: Final = Range(0, MAX_SAFETY_ORDERS, whole=True)
_UP_TO_ALL: Final = Range(0, 100)
_SCALE: Final = Range(0, 100, open_low=True)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SafetyOrders(Node):
    """Base of ladders: limit orders that rest from the first entry's fill to the position's end.

    All orders together are what the sizing says. At most `window` safety orders wait at a time
    (0: all), the next is placed as one fills. At a close that lies more than `trailing_percent`
    beyond the ladder's start in favour, the unfilled orders follow; at one that lies
    `pull_back_percent` beyond the latest fill, they move by as much.
    """

    window: Scalar = 0
    trailing_percent: Scalar = 0
    pull_back_percent: Scalar = 0

    def _check(self) -> None:
        check_number(self, "window", _WINDOW)
        check_number(self, "trailing_percent", _UP_TO_ALL)
        check_number(self, "pull_back_percent", _UP_TO_ALL)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Ladder(SafetyOrders):
    """A ladder of `orders`, the first entry included.

    The last lies `range_percent` from the first, or each lies a step from the one before. Every
    step is `step_scale` times the one before. `volume_scale` is the factor of the martingale: on
    the order before (multiply_each), on all before together (multiply_total), or growing by as
    much each time (progressive).
    """

    kind: ClassVar[str] = "ladder"
    orders: Scalar = 5
    range_percent: Scalar | None = None
    step_percent: Scalar | None = None
    step_ticks: Scalar | None = None
    step_multiple: Scalar | None = None
    step_of: Series | None = None
    step_scale: Scalar = 1
    volume_scale: Scalar = 1
    martingale: Martingale = "multiply_each"
    step_atr: InitVar[Scalar | None] = None
    length: InitVar[Scalar | None] = None

    def __post_init__(self, step_atr: Scalar | None, length: Scalar | None) -> None:
        if step_atr is not None or length is not None:
            check_free(self.kind, "step_atr", self.step_multiple, self.step_of)
            self._set(**atr_multiple(self.kind, "step_", step_atr, length))
        super().__post_init__()

    def _check(self) -> None:
        super()._check()
        check_number(self, "orders", _ORDERS)
        check_one_form(self, ("range_percent", *prefixed("step_")))
        check_number(self, "range_percent", PERCENT)
        check_number(self, "step_percent", PERCENT)
        check_number(self, "step_ticks", POSITIVE)
        check_multiple(self, "step_multiple", "step_of")
        check_number(self, "step_scale", _SCALE)
        check_number(self, "volume_scale", _SCALE)
        one_of("ladder.martingale", self.martingale, get_args(Martingale))

    @property
    def step(self) -> Distance:
        """The first step; where a range is given, the whole of it."""
        return distance_of(self, "step_") or Distance("percent", self.range_percent)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LadderOrders(SafetyOrders):
    """A ladder whose safety orders are listed, each with its distance and its volume.

    `offsets` are percent from the first entry; volumes count in proportion to `first_volume`.
    """

    kind: ClassVar[str] = "ladder_orders"
    offsets: Sequence[Scalar]
    volumes: Sequence[Scalar]
    first_volume: Scalar

    def _check(self) -> None:
        super()._check()
        for name, allowed in (("offsets", PERCENT), ("volumes", POSITIVE)):
            field, given = f"{self.kind}.{name}", getattr(self, name)
            if not isinstance(given, (list, tuple)) or not given:
                raise InvalidInput(field, given, "a list of numbers")
            if len(given) > MAX_SAFETY_ORDERS:
                raise InvalidInput(field, f"{len(given)} of them", f"at most {MAX_SAFETY_ORDERS}")
            checked = tuple(allowed.checked(f"{field}[{k}]", one) for k, one in enumerate(given))
            self._set(**{name: checked})
        if len(self.offsets) != len(self.volumes):
            expected = f"as many as offsets, which are {len(self.offsets)}"
            raise InvalidInput(f"{self.kind}.volumes", f"{len(self.volumes)} of them", expected)
        check_number(self, "first_volume", POSITIVE)


def volumes_of(scale: Floats, martingale: Martingale) -> list[Any]:
    """Volume of each order of the longest ladder beside a first of 1, arrays (n_rows,)."""
    volumes = [scale * 0.0 + 1.0]
    total = volumes[0]
    for number in range(1, MAX_SAFETY_ORDERS + 1):
        volume = volumes[-1] * scale
        if martingale == "multiply_total":
            volume = total * scale
        elif martingale == "progressive":
            volume = np.maximum(1.0 + number * (scale - 1.0), 0.0)
        volumes.append(volume)
        total = total + volume
    return volumes


def steps_of(scale: Floats) -> list[Any]:
    """How far each safety order of the longest ladder lies for a first step of 1, (n_rows,)."""
    step = scale * 0.0 + 1.0
    far = [step]
    for _ in range(1, MAX_SAFETY_ORDERS):
        step = step * scale
        far.append(far[-1] + step)
    return far
