"""How did the account do, bar by bar? Sums of returns and the drawdown, without a curve."""

from __future__ import annotations

import math
from typing import NamedTuple

from engines.compile import F1, OutF1, scalar
from engines.kernel import layout as at
from engines.kernel.layout import Account, Run
from engines.kernel.money import quantity
from engines.spans import Passed, first_beyond, pass_bars
from engines.vector_code import LANES


@scalar
def first_marks(run: Run) -> None:
    """Sums of an account that has not traded, in the row's statistics."""
    run.stats[at.STAT_EQUITY] = run.market.initial_cash
    run.stats[at.STAT_PEAK] = run.market.initial_cash
    run.stats[at.STAT_EQUITY_RATIO] = 1.0
    run.sums[:] = 0.0


@scalar
def last_marks(run: Run) -> None:
    """Add up the lanes of the sums over bars."""
    for lane in range(LANES):
        run.stats[at.STAT_RETURN_SUM] += run.sums[lane]
        run.stats[at.STAT_RETURN_SQUARES] += run.sums[LANES + lane]
        run.stats[at.STAT_LOSS_SQUARES] += run.sums[2 * LANES + lane]


@scalar
def quiet_end(run: Run, band: tuple[float, float], start: int, stop: int) -> int:
    """First bar from `start` on that reaches beyond the band (low, high); `stop` if none does."""
    return first_beyond(run.bars.low, run.bars.high, start, stop, band[0], band[1])


@scalar
def line_of(run: Run, account: Account) -> tuple[float, float]:
    """Equity as a function of the close, base + held × close, of a position as it is."""
    held = account.side * quantity(account.units, run.market) * run.market.contract_value
    return account.cash - account.side * account.cost, held


@scalar
def mark_bars(run: Run, account: Account, start: int, stop: int, curve: OutF1) -> int:
    """Mark the bars of an unchanged position; returns the first bar not marked.

    That is `stop`, or the first bar that closes without equity. A return is equity at close over
    equity before, − 1.
    """
    if start >= stop:
        return start
    close, stats = run.bars.close, run.stats
    base, held = line_of(run, account)
    before = stats[at.STAT_EQUITY]
    passed = pass_bars(close, start, stop, base, held, before, run.sums)
    if passed.low <= 0.0:
        stop = start
        while base + held * close[stop] > 0.0:
            stop += 1
        if stop == start:
            return start
        passed = pass_bars(close, start, stop, base, held, before, run.sums)
    if passed.high <= stats[at.STAT_PEAK]:
        fall_to(run, passed.low)
    else:
        rise_and_fall(run, passed, start, stop, base, held)
    stats[at.STAT_EQUITY] = passed.last
    if len(curve) > 0:
        for one in range(start, stop):
            curve[one] = base + held * close[one]
    return stop


@scalar
def mark_bar(run: Run, account: Account, bar: int, curve: OutF1) -> None:
    """Mark one bar, whatever it closes with: `mark_bars` without its preparations."""
    base, held = line_of(run, account)
    equity = base + held * run.bars.close[bar]
    mark_equity(run, equity)
    if len(curve) > 0:
        curve[bar] = equity


@scalar
def mark_equity(run: Run, equity: float) -> None:
    """Mark a bar that closes with this equity."""
    stats = run.stats
    add_return(run, equity)
    if equity <= stats[at.STAT_PEAK]:
        fall_to(run, equity)
    else:
        stats[at.STAT_PEAK] = equity
    stats[at.STAT_EQUITY] = equity


@scalar
def add_return(run: Run, equity: float) -> None:
    """Add the return of a bar that closes with this equity to the sums."""
    sums, change = run.sums, equity / run.stats[at.STAT_EQUITY] - 1.0
    sums[0] += change
    sums[LANES] += change * change
    if change < 0.0:
        sums[2 * LANES] += change * change


@scalar
def rise_and_fall(
    run: Run, passed: Passed, start: int, stop: int, base: float, held: float
) -> None:
    """Note equities of which some are above the peak so far."""
    stats = run.stats
    # No fall inside is deeper than one from the highest to the lowest would be.
    if (
        passed.high - passed.low > stats[at.STAT_DRAWDOWN]
        or passed.low / passed.high < stats[at.STAT_EQUITY_RATIO]
    ):
        depth = Depth(stats[at.STAT_PEAK], stats[at.STAT_DRAWDOWN], stats[at.STAT_EQUITY_RATIO])
        depth = walk_depth(run.bars.close, start, stop, base, held, depth)
        stats[at.STAT_DRAWDOWN], stats[at.STAT_EQUITY_RATIO] = depth.fall, depth.ratio
    stats[at.STAT_PEAK] = passed.high


class Depth(NamedTuple):
    """The highest equity so far, and its deepest fall in money and as what was left of a peak."""

    peak: float
    fall: float
    ratio: float


@scalar
def walk_depth(close: F1, start: int, stop: int, base: float, held: float, depth: Depth) -> Depth:
    """The depth after some bars, looked at one by one, of which one is above the peak so far."""
    peak, fall, ratio = depth
    low = math.inf
    for bar in range(start, stop):
        equity = base + held * close[bar]
        if equity > peak:
            if low < math.inf:
                fall, ratio = max(fall, peak - low), min(ratio, low / peak)
                low = math.inf
            peak = equity
        else:
            low = min(low, equity)
    if low < math.inf:
        fall, ratio = max(fall, peak - low), min(ratio, low / peak)
    return Depth(peak, fall, ratio)


@scalar
def fall_to(run: Run, equity: float) -> None:
    """Note an equity at most as high as the peak: it may be the deepest fall."""
    stats = run.stats
    peak = stats[at.STAT_PEAK]
    stats[at.STAT_DRAWDOWN] = max(stats[at.STAT_DRAWDOWN], peak - equity)
    stats[at.STAT_EQUITY_RATIO] = min(stats[at.STAT_EQUITY_RATIO], equity / peak)
