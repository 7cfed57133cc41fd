"""Which exits hang on the order inside a bar? Those that the other order would have made otherwise.

A bar does not tell which extreme came first. An exit is in doubt when the lot that it leaves would
have come out of the bar, base or finer, with another worth had the other extreme come first.
"""

from __future__ import annotations

from typing import NamedTuple

from engines.compile import scalar, seldom
from engines.kernel import layout as at
from engines.kernel.exits import next_in_favour
from engines.kernel.fills import NOTHING_SEEN, sums_of_lots
from engines.kernel.layout import Account, Run, Tape
from engines.kernel.money import gross_profit, market_price, order_fee, quantity
from engines.kernel.path import Prices, is_live, live_through


class Trial(NamedTuple):
    """What a lot is worth after a bar, what it does not sell valued at the close."""

    worth: float
    sells: bool


@scalar
def may_stop(run: Run, lot: int, side: float, far: float, near: float) -> bool:
    """Whether a bar from `near` to `far` (in favour) can meet a stop of the lot in either order.

    A quick look that lets too much through: levels are not put on their grid.
    """
    lots = run.lots
    if side * near <= side * lots[lot, at.LOT_STOP]:
        return True
    mark = lots[lot, at.LOT_WATER]
    if side * far >= side * lots[lot, at.LOT_ACTIVATION] and not side * far <= side * mark:
        mark = far
    distance = lots[lot, at.LOT_TRAIL]
    if run.choices[at.TRAIL_KIND] == at.FRACTION:
        distance *= mark
    if side * near <= side * mark - distance + run.market.tick:
        return True
    return bool(side * near <= side * lots[lot, at.LOT_BREAK_EVEN])


@scalar
def may_doubt(run: Run, account: Account, bar: int, lot: int, prices: Prices) -> bool:
    """Whether the bar can meet something in favour and a stop: only then the order can matter."""
    if not is_live(run, lot, bar):
        return False
    side = account.side
    far = prices.high if side > 0.0 else prices.low
    near = prices.low if side > 0.0 else prices.high
    if not may_stop(run, lot, side, far, near):
        return False
    return bool(side * far >= side * next_in_favour(run, lot, side))


@scalar
def any_doubt(run: Run, account: Account, bar: int, prices: Prices) -> bool:
    """Whether the order inside the bar can matter to any lot."""
    doubt = False
    for lot in range(account.n_lots):
        doubt = doubt or may_doubt(run, account, bar, lot, prices)
    return doubt


@seldom
def trial(run: Run, lot: int, side: float, bar: int, prices: Prices, other: bool) -> Trial:
    """Walk one lot through a bar and keep nothing but what it comes to."""
    spare, market = run.spare, run.market
    for field in range(at.LOT_STRIDE):
        spare.lots[0, field] = run.lots[lot, field]
    units = spare.lots[0, at.LOT_UNITS]
    kept = run.tape
    silent = Tape(
        False,
        kept.counts,
        kept.fills,
        kept.fill_marks,
        kept.trades,
        kept.trade_marks,
        kept.refusals,
    )
    alone = Run(
        run.bars,
        run.levels,
        run.params,
        run.choices,
        market,
        spare.lots,
        run.sums,
        spare.stats,
        silent,
        spare,
        run.resting,
        spare.memory,
        run.funding,
        run.full,
    )
    units, cost = sums_of_lots(alone, 1)
    account = Account(0.0, side, units, cost, 1, 0, 0, 0)
    account, _ = live_through(alone, account, bar, prices, NOTHING_SEEN, other)
    worth = account.cash
    if account.side != 0.0:
        qty = quantity(account.units, market)
        price = market_price(prices.close, -side, market)
        entry = spare.lots[0, at.LOT_PRICE]
        fee = order_fee(price, qty, market.taker_fee_rate, market)
        worth += gross_profit(side, entry, price, qty, market) - fee
    return Trial(worth, account.units < units)


@seldom
def weigh_orders(run: Run, account: Account, bar: int, prices: Prices) -> None:
    """Count the exits of a bar, base or finer, that hang on its order, before it is walked."""
    stats = run.stats
    # An extreme at the open came first.
    unknown = prices.open < prices.high and prices.open > prices.low
    for lot in range(account.n_lots):
        run.lots[lot, at.LOT_DOUBT] = 0.0
        if unknown and may_doubt(run, account, bar, lot, prices):
            assumed = trial(run, lot, account.side, bar, prices, False)
            other = trial(run, lot, account.side, bar, prices, True)
            if assumed.sells and other.worth != assumed.worth:
                run.lots[lot, at.LOT_DOUBT] = 1.0
                stats[at.STAT_DOUBTS] += 1.0
                stats[at.STAT_WORSE] += min(other.worth - assumed.worth, 0.0)
                stats[at.STAT_BETTER] += max(other.worth - assumed.worth, 0.0)


@scalar
def forget_doubt(run: Run, account: Account) -> None:
    """What is left of the lots goes on without doubt."""
    for lot in range(account.n_lots):
        run.lots[lot, at.LOT_DOUBT] = 0.0
