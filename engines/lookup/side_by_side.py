"""How do rows that share their signals trade, many at a time? Each lane's trade is looked up.

All lanes then go through their trades at once (`lanes`); a lane whose row is done takes the next.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from engines.compile import F2, I2, J2, Kernel, OutF1, OutF2, OutI2, OutI3, kernel, scalar, seldom
from engines.kernel import layout as at
from engines.kernel.exits import place_exits
from engines.kernel.layout import Account, Columns, Market, Run, Settlements, Spare, Tape
from engines.kernel.marks import Depth, walk_depth
from engines.lookup import lanes as lane
from engines.lookup.holdings import N_SUMS
from engines.lookup.lanes import WIDTH, mark_due, trade, units_of
from engines.lookup.leaving import (
    AT_THE_END,
    BY_SIGNAL,
    BY_TARGET,
    BY_TURN,
    UNKNOWN,
    Exit,
    Shared,
    exit_of,
    weigh,
)
from engines.lookup.openings import NONE
from engines.spans import pass_bars
from engines.vector_code import LANES

# What a lane knows of its row: its number, the opening that is next, the bar of an exit that is
# not marked, and of the trade that was looked up the exit's column, whether its order is in doubt,
# the opening after it, that exit's bar, and an opening that may be refused at the last close.
ROW: Final = 0
OPENING: Final = 1
DUE_BAR: Final = 2
COLUMN: Final = 3
DOUBTFUL: Final = 4
NEXT: Final = 5
NEXT_DUE: Final = 6
LAST: Final = 7
# 1 when its row got to the end.
DONE: Final = 8
N_OWN: Final = 9
# Openings that all rows go through before they go on to the next.
BLOCK: Final = 256


class Rows(NamedTuple):
    """Rows that share their signals, and what the kernel's bodies need beside them."""

    bars: Columns
    levels: F2
    params: F2
    choices: J2
    market: Market
    lots: OutF2
    sums: OutF1
    stats: OutF2
    tape: Tape
    spare: Spare
    resting: OutF2
    memory: OutF1
    funding: Settlements


@scalar
def of_row(rows: Rows, row: int) -> Run:
    """One of the rows, as the kernel's bodies want it."""
    return Run(
        rows.bars,
        rows.levels,
        rows.params[row],
        rows.choices[row],
        rows.market,
        rows.lots,
        rows.sums,
        rows.stats[row],
        rows.tape,
        rows.spare,
        rows.resting,
        rows.memory,
        rows.funding,
        False,
    )


@scalar
def take_row(s: OutF1, own: OutI2, i: int, row: int, first: int, cash: float) -> None:
    """Give a lane a row, which has not traded."""
    own[i, ROW], own[i, DONE] = row, 0
    own[i, OPENING], own[i, DUE_BAR], own[i, LAST] = first, NONE, NONE
    for slot in range(lane.N_KEPT):
        s[slot * WIDTH + i] = 0.0
    s[lane.CASH + i] = cash
    s[lane.EQUITY + i] = cash
    s[lane.PEAK + i] = cash
    s[lane.RATIO + i] = 1.0


@scalar
def sized_at(rows: Rows, shared: Shared, k: int) -> float:
    """The price that decides the size of an opening."""
    if rows.market.size_at_fill:
        return float(shared.found.price[k])
    return float(rows.bars.close[shared.found.signal_bar[k]])


@scalar
def put_entry(rows: Rows, shared: Shared, s: OutF1, own: OutI2, i: int, k: int) -> None:
    """Lay down where a lane's next trade opens."""
    found, due = shared.found, own[i, DUE_BAR]
    s[lane.ACTIVE + i] = 1.0
    s[lane.IN_PRICE + i] = found.price[k]
    s[lane.IN_SIDE + i] = found.side[k]
    s[lane.IN_BAR + i] = found.bar[k]
    s[lane.IN_SIZED + i] = sized_at(rows, shared, k)
    s[lane.IN_CLOSE + i] = rows.bars.close[found.bar[k]]
    s[lane.DUE + i] = 1.0 if due != NONE and due != found.bar[k] else 0.0


@scalar
def put_exit(rows: Rows, shared: Shared, s: OutF1, i: int, k: int, left: Exit) -> None:
    """Lay down how it ends, and what its bars come to."""
    bars, market = rows.bars, rows.market
    ends = left.how != BY_TURN and left.how != AT_THE_END
    price = left.price
    if left.how == BY_SIGNAL:
        price = bars.close[left.bar] if market.fill_at_close else bars.open[left.bar]
    gains = left.how == BY_TARGET
    s[lane.OUT + i] = 1.0 if ends else 0.0
    s[lane.OUT_BAR + i] = left.bar
    s[lane.OUT_PRICE + i] = price
    s[lane.OUT_RATE + i] = market.maker_fee_rate if gains else market.taker_fee_rate
    s[lane.OUT_SLIPS + i] = 0.0 if gains else 1.0
    s[lane.OUT_CLOSE + i] = bars.close[left.bar - 1]
    own_sums = shared.held.sums[k * shared.held.water.shape[1] + left.column]
    for slot in range(N_SUMS):
        s[lane.SUMS + slot * WIDTH + i] = own_sums[slot]


@scalar
def put_next(rows: Rows, shared: Shared, own: OutI2, i: int, k: int, left: Exit) -> None:
    """Lay down where the row goes on from there."""
    found = shared.found
    own[i, COLUMN] = left.column
    own[i, DOUBTFUL] = 1 if left.doubtful else 0
    own[i, NEXT_DUE] = left.bar
    if left.how == BY_TURN:
        own[i, NEXT] = found.turn[k]
    elif left.how == AT_THE_END:
        own[i, NEXT], own[i, NEXT_DUE] = shared.n_openings, NONE
        own[i, LAST] = found.turn[k]
    else:
        answered = left.how == BY_SIGNAL and rows.market.fill_at_close
        own[i, NEXT] = found.at_or_after[left.bar + 1 if answered else left.bar]


@scalar
def refuse_last(rows: Rows, shared: Shared, s: OutF1, own: OutI2, i: int, k: int) -> None:
    """An opening with no bar to fill in is only counted where it is refused."""
    if k == NONE or rows.market.size_at_fill:
        return
    if units_of(s, i, shared.share, sized_at(rows, shared, k), False, rows.market) == 0.0:
        rows.stats[own[i, ROW], at.STAT_REFUSALS] += 1.0


@seldom
def finish(rows: Rows, shared: Shared, s: OutF1, own: OutI2, i: int, n_bars: int) -> None:
    """Close the books of a lane's row."""
    stats, k = rows.stats[own[i, ROW]], own[i, OPENING]
    refuse_last(rows, shared, s, own, i, k if k < shared.n_openings else own[i, LAST])
    s[lane.DUE + i] = 1.0 if own[i, DUE_BAR] != NONE else 0.0
    mark_due(s, i)
    s[lane.DUE + i] = 0.0
    own[i, ROW], own[i, DONE] = NONE, 1
    stats[at.STAT_BARS] = n_bars
    stats[at.STAT_BARS_HELD] = s[lane.BARS_HELD + i]
    stats[at.STAT_EQUITY] = s[lane.EQUITY + i]
    stats[at.STAT_CASH] = s[lane.CASH + i]
    stats[at.STAT_RETURN_SUM] = s[lane.RETURNS + i]
    stats[at.STAT_RETURN_SQUARES] = s[lane.SQUARES + i]
    stats[at.STAT_LOSS_SQUARES] = s[lane.LOSSES + i]
    stats[at.STAT_EQUITY_RATIO] = s[lane.RATIO + i]
    stats[at.STAT_DRAWDOWN] = s[lane.DRAWDOWN + i]
    stats[at.STAT_PEAK] = s[lane.PEAK + i]
    stats[at.STAT_FEES] = s[lane.FEES + i]
    stats[at.STAT_TURNOVER] = s[lane.TURNOVER + i]
    stats[at.STAT_ENTRIES] = s[lane.ENTRIES + i]
    stats[at.STAT_TRADES] = s[lane.TRADES + i]
    stats[at.STAT_TRADE_BARS] = s[lane.TRADE_BARS + i]
    stats[at.STAT_LONG_TRADES] = s[lane.LONG_TRADES + i]
    stats[at.STAT_LONG_WINS] = s[lane.LONG_WINS + i]
    stats[at.STAT_WINS] = s[lane.WINS + i]
    stats[at.STAT_LOSSES] = s[lane.LOST + i]
    stats[at.STAT_GROSS_PROFIT] = s[lane.GROSS_PROFIT + i]
    stats[at.STAT_GROSS_LOSS] = s[lane.GROSS_LOSS + i]
    stats[at.STAT_LARGEST_WIN] = s[lane.LARGEST_WIN + i]
    stats[at.STAT_LARGEST_LOSS] = s[lane.LARGEST_LOSS + i]


@seldom
def doubt(rows: Rows, shared: Shared, s: OutF1, own: OutI2, i: int) -> None:
    """Count an exit that hangs on the order inside its bar."""
    run = of_row(rows, own[i, ROW])
    bar = int(s[lane.OUT_BAR + i])
    k, side, units = own[i, OPENING], s[lane.IN_SIDE + i], s[lane.LOTS + i]
    lot = run.lots[0]
    lot[at.LOT_UNITS], lot[at.LOT_ENTRY_UNITS] = units, units
    lot[at.LOT_PRICE], lot[at.LOT_FEE] = s[lane.IN_PRICE + i], 0.0
    lot[at.LOT_BAR], lot[at.LOT_LIVE_FROM] = s[lane.IN_BAR + i], s[lane.IN_BAR + i]
    lot[at.LOT_SIGNAL_BAR] = shared.found.signal_bar[k]
    place_exits(run, 0, side)
    weigh(run, Account(0.0, side, units, 0.0, 1, 0, 0, 0), shared, k, bar, own[i, COLUMN])


@seldom
def walk(rows: Rows, s: OutF1, i: int) -> None:
    """Look at a position's bars for what tables do not tell."""
    bar, end, close = int(s[lane.IN_BAR + i]), int(s[lane.OUT_BAR + i]), rows.bars.close
    base, held = s[lane.BASE + i], s[lane.HELD + i]
    if s[lane.WALK_DEPTH + i] != 0.0:
        depth = Depth(s[lane.PEAK + i], s[lane.DRAWDOWN + i], s[lane.RATIO + i])
        depth = walk_depth(close, bar, end, base, held, depth)
        s[lane.PEAK + i] = depth.peak
        s[lane.DRAWDOWN + i] = depth.fall
        s[lane.RATIO + i] = depth.ratio
    if s[lane.WALK_RETURNS + i] != 0.0 and end - bar > 1:
        sums = rows.sums
        sums[:] = 0.0
        pass_bars(close, bar + 1, end, base, held, base + held * close[bar], sums)
        for one in range(LANES):
            s[lane.RETURNS + i] += sums[one]
            s[lane.SQUARES + i] += sums[LANES + one]
            s[lane.LOSSES + i] += sums[2 * LANES + one]


@scalar
def settle(rows: Rows, shared: Shared, s: OutF1, own: OutI2, i: int) -> None:
    """What arithmetic alone did not do for a lane; then it goes on to its next opening."""
    if s[lane.TODO + i] != 0.0:
        if s[lane.REFUSED + i] != 0.0:
            refuse_opening(rows, s, own, i)
            return
        if s[lane.GIVE_UP + i] != 0.0:
            own[i, ROW] = NONE
            return
        walk(rows, s, i)
    if own[i, DOUBTFUL] != 0:
        doubt(rows, shared, s, own, i)
    own[i, OPENING], own[i, DUE_BAR] = own[i, NEXT], own[i, NEXT_DUE]


@scalar
def refuse_opening(rows: Rows, s: OutF1, own: OutI2, i: int) -> None:
    """A refused entry is passed by; one against a position is more than is known here."""
    if s[lane.SIDE + i] != 0.0:
        own[i, ROW] = NONE
        return
    rows.stats[own[i, ROW], at.STAT_REFUSALS] += 1.0
    own[i, OPENING] += 1
    own[i, LAST] = NONE
    if s[lane.DUE + i] != 0.0:
        own[i, DUE_BAR] = NONE


@scalar
def look_up(rows: Rows, shared: Shared, exits: I2, s: OutF1, own: OutI2, i: int, stop: int) -> bool:
    """Lay down a lane's next trade; False where its row has none that is known."""
    k = own[i, OPENING]
    left = exit_of(shared, k, exits[own[i, ROW]], stop)
    if left.how == UNKNOWN:
        return False
    put_entry(rows, shared, s, own, i, k)
    put_exit(rows, shared, s, i, k, left)
    put_next(rows, shared, own, i, k, left)
    return True


@scalar
def look_up_all(
    rows: Rows, shared: Shared, exits: I2, s: OutF1, own: OutI2, span: tuple[int, int], until: int
) -> int:
    """Lay down the next trade of every lane whose opening is before `until`; how many that are."""
    active, stop = 0, span[1]
    for i in range(WIDTH):
        s[lane.ACTIVE + i] = 0.0
        s[lane.DUE + i] = 0.0
        if own[i, ROW] == NONE or own[i, OPENING] >= until:
            continue
        k = own[i, OPENING]
        if k == shared.n_openings or shared.found.bar[k] >= stop:
            finish(rows, shared, s, own, i, stop - span[0])
        elif look_up(rows, shared, exits, s, own, i, stop):
            active += 1
        else:
            own[i, ROW] = NONE
    return active


@scalar
def go_on(
    rows: Rows, shared: Shared, exits: I2, s: OutF1, own: OutI2, span: tuple[int, int], until: int
) -> None:
    """Take some lanes through their trades up to opening `until`."""
    while look_up_all(rows, shared, exits, s, own, span, until) > 0:
        trade(s, shared.share, rows.market)
        for i in range(WIDTH):
            if s[lane.ACTIVE + i] != 0.0:
                settle(rows, shared, s, own, i)


def _side_by_side(
    rows: Rows,
    exits: I2,
    start: int,
    stop: int,
    shared: Shared,
    s: OutF2,
    own: OutI3,
) -> None:
    first = int(shared.found.at_or_after[start])
    for batch in range(len(s)):
        for i in range(WIDTH):
            row = batch * WIDTH + i
            take_row(s[batch], own[batch], i, row, first, rows.market.initial_cash)
            if row >= len(rows.stats):
                own[batch, i, ROW] = NONE
    # A span of openings at a time: what is looked up of it then stays in the cache.
    for block in range(first, shared.n_openings + BLOCK, BLOCK):
        for batch in range(len(s)):
            until = block + BLOCK
            go_on(rows, shared, exits, s[batch], own[batch], (start, stop), until)


side_by_side: Final[Kernel[..., None]] = kernel(_side_by_side)
