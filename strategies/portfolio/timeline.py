"""Which bars does an account of several symbols live on? Every close of any leg, as one series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engines.bars import Bars, Floats, Series
from engines.errors import InvalidInput
from engines.intervals import Times, interval_ms
from engines.legs import Leg

TOGETHER: Final = "PORTFOLIO"
_START: Final = 100.0


def timeline_of(legs: Sequence[Leg], close_ms: Times) -> Bars:
    """Bars of the legs' finest interval at the account's closes, (n_closes,).

    Their prices are what buying every symbol for the same money at its first traded open, and
    holding, would be worth: 100 at the start, a symbol that is listed later stands for cash until
    then. Raises InvalidInput for intervals that do not fit into each other.
    """
    finest = min((leg.bars.series.interval for leg in legs), key=interval_ms)
    known = {
        close: opened
        for leg in legs
        if leg.bars.series.interval == finest
        for close, opened in zip(leg.bars.close_ms.tolist(), leg.bars.open_ms.tolist(), strict=True)
    }
    step_ms = interval_ms(finest)
    open_ms = np.array([known.get(one, one - step_ms) for one in close_ms.tolist()])
    held = np.mean([_held(leg, close_ms) for leg in legs], axis=0)
    before = np.concatenate(([1.0], held[:-1]))
    prices = {
        "open": before,
        "high": np.maximum(before, held),
        "low": np.minimum(before, held),
        "close": held,
    }
    columns = {name: _START * column for name, column in prices.items()}
    series = Series(legs[0].bars.series.category, TOGETHER, finest)
    try:
        return Bars.from_columns(series, {"open_ms": open_ms, **columns})
    except InvalidInput:
        said = ", ".join(sorted({leg.bars.series.interval for leg in legs}))
        raise InvalidInput("legs.interval", said, "intervals that fit into each other") from None


def _held(leg: Leg, close_ms: Times) -> Floats:
    """Worth of one unit of money put into the leg at its first traded open, at every close."""
    first, bars = leg.traded[0], leg.bars
    place = np.searchsorted(bars.close_ms, close_ms, side="right") - 1
    place = np.minimum(place, leg.traded[-1])
    price = bars.close[np.maximum(place, 0)]
    return np.where(place >= first, price / bars.open[first], 1.0)
