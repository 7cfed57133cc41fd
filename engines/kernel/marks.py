"""How did the account do, bar by bar? Sums of returns and the drawdown, without a curve."""

from __future__ import annotations

from typing import NamedTuple

from engines.compile import OutF1, scalar
from engines.kernel import layout as at
from engines.kernel.layout import Account, Run
from engines.kernel.money import quantity


class Band(NamedTuple):
    """Where marking stops by itself: at a price outside (low, high), at an account that is lost."""

    watched: bool
    solvent: bool
    low: float
    high: float


@scalar
def first_marks(run: Run) -> None:
    """Sums of an account that has not traded, in the row's statistics."""
    run.stats[at.STAT_EQUITY] = run.market.initial_cash
    run.stats[at.STAT_PEAK] = run.market.initial_cash
    run.stats[at.STAT_EQUITY_RATIO] = 1.0


@scalar
def mark_bars(run: Run, account: Account, start: int, stop: int, band: Band, curve: OutF1) -> int:
    """Mark the bars of an unchanged position from `start`, up to the first outside the band.

    Returns the first bar not marked. A return is equity at close over equity before, − 1. A
    sweep spends its time in this loop: the sums are locals only while it runs, so that they stay
    in registers, and a new drawdown is stored at once, so that it stays a branch.
    """
    close, low, high, stats = run.bars.close, run.bars.low, run.bars.high, run.stats
    held = account.side * quantity(account.units, run.market) * run.market.contract_value
    base = account.cash - account.side * account.cost
    before, peak = stats[at.STAT_EQUITY], stats[at.STAT_PEAK]
    ratio = stats[at.STAT_EQUITY_RATIO]
    drawdown, returns = stats[at.STAT_DRAWDOWN], stats[at.STAT_RETURN_SUM]
    squares, loss_squares = stats[at.STAT_RETURN_SQUARES], stats[at.STAT_LOSS_SQUARES]
    bar = start
    while bar < stop:
        if band.watched and (low[bar] <= band.low or high[bar] >= band.high):
            break
        equity = base + held * close[bar]
        if band.solvent and equity <= 0.0:
            break
        change = equity / before - 1.0
        loss = min(change, 0.0)
        returns += change
        squares += change * change
        loss_squares += loss * loss
        peak = max(peak, equity)
        drawdown = max(drawdown, peak - equity)
        if equity < peak * ratio:
            ratio = equity / peak
            stats[at.STAT_EQUITY_RATIO] = ratio
        before = equity
        if len(curve) > 0:
            curve[bar] = equity
        bar += 1
    stats[at.STAT_EQUITY], stats[at.STAT_PEAK] = before, peak
    stats[at.STAT_DRAWDOWN], stats[at.STAT_RETURN_SUM] = drawdown, returns
    stats[at.STAT_RETURN_SQUARES], stats[at.STAT_LOSS_SQUARES] = squares, loss_squares
    return bar
