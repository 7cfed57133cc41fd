"""What adds to a position against the market? A ladder of safety orders, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.brackets import Level


@dataclass(frozen=True)
class Step:
    """A safety order: how far it lies from the ladder's anchor, against the position.

    `share` is its size as a multiple of the first entry's.
    """

    level: Level
    share: float


@dataclass(frozen=True)
class Ladder:
    """Limit orders that rest from the fill of the first entry to the end of its position.

    The anchor is that fill. At most `window` of them wait at a time (0: all), the next is placed
    as one fills. At a close that lies beyond the fraction `trailing` in favour of the anchor,
    the anchor follows; at one that lies `pull_back` beyond the latest fill, it moves by as much
    (0: never). The orders that have not filled go along.
    """

    steps: tuple[Step, ...]
    window: int = 0
    trailing: float = 0.0
    pull_back: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether its distances have a value; a distance of nothing, or less, is none."""
        return all(one.level.value > 0.0 for one in self.steps if one.level.form == "distance")

    @property
    def waiting_at_first(self) -> int:
        """How many orders the first entry's fill places."""
        return min(self.window or len(self.steps), len(self.steps))


def ladder_from(values: dict[str, Any] | None) -> Ladder | None:
    """The inverse of `dataclasses.asdict`."""
    if values is None:
        return None
    steps = tuple(Step(Level(**one["level"]), one["share"]) for one in values["steps"])
    return Ladder(steps, values["window"], values["trailing"], values["pull_back"])
