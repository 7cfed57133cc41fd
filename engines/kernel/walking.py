"""How does a bar go when entries rest in it? Along the same path, meeting entries and exits.

What a fill puts into the market is met on the rest of the way (E1, B2).
"""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.anchors import anchor_exits
from engines.kernel.day_end import end_day
from engines.kernel.doubt import any_doubt, forget_doubt, weigh_orders
from engines.kernel.enter import fill_entry
from engines.kernel.exits import move_with_price
from engines.kernel.fills import NOTHING_SEEN, Seen, drop_empty_lots
from engines.kernel.ladder import end_with_position, safety_filled, start_ladder
from engines.kernel.layout import Account, Finer, Run
from engines.kernel.meeting import ENTRY, NOTHING, STOP, Meeting, next_meeting
from engines.kernel.path import Prices, is_live, quiet_band, see, stop_out, take_profit
from engines.kernel.resting import anything_rests, pass_by, resting_band
from engines.kernel.rounding import high_comes_first

# Above the number of any trade.
ALL_TRADES: Final = 1 << 62


@scalar
def begin_position(run: Run, account: Account, bar: int, equity: float, signal_bar: int) -> None:
    """An entry has filled: its ladder starts if it is the first, exits count from the new whole."""
    if account.n_lots == 1 and run.choices[at.LADDER_ORDERS] > 0:
        price = run.lots[0, at.LOT_PRICE]
        start_ladder(run, bar, account.side, price, equity, signal_bar)
    anchor_exits(run, account)


@scalar
def meet(run: Run, account: Account, met: Meeting, bar: int, moment: float, seen: Seen) -> Account:
    """Fill what the path has come to."""
    account = fill_met(run, account, met, bar, moment, seen)
    if run.choices[at.RULES] != 0:
        account = end_day(run, account, bar, met.at, seen)
    return account


@scalar
def fill_met(
    run: Run, account: Account, met: Meeting, bar: int, moment: float, seen: Seen
) -> Account:
    """Fill one order."""
    if met.what == STOP:
        account = stop_out(run, account, bar, met.number, met.at, seen)
        return drop_empty_lots(run, account)
    if met.what != ENTRY:
        account = take_profit(run, account, bar, met.number, met.target, met.at, seen)
        return drop_empty_lots(run, account)
    one = run.resting[met.number]
    equity, signal_bar = one[rests.EQUITY], int(one[rests.SIGNAL_BAR])
    before = account.trades
    account = fill_entry(run, account, met.number, bar, met.at, moment, seen)
    if account.trades > before:
        if met.number >= rests.SAFETY:
            safety_filled(run, run.lots[account.n_lots - 1, at.LOT_PRICE], bar)
        begin_position(run, account, bar, equity, signal_bar)
    return account


@scalar
def arrive(run: Run, account: Account, bar: int, price: float) -> None:
    """The price is here: trailing stops follow it, break-even and stop-limits are triggered."""
    pass_by(run, price)
    for lot in range(account.n_lots):
        if is_live(run, lot, bar):
            move_with_price(run, lot, account.side, price)
    see_inside(run, account, bar, price, price)


@scalar
def see_inside(run: Run, account: Account, bar: int, high: float, low: float) -> None:
    """Note the extremes of the way for lots that were entered inside this bar (K2)."""
    if not run.tape.on:
        return
    lots = run.lots
    for lot in range(account.n_lots):
        if lots[lot, at.LOT_AT_OPEN] == at.INSIDE and lots[lot, at.LOT_BAR] == bar:
            lots[lot, at.LOT_HIGH] = max(lots[lot, at.LOT_HIGH], high)
            lots[lot, at.LOT_LOW] = min(lots[lot, at.LOT_LOW], low)


@scalar
def go(
    run: Run, account: Account, bar: int, here: float, there: float, seen: Seen
) -> tuple[Account, Seen]:
    """Take the price from `here` to `there` without turning, or just stand there."""
    met = next_meeting(run, account, bar, here, there, ALL_TRADES)
    while met.what != NOTHING:
        if met.at != here:
            arrive(run, account, bar, met.at)
        here = met.at
        seen = see(seen, here)
        account = meet(run, account, met, bar, at.INSIDE, seen)
        end_with_position(run, account)
        met = next_meeting(run, account, bar, here, there, ALL_TRADES)
    arrive(run, account, bar, there)
    return account, see(seen, there)


@scalar
def meet_at_close(run: Run, account: Account, bar: int, fresh_from: int) -> Account:
    """A2: orders that the close is already through fill there, at once.

    Exits of entries that filled at this very close, numbered `fresh_from` on, wait for the next
    bar.
    """
    close = run.bars.close[bar]
    seen = Seen(run.bars.high[bar], run.bars.low[bar])
    met = next_meeting(run, account, bar, close, close, fresh_from)
    while met.what != NOTHING:
        account = meet(run, account, met, bar, at.AT_CLOSE, seen)
        end_with_position(run, account)
        met = next_meeting(run, account, bar, close, close, fresh_from)
    return account


@scalar
def busy_band(run: Run, account: Account, bar: int) -> tuple[float, float]:
    """Prices (low, high) between which nothing rests: neither entries nor exits."""
    band = (-math.inf, math.inf)
    if account.side != 0.0:
        band = quiet_band(run, account, bar)
    return resting_band(run, band)


@scalar
def walk_through(
    run: Run, account: Account, bar: int, prices: Prices, seen: Seen, band: tuple[float, float]
) -> tuple[Account, Seen, tuple[float, float]]:
    """Walk one base or finer bar along its assumed path (B1), jumping to its open (B3).

    A stretch inside the band of quiet prices meets nothing; the band is that of the position as
    it becomes.
    """
    start = prices.open
    end = start
    high_first = high_comes_first(start, prices.high, prices.low, run.market.tick)
    for stretch in range(4):
        if stretch == 1 or stretch == 2:
            end = prices.high if (stretch == 1) == high_first else prices.low
        elif stretch == 3:
            end = prices.close
        if min(start, end) > band[0] and max(start, end) < band[1]:
            seen = see(seen, end)
            see_inside(run, account, bar, end, end)
        else:
            account, seen = go(run, account, bar, start, end, see(seen, start))
            band = busy_band(run, account, bar)
        start = end
    return account, seen, band


@scalar
def walk_bar(run: Run, account: Account, bar: int, finer: Finer) -> Account:
    """Walk a base bar through its finer bars, or along its own path where it has none (B7)."""
    bars = run.bars
    first = finer.first[bar]
    count = finer.end[bar] - first
    seen = NOTHING_SEEN
    band = busy_band(run, account, bar)
    prices = Prices(bars.open[bar], bars.high[bar], bars.low[bar], bars.close[bar])
    # What the whole bar leaves in no doubt, none of its finer bars does.
    doubtful = any_doubt(run, account, bar, prices)
    for k in range(max(count, 1)):
        if count > 0:
            j = first + k
            prices = Prices(finer.open[j], finer.high[j], finer.low[j], finer.close[j])
        if prices.low > band[0] and prices.high < band[1]:
            seen = Seen(max(seen.high, prices.high), min(seen.low, prices.low))
            see_inside(run, account, bar, prices.high, prices.low)
            continue
        if doubtful:
            weigh_orders(run, account, bar, prices)
        account, seen, band = walk_through(run, account, bar, prices, seen, band)
        if account.side == 0.0 and not anything_rests(run):
            break
    if doubtful:
        forget_doubt(run, account)
    return account
