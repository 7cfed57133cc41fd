"""How does a graph's ladder read in an engine's words? Steps with their shares of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engines.brackets import Level
from engines.errors import InvalidInput
from engines.ladders import Ladder, Step
from strategies.graph.ladders import Ladder as Stepped
from strategies.graph.ladders import LadderOrders, SafetyOrders, steps_of, volumes_of
from strategies.graph.levels import Distance
from strategies.graph.scalars import Scalar

Number = Callable[[Scalar], float]


@dataclass(frozen=True)
class LadderNumbers:
    """A ladder with its parameters: how far its orders lie, in terms of `step`, and their sizes.

    `first_share` is the first entry's part of the whole, `shares` are multiples of that.
    """

    step: Distance
    far: tuple[float, ...]
    shares: tuple[float, ...]
    first_share: float
    window: int
    trailing: float
    pull_back: float

    @classmethod
    def of(cls, said: SafetyOrders, number: Number) -> LadderNumbers:
        """What a strategy says; all orders together are what its sizing says."""
        step, far, volumes = _shape(said, number)
        total = volumes[0]
        for volume in volumes[1:]:
            total += volume
        return cls(
            step,
            tuple(far),
            tuple(volume / volumes[0] for volume in volumes[1:]),
            volumes[0] / total,
            int(number(said.window)),
            number(said.trailing_percent) * 0.01,
            number(said.pull_back_percent) * 0.01,
        )

    def ladder(self, column: float) -> Ladder:
        """The ladder where the series behind its steps stands at `column`."""
        steps = (
            Step(self._level(far, column), share)
            for far, share in zip(self.far, self.shares, strict=True)
        )
        return Ladder(tuple(steps), self.window, self.trailing, self.pull_back)

    def _level(self, far: float, column: float) -> Level:
        if self.step.form == "percent":
            return Level("fraction", far)
        return Level("ticks", far) if self.step.form == "ticks" else Level("distance", far * column)


def _shape(said: SafetyOrders, number: Number) -> tuple[Distance, list[float], list[float]]:
    """The form of its distances, the distances, and the sizes, that of the first entry first."""
    if isinstance(said, LadderOrders):
        return _listed(said, number)
    if isinstance(said, Stepped):
        return _stepped(said, number)
    raise InvalidInput("ladder", said.kind, "ladder or ladder_orders")


def _stepped(said: Stepped, number: Number) -> tuple[Distance, list[float], list[float]]:
    step, count = said.step, int(number(said.orders)) - 1
    first = 0.0 if step.value is None else number(step.value)
    first *= 0.01 if step.form == "percent" else 1.0
    far = [float(one[0]) for one in steps_of(np.array([number(said.step_scale)]))]
    if said.range_percent is not None:
        # The steps of these orders make up the range.
        first /= far[count - 1]
    volumes = volumes_of(np.array([number(said.volume_scale)]), said.martingale)
    sizes = [float(one[0]) for one in volumes[: count + 1]]
    return step, [first * one for one in far[:count]], sizes


def _listed(said: LadderOrders, number: Number) -> tuple[Distance, list[float], list[float]]:
    far = [number(one) * 0.01 for one in said.offsets]
    return Distance("percent"), far, [number(one) for one in (said.first_volume, *said.volumes)]
