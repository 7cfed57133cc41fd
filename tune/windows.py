"""Which bars does a sweep run over, and where does its out-of-sample part begin?"""

from __future__ import annotations

from typing import Final

from engines.bars import Series
from engines.errors import InvalidInput
from engines.instrument import Instrument
from engines.intervals import Times, next_open_ms
from tune.sweep_spec import SweepWindow

# Fewer bars than this on either side say nothing.
LEAST_BARS: Final = 2


def sweep_window(
    series: Series,
    dataset_digest: str,
    open_ms: Times,
    instrument: Instrument,
    start_ms: int | None,
    train_fraction: float,
) -> SweepWindow:
    """A window over bars that open at `open_ms` (n_bars,), traded from `start_ms` on.

    The first `train_fraction` of the traded bars are in-sample; 1 leaves no out-of-sample part.
    Raises InvalidInput when a part has too few bars.
    """
    traded = open_ms if start_ms is None else open_ms[open_ms >= start_ms]
    if len(traded) < LEAST_BARS:
        raise InvalidInput("range", f"{len(traded)} bars of {series}", f"{LEAST_BARS} or more")
    first_test = round(train_fraction * len(traded))
    if train_fraction < 1.0 and not LEAST_BARS <= first_test <= len(traded) - LEAST_BARS:
        expected = f"{LEAST_BARS} bars or more on both sides of the split"
        raise InvalidInput("train_percent", f"{100 * train_fraction:g} of {len(traded)}", expected)
    return SweepWindow(
        series=series,
        dataset_digest=dataset_digest,
        n_bars=len(open_ms),
        instrument=instrument,
        anchor_ms=int(open_ms[0]),
        start_ms=int(traded[0]),
        split_ms=None if train_fraction == 1.0 else int(traded[first_test]),
        end_ms=int(next_open_ms(traded[-1:], series.interval)[0]),
    )
