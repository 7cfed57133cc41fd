"""What rests on an entry from its fill on? A stop, targets, a trail and a break-even, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["fraction", "ticks", "distance", "price"]
# What a level counts from: its own entry's fill, the position's average price, its latest entry.
Anchor = Literal["entry", "average", "last"]


@dataclass(frozen=True)
class Level:
    """Where a level lies: a fraction, ticks or quote currency away from the entry, or a price.

    Distances are positive; whether they count upwards is the business of what they are for. A
    trailing distance in a fraction is of the best price, not of the entry's.
    """

    form: Form
    value: float


@dataclass(frozen=True)
class Target:
    """A take-profit for a fraction of the entry, rounded down to lots (E2)."""

    level: Level
    portion: float = 1.0
    anchor: Anchor = "entry"


@dataclass(frozen=True)
class Bracket:
    """What rests on one entry; None where there is nothing.

    The stop takes what the targets leave; portions that add up to one leave nothing (E2). A trail
    without `activation` follows from the fill on (E10). Once the price reaches `break_even`, or
    the target number `after_target` (from 1) fills, the stop moves to `offset` beyond the entry,
    once and never back; an offset that does not lie behind what triggers it moves nothing.

    What is anchored to the average or the latest entry moves with every fill of an entry, as far
    as it has not fired. `safety` is the share of the margin whose loss leaves all: a second stop,
    so far from the average price.
    """

    stop: Level | None = None
    targets: tuple[Target, ...] = ()
    trail: Level | None = None
    activation: Level | None = None
    break_even: Level | None = None
    after_target: int = 0
    offset: Level = Level("fraction", 0.0)
    stop_anchor: Anchor = "entry"
    activation_anchor: Anchor = "entry"
    break_even_anchor: Anchor = "entry"
    safety: float | None = None

    @property
    def measures_whole(self) -> bool:
        """Whether any of it hangs on the position as a whole."""
        anchors = [self.stop_anchor, self.activation_anchor, self.break_even_anchor]
        anchors += [target.anchor for target in self.targets]
        return self.safety is not None or any(one != "entry" for one in anchors)


def bracket_from(values: dict[str, Any] | None) -> Bracket | None:
    """The inverse of `dataclasses.asdict`."""
    if values is None:
        return None

    def level(name: str) -> Level | None:
        return None if values[name] is None else Level(**values[name])

    return Bracket(
        level("stop"),
        tuple(
            Target(Level(**one["level"]), one["portion"], one["anchor"])
            for one in values["targets"]
        ),
        level("trail"),
        level("activation"),
        level("break_even"),
        values["after_target"],
        Level(**values["offset"]),
        values["stop_anchor"],
        values["activation_anchor"],
        values["break_even_anchor"],
        values["safety"],
    )
