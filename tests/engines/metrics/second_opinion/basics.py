"""Rows, sums and episodes in plain Python: what every second opinion is made with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from engines.metrics.material import Material, Trades

NAN = float("nan")
DAY_MS = 86_400_000
YEAR = 365


class Row(NamedTuple):
    side: int
    entry_ms: int
    exit_ms: int
    bars: int
    entry: float
    exit: float
    qty: float
    pnl: float
    fees: float
    entry_fee: float
    funding: float
    slippage: float
    mfe: float
    mae: float
    reason: int


def rows_of(trades: Trades) -> list[Row]:
    money = ("entry_price", "exit_price", "qty", "pnl", "fees", "entry_fee", "funding", "slippage")
    names = ("side", "entry_ms", "exit_ms", "bars", *money, "mfe", "mae", "reason")
    columns = [getattr(trades, name).tolist() for name in names]
    return [Row(*row) for row in zip(*columns, strict=True)]


def ratio(part: float, whole: float) -> float:
    return NAN if whole == 0 or math.isnan(whole) else part / whole


def average(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else NAN


class Fall(NamedTuple):
    start: int
    bottom: int
    end: int | None
    depth: float
    share: float


def falls(curve: Sequence[float], sign: int = 1) -> list[Fall]:
    """Falls below the best point so far; with −1 the rises above the worst."""
    found: list[Fall] = []
    best, best_at, open_at, bottom = curve[0], 0, None, 0
    for k, now in enumerate(curve):
        if sign * now >= sign * best:
            if open_at is not None:
                depth = sign * (best - curve[bottom])
                found.append(Fall(open_at, bottom, k, depth, depth / best))
            best, best_at, open_at = now, k, None
        elif open_at is None:
            open_at, bottom = k - 1, k
        elif sign * now < sign * curve[bottom]:
            bottom = k
    if open_at is not None:
        depth = sign * (best - curve[bottom])
        found.append(Fall(open_at, bottom, None, depth, depth / best))
    assert best_at >= 0
    return found


def days_of(found: list[Fall], times: Sequence[int]) -> list[float]:
    return [
        (times[-1 if one.end is None else one.end] - times[one.start]) / DAY_MS for one in found
    ]


def changes(points: Sequence[float]) -> list[float]:
    return [after / before - 1 for before, after in pairwise(points)]


def period_ends(m: Material, values: Sequence[float], form: str) -> list[float]:
    last: dict[str, float] = {}
    for time_ms, value in zip(m.open_ms.tolist(), values, strict=True):
        last[datetime.fromtimestamp(time_ms / 1000, UTC).strftime(form)] = value
    return list(last.values())


def quantile(values: Sequence[float], share: float) -> float:
    ranked = sorted(values)
    place = share * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


def line(ys: Sequence[float]) -> tuple[float, float, float]:
    """Slope, R² and error of the slope of a straight line through points one apart."""
    n = len(ys)
    mx, my = (n - 1) / 2, average(ys)
    sxx = math.fsum((x - mx) ** 2 for x in range(n))
    sxy = math.fsum((x - mx) * (y - my) for x, y in enumerate(ys))
    syy = math.fsum((y - my) ** 2 for y in ys)
    slope = sxy / sxx
    rest = math.fsum((y - my - slope * (x - mx)) ** 2 for x, y in enumerate(ys))
    return slope, ratio(sxy**2, sxx * syy), math.sqrt(rest / (n - 2) / sxx)
