"""Which pages make a range? Forwards from its start, or backwards from its end.

A page is what one request returns: given a start alone the oldest bars from there, given an end
the newest up to it (both inclusive, on open time).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engines.bars import Bars

Progress = Callable[[int], None]


class Page(Protocol):
    """One request for bars, oldest first; bounds are inclusive, None leaves one open."""

    def __call__(self, start_ms: int | None, end_ms: int | None) -> Bars: ...


def forwards(page: Page, start_ms: int, end_ms: int, seen: Progress) -> list[Bars]:
    """Pages that make `[start_ms, end_ms)`, oldest first.

    `start_ms` must be an open time. Where a page begins later than it was asked to, the space
    before it is asked for once more from behind: it is a gap only if that finds nothing.
    """
    pieces: list[Bars] = []
    cursor_ms = start_ms
    while cursor_ms < end_ms:
        answer = page(cursor_ms, None)
        if not len(answer):
            break
        bars = answer.between(cursor_ms, end_ms)
        first_ms = bars.start_ms if len(bars) else end_ms
        if first_ms > cursor_ms:
            pieces += backwards(page, cursor_ms, first_ms, seen)
        if not len(bars):
            break
        pieces.append(bars)
        seen(len(bars))
        cursor_ms = bars.end_ms
    return pieces


def backwards(page: Page, start_ms: int, end_ms: int, seen: Progress) -> list[Bars]:
    """Pages that make `[start_ms, end_ms)`, oldest first, asked for newest first.

    Stops at `start_ms` or where the venue has nothing older: at the listing.
    """
    pieces: list[Bars] = []
    last_ms = end_ms - 1
    while last_ms >= start_ms:
        answer = page(None, last_ms)
        if not len(answer):
            break
        bars = answer.between(start_ms, last_ms + 1)
        pieces.insert(0, bars)
        seen(len(bars))
        last_ms = answer.start_ms - 1
    return pieces
