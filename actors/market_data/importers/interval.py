"""How long are the bars of a file? Its most frequent step tells, its name and the user claim."""

from __future__ import annotations

from typing import Final

import numpy as np

from actors.market_data.errors import UnusableFile
from engines.intervals import DAY_MS, INTERVALS, Interval, Times, interval_ms

_SHORTEST_MONTH_MS: Final = 28 * DAY_MS
_LONGEST_MONTH_MS: Final = 31 * DAY_MS
# A quiet market skips minutes: its most frequent step may be two. Nine in ten is no quiet market.
_CERTAIN_SHARE: Final = 0.9


def infer_interval(
    time_ms: Times, given: Interval | None, hinted: Interval | None, where: str
) -> tuple[Interval, str]:
    """The interval, and the sentence that says how it was found.

    `given` is the user's word, `hinted` the file name's. Raises UnusableFile if nothing tells the
    interval, or the rows contradict what is claimed.
    """
    claimed = given or hinted
    steps = np.diff(np.sort(time_ms))
    steps = steps[steps > 0]
    if len(steps) == 0:
        if claimed is None:
            expected = "given as an option: one bar does not tell its length"
            raise UnusableFile(f"{where}, interval", None, expected)
        return claimed, f"interval {claimed} as {_origin(given)} says"
    lengths, counts = np.unique(steps, return_counts=True)
    step, share = int(lengths[np.argmax(counts)]), float(counts.max() / len(steps))
    found = _code(step)
    if claimed is None and found is not None:
        return found, f"interval {found}: {share:.0%} of the rows are that far apart"
    if claimed is None:
        expected = f"a step of one of {', '.join(INTERVALS)} (minutes, D, W, M)"
        raise UnusableFile(f"{where}, most frequent step", _step_text(step), expected)
    if found != claimed and not (step > interval_ms(claimed) and share < _CERTAIN_SHARE):
        expected = f"that of interval {claimed}, as {_origin(given)} says"
        raise UnusableFile(f"{where}, most frequent step", _step_text(step), expected)
    return claimed, f"interval {claimed} as {_origin(given)} says"


def _code(step: int) -> Interval | None:
    if _SHORTEST_MONTH_MS <= step <= _LONGEST_MONTH_MS:
        return "M"
    return next((code for code in INTERVALS if code != "M" and interval_ms(code) == step), None)


def _origin(given: Interval | None) -> str:
    return "the option" if given is not None else "the file name"


def _step_text(step: int) -> str:
    return f"{step / 60_000:g} minutes"
