"""How did the account do, bar by bar? Sums of returns and the drawdown, without a curve."""

from __future__ import annotations

from engines.compile import OutF1, scalar
from engines.kernel import layout as at
from engines.kernel.layout import Account, Run
from engines.kernel.money import quantity
from engines.vectors import LANES, add_returns, extremes_of_equity


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
    for bar in range(start, stop):
        if run.bars.low[bar] <= band[0] or run.bars.high[bar] >= band[1]:
            return bar
    return stop


@scalar
def mark_bars(
    run: Run, account: Account, start: int, stop: int, solvent: bool, curve: OutF1
) -> int:
    """Mark the bars of an unchanged position; returns the first bar not marked.

    That is `stop`, or with `solvent` the first bar that closes without equity. A return is equity
    at close over equity before, − 1.
    """
    close = run.bars.close
    held = account.side * quantity(account.units, run.market) * run.market.contract_value
    base = account.cash - account.side * account.cost
    bar = start
    # A count that the compiler knows needs no mask.
    while bar + LANES <= stop and mark_block(run, bar, LANES, base, held, solvent):
        bar += LANES
    while bar < stop:
        count = min(LANES, stop - bar)
        if mark_block(run, bar, count, base, held, solvent):
            bar += count
            continue
        stop = bar
        while base + held * close[stop] > 0.0:
            stop += 1
    if len(curve) > 0:
        for one in range(start, bar):
            curve[one] = base + held * close[one]
    return bar


@scalar
def mark_block(run: Run, bar: int, count: int, base: float, held: float, solvent: bool) -> bool:
    """Mark `count` ≤ LANES bars, unless `solvent` asks that all end with equity and one does not.

    Equity is `base + held * close`. Tells whether they were marked.
    """
    close, stats = run.bars.close, run.stats
    seen = extremes_of_equity(close, bar, count, base, held)
    if solvent and seen.low <= 0.0:
        return False
    if seen.high <= stats[at.STAT_PEAK]:
        fall_to(run, seen.low)
    else:
        for one in range(bar, bar + count):
            rise_or_fall_to(run, base + held * close[one])
    before = stats[at.STAT_EQUITY]
    stats[at.STAT_EQUITY] = add_returns(close, bar, count, base, held, before, run.sums)
    return True


@scalar
def rise_or_fall_to(run: Run, equity: float) -> None:
    """Note one equity: a new peak, or a distance from the old one."""
    run.stats[at.STAT_PEAK] = max(run.stats[at.STAT_PEAK], equity)
    fall_to(run, equity)


@scalar
def fall_to(run: Run, equity: float) -> None:
    """Note an equity at most as high as the peak: it may be the deepest fall."""
    stats = run.stats
    peak = stats[at.STAT_PEAK]
    stats[at.STAT_DRAWDOWN] = max(stats[at.STAT_DRAWDOWN], peak - equity)
    stats[at.STAT_EQUITY_RATIO] = min(stats[at.STAT_EQUITY_RATIO], equity / peak)
