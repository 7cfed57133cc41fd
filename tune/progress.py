"""How far is it, and should it go on? What a long computation holds while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.errors import TesterError


class Cancelled(TesterError):
    """The command was cancelled; what it had finished is kept."""


@dataclass(frozen=True)
class Progress:
    """How far a command is: `done` of `total` units, what it is doing, and its best so far."""

    done: int = 0
    total: int = 0
    text: str = ""
    started_s: float = 0.0
    now_s: float = 0.0
    best: Mapping[str, Any] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Units a second since the start of this stage; 0 until one is done."""
        spent_s = self.now_s - self.started_s
        return self.done / spent_s if spent_s > 0.0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds to the end at the rate so far; None until something is done."""
        rate = self.per_second
        return (self.total - self.done) / rate if rate > 0.0 else None


class Ticket:
    """What a running command holds: it tells its progress and asks whether to go on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._progress = Progress()
        self._cancelled = threading.Event()
        self._notes: list[str] = []

    def note(self, text: str) -> None:
        """Tell something worth reading once; raises nothing."""
        self._notes.append(text)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was told, in order."""
        return tuple(self._notes)

    def report(
        self, done: int, total: int, text: str, best: Mapping[str, Any] | None = None
    ) -> None:
        """Tell how far the command is. Raises Cancelled when it should stop here."""
        self.check()
        now_s = self._clock()
        last = self._progress
        started_s = last.started_s if last.text == text else now_s
        self._progress = Progress(done, total, text, started_s, now_s, best or last.best)

    def check(self) -> None:
        """Raise Cancelled when the command should stop here."""
        if self._cancelled.is_set():
            raise Cancelled("The command was cancelled")

    def cancel(self) -> None:
        """Ask the command to stop at its next report."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether the command was asked to stop."""
        return self._cancelled.is_set()

    @property
    def progress(self) -> Progress:
        """The latest report."""
        return self._progress
