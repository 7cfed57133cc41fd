"""What is an order called? A name that the same decision always gets."""

from __future__ import annotations

from dataclasses import dataclass, field

from engines.event.events import order_id


@dataclass
class Namer:
    """Names the orders of a run; several for one leg in one bar are attempts, counted from 0."""

    run: str
    bar: int = -1
    attempts: dict[str, int] = field(default_factory=dict)
    sequence: int = 0
    turn: int = 0

    def begin(self, bar: int) -> None:
        """A new bar: attempts count from 0 again."""
        self.bar = bar
        self.attempts.clear()
        self.next_turn()

    def next_turn(self) -> None:
        """The script runs again, at a close or after a fill (A5)."""
        self.turn += 1

    def name(self, leg: str) -> str:
        """The next order's name for a leg."""
        attempt = self.attempts.get(leg, 0)
        self.attempts[leg] = attempt + 1
        return order_id(self.run, self.bar, leg, attempt)

    def next_call(self) -> int:
        """The number of the next call of a script."""
        self.sequence += 1
        return self.sequence
