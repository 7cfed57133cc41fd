"""Which chunk runs next? Sweeps take turns by the time that each had and by its priority."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from engines.errors import InvalidInput
from tune.sweep_spec import Chunk

# A chunk that took its worker with it this often is given up.
MOST_LOSSES: Final = 5
# Seconds that a chunk counts for until the first of its sweep is done.
_GUESS_S: Final = 1.0


@dataclass
class _Turn:
    priority: float
    waiting: deque[Chunk]
    # Seconds had so far over the priority: who has the least is next.
    had_s: float
    in_flight: set[Chunk] = field(default_factory=set)
    losses: Counter[str] = field(default_factory=Counter)
    left: Counter[int] = field(default_factory=Counter)
    mean_s: float = _GUESS_S
    kept: int = 0

    @property
    def charged_s(self) -> float:
        """What it had, with the chunks in flight as long as its others were."""
        return self.had_s + len(self.in_flight) * self.mean_s / self.priority


class Schedule:
    """The chunks of all sweeps that run at once; knows neither Ray nor a clock.

    While several sweeps have chunks to run, the seconds of work that each gets are in proportion
    to its priority. One that comes later owes nothing to those that began before.
    """

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}

    def add(self, sweep: str, chunks: Sequence[Chunk], priority: float = 1.0) -> None:
        """Take a sweep in. Raises InvalidInput for a priority that is not above 0."""
        if not priority > 0.0:
            raise InvalidInput("priority", priority, "a number above 0")
        least = min((turn.charged_s for turn in self._turns.values()), default=0.0)
        left = Counter(chunk.window for chunk in chunks)
        self._turns[sweep] = _Turn(priority, deque(chunks), least, left=left)

    def extend(self, sweep: str, chunks: Sequence[Chunk]) -> None:
        """More chunks of a sweep that is here."""
        turn = self._turns[sweep]
        turn.waiting.extend(chunks)
        turn.left.update(chunk.window for chunk in chunks)

    def take(self) -> tuple[str, Chunk] | None:
        """The chunk that runs next, from now on in flight; None if none is waiting."""
        ready = [name for name, turn in self._turns.items() if turn.waiting]
        if not ready:
            return None
        name = min(ready, key=lambda one: self._turns[one].charged_s)
        turn = self._turns[name]
        chunk = turn.waiting.popleft()
        turn.in_flight.add(chunk)
        return name, chunk

    def kept(self, sweep: str, chunk: Chunk, seconds: float) -> None:
        """A chunk is done after `seconds` of work."""
        turn = self._turns[sweep]
        turn.in_flight.discard(chunk)
        turn.left[chunk.window] -= 1
        turn.had_s += seconds / turn.priority
        turn.kept += 1
        turn.mean_s += (seconds - turn.mean_s) / turn.kept

    def lost(self, sweep: str, chunk: Chunk) -> bool:
        """A chunk went away with its worker: it is next again, unless that was once too often."""
        turn = self._turns[sweep]
        turn.in_flight.discard(chunk)
        turn.losses[chunk.digest] += 1
        if turn.losses[chunk.digest] >= MOST_LOSSES:
            return False
        turn.waiting.appendleft(chunk)
        return True

    def drop(self, sweep: str) -> None:
        """Forget a sweep, with everything that it still waited for."""
        self._turns.pop(sweep, None)

    def halt(self, sweep: str, refused: Chunk) -> None:
        """Give out no more of a sweep, not the refused one either; what is in flight may end."""
        turn = self._turns[sweep]
        turn.waiting.clear()
        turn.in_flight.discard(refused)

    def idle(self, sweep: str) -> bool:
        """Whether a sweep has nothing waiting and nothing in flight."""
        turn = self._turns[sweep]
        return not turn.waiting and not turn.in_flight

    def window_open(self, sweep: str, window: int) -> bool:
        """Whether chunks of a window are still to be done."""
        return self._turns[sweep].left[window] > 0

    @property
    def in_flight(self) -> int:
        """Chunks in flight, of all sweeps."""
        return sum(len(turn.in_flight) for turn in self._turns.values())
