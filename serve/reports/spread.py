"""How do the results of trades spread? A histogram of their returns, and wins beside losses."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from engines.orders import Reason
from serve.reports import figures
from serve.reports.content import Run

_BINS: Final = 40
_TAIL: Final = 0.01


class Bin(NamedTuple):
    """A bar of the histogram: where it stands (percent of the width), how high, and what it is."""

    left: float
    width: float
    height: float
    tone: figures.Tone
    text: str


class Spread(NamedTuple):
    """Returns of trades as a histogram; means of wins and losses and zero as percent of its width.

    `tail` trades lie beyond its ends and are counted in the outermost bars.
    """

    bins: tuple[Bin, ...]
    zero: float
    marks: tuple[tuple[str, float, str], ...]
    low: str
    high: str
    tail: int


class Outcome(NamedTuple):
    """Wins, losses or neither: how many, what share, and their bar's tone."""

    label: str
    number: str
    share: float
    text: str
    tone: figures.Tone


def spread(run: Run) -> Spread | None:
    """How the returns of closed trades spread, None without any."""
    trades = run.trades
    closed = trades["reason"] != Reason.OPEN
    returns = trades["pnl_fraction"][closed]
    returns = returns[np.isfinite(returns)]
    if not len(returns):
        return None
    ends = np.quantile(returns, (_TAIL, 1.0 - _TAIL))
    low, high = min(float(ends[0]), 0.0), max(float(ends[1]), 0.0)
    if low == high:
        low, high = low - 0.01, high + 0.01
    step = _nice((high - low) / _BINS)
    first, last = math.floor(low / step), math.ceil(high / step)
    edges = step * np.arange(first, last + 1)
    counts, _ = np.histogram(np.clip(returns, edges[0], edges[-1]), edges)
    tail = int(((returns < edges[0]) | (returns > edges[-1])).sum())
    width, most = 100.0 / (last - first), max(int(counts.max()), 1)

    def place(value: float) -> float:
        return float(100.0 * (value - edges[0]) / (edges[-1] - edges[0]))

    bins = tuple(
        Bin(width * at, width, 100.0 * count / most, "loss" if edges[at + 1] <= 1e-12 else "gain",
            f"{figures.percent(edges[at])} to {figures.percent(edges[at + 1])}: {count:,} trades")
        for at, count in enumerate(counts.tolist())
        if count
    )  # fmt: skip
    marks = tuple(
        (label, place(float(some.mean())), figures.percent(float(some.mean()), signed=True))
        for label, some in (("mean loss", returns[returns < 0]), ("mean win", returns[returns > 0]))
        if len(some)
    )
    low_text, high_text = figures.percent(float(edges[0])), figures.percent(float(edges[-1]))
    return Spread(bins, place(0.0), marks, low_text, high_text, tail)


def _nice(step: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * times for times in (1.0, 2.0, 5.0, 10.0) if power * times >= step)


def outcomes(run: Run) -> tuple[Outcome, ...]:
    """Wins, losses and trades that came out even; empty without closed trades."""
    pnl = run.trades["pnl"][run.trades["reason"] != Reason.OPEN]
    if not len(pnl):
        return ()
    kinds: tuple[tuple[str, int, figures.Tone], ...] = (
        ("Wins", int((pnl > 0.0).sum()), "gain"),
        ("Losses", int((pnl < 0.0).sum()), "loss"),
        ("Even", int((pnl == 0.0).sum()), ""),
    )
    return tuple(
        Outcome(
            label, f"{hits:,}", 100.0 * hits / len(pnl), figures.percent(hits / len(pnl), 1), tone
        )
        for label, hits, tone in kinds
        if label != "Even" or hits
    )
