"""What does a fill do? It changes the account, the lots, the sums and, if kept, the ledger."""

from __future__ import annotations

from typing import Final, NamedTuple

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.layout import Account, Run
from engines.kernel.limits import note_close
from engines.kernel.money import gross_profit, quantity, share_of
from engines.orders import Reason

_FUNDING: Final = int(Reason.FUNDING)


class Seen(NamedTuple):
    """Extremes of the part of a bar's path that came before a fill (K2)."""

    high: float
    low: float


@scalar
def refuse(run: Run, bar: int, side: float, reason: int) -> None:
    """Count an entry that did not become an order, and keep the reason."""
    run.stats[at.STAT_REFUSALS] += 1.0
    note_refusal(run, bar, side, reason)


@scalar
def note_refusal(run: Run, bar: int, side: float, reason: int) -> None:
    """Write one row of the refusals; a sweep does not even look at signals noted only here."""
    tape = run.tape
    if not tape.on:
        return
    count = tape.counts[at.COUNT_REFUSALS]
    tape.counts[at.COUNT_REFUSALS] = count + 1
    if count < len(tape.refusals):
        tape.refusals[count, at.REFUSAL_BAR] = bar
        tape.refusals[count, at.REFUSAL_SIDE] = int(side)
        tape.refusals[count, at.REFUSAL_REASON] = reason


@scalar
def record_fill(
    run: Run,
    account: Account,
    bar: int,
    side: float,
    price: float,
    qty: float,
    fee: float,
    reason: int,
    trade: int,
) -> None:
    """Write one row of the ledger; `account` is the account after the fill."""
    tape = run.tape
    run.stats[at.STAT_FEES] += fee
    run.stats[at.STAT_TURNOVER] += price * qty * run.market.contract_value
    if not tape.on:
        return
    count = tape.counts[at.COUNT_FILLS]
    tape.counts[at.COUNT_FILLS] = count + 1
    if count >= len(tape.fills):
        return
    tape.fills[count, at.FILL_PRICE] = price
    tape.fills[count, at.FILL_QTY] = qty
    tape.fills[count, at.FILL_FEE] = fee
    tape.fills[count, at.FILL_FUNDING] = 0.0
    tape.fills[count, at.FILL_CASH] = account.cash
    tape.fill_marks[count, at.FILL_BAR] = bar
    tape.fill_marks[count, at.FILL_LEG] = 0
    tape.fill_marks[count, at.FILL_SIDE] = int(side)
    tape.fill_marks[count, at.FILL_REASON] = reason
    tape.fill_marks[count, at.FILL_TRADE] = trade
    tape.fill_marks[count, at.FILL_ORDER] = account.orders


@scalar
def record_funding(run: Run, account: Account, bar: int, mark: float, paid: float) -> None:
    """Write a settlement into the ledger: no trade and no order of its own."""
    tape = run.tape
    run.stats[at.STAT_FUNDING] += paid
    if not tape.on:
        return
    count = tape.counts[at.COUNT_FILLS]
    tape.counts[at.COUNT_FILLS] = count + 1
    if count >= len(tape.fills):
        return
    tape.fills[count] = 0.0
    tape.fills[count, at.FILL_PRICE] = mark
    tape.fills[count, at.FILL_FUNDING] = paid
    tape.fills[count, at.FILL_CASH] = account.cash
    tape.fill_marks[count] = 0
    tape.fill_marks[count, at.FILL_BAR] = bar
    tape.fill_marks[count, at.FILL_SIDE] = int(account.side)
    tape.fill_marks[count, at.FILL_REASON] = _FUNDING
    tape.fill_marks[count, at.FILL_TRADE] = -1


@scalar
def open_lot(
    run: Run,
    account: Account,
    bar: int,
    side: float,
    units: float,
    price: float,
    fee: float,
    reason: int,
    signal_bar: int,
    at_open: bool,
) -> Account:
    """Add an entry to the account; the caller places its exits. Fee is paid at once (H5)."""
    lots = run.lots
    lot = account.n_lots
    qty = quantity(units, run.market)
    lots[lot, at.LOT_UNITS] = units
    lots[lot, at.LOT_ENTRY_UNITS] = units
    lots[lot, at.LOT_PRICE] = price
    lots[lot, at.LOT_FEE] = fee
    lots[lot, at.LOT_BAR] = bar
    lots[lot, at.LOT_AT_OPEN] = at.AT_OPEN if at_open else at.AT_CLOSE
    lots[lot, at.LOT_TRADE] = account.trades
    lots[lot, at.LOT_SIGNAL_BAR] = signal_bar
    # E1: live from the fill on; or from the bar after the first close that sees the position.
    first_close = bar if at_open else bar + 1
    lots[lot, at.LOT_DOUBT] = 0.0
    if run.full:
        lots[lot, at.LOT_FUNDING] = 0.0
    lots[lot, at.LOT_LIVE_FROM] = first_close + 1 if run.market.exits_from_next_bar else bar
    run.stats[at.STAT_ENTRIES] += 1.0
    after = Account(
        account.cash - fee,
        side,
        account.units + units,
        account.cost + price * qty * run.market.contract_value,
        lot + 1,
        account.trades + 1,
        account.orders,
        account.blocked_until,
    )
    record_fill(run, after, bar, side, price, qty, fee, reason, account.trades)
    return after


@scalar
def close_units(
    run: Run,
    account: Account,
    bar: int,
    lot: int,
    units: float,
    price: float,
    fee: float,
    reason: int,
    seen: Seen,
) -> Account:
    """Take `units` out of a lot at `price`: one trade row, cash chained (K1, K3)."""
    lots = run.lots
    side = account.side
    market = run.market
    qty = quantity(units, market)
    entry = lots[lot, at.LOT_PRICE]
    entry_fee = share_of(lots[lot, at.LOT_FEE], units, lots[lot, at.LOT_UNITS])
    gross = gross_profit(side, entry, price, qty, market)
    funding = 0.0
    if run.full:
        funding = share_of(lots[lot, at.LOT_FUNDING], units, lots[lot, at.LOT_UNITS])
        lots[lot, at.LOT_FUNDING] -= funding
    pnl = gross - entry_fee - fee - funding
    lots[lot, at.LOT_FEE] -= entry_fee
    lots[lot, at.LOT_UNITS] -= units
    left, cost = sums_of_lots(run, account.n_lots)
    blocked = account.blocked_until
    if left == 0.0 and (run.choices[at.COOL_DOWN_AFTER] != at.AFTER_LOSS or pnl < 0.0):
        blocked = bar + run.choices[at.COOL_DOWN]
    after = Account(
        account.cash + (gross - fee),
        side if left > 0.0 else 0.0,
        left,
        cost,
        account.n_lots,
        account.trades,
        account.orders,
        blocked,
    )
    trade = int(lots[lot, at.LOT_TRADE])
    record_fill(run, after, bar, -side, price, qty, fee, reason, trade)
    count_trade(run, lot, bar, side, pnl)
    record_trade(run, lot, bar, side, price, qty, entry_fee, fee, funding, pnl, reason, seen)
    return after


@scalar
def sums_of_lots(run: Run, n_lots: int) -> tuple[float, float]:
    """Lots that are open and what they cost at entry, each summed oldest first.

    Nothing at all once every entry is closed.
    """
    units, cost = 0.0, 0.0
    for lot in range(n_lots):
        own = run.lots[lot, at.LOT_UNITS]
        units += own
        cost += run.lots[lot, at.LOT_PRICE] * quantity(own, run.market) * run.market.contract_value
    return units, cost


@scalar
def drop_empty_lots(run: Run, account: Account) -> Account:
    """Close the ranks of the lots after exits, oldest first (FIFO, K1)."""
    lots = run.lots
    kept = 0
    for lot in range(account.n_lots):
        if lots[lot, at.LOT_UNITS] > 0.0:
            if kept < lot:
                for field in range(at.LOT_STRIDE):
                    lots[kept, field] = lots[lot, field]
            kept += 1
    return Account(
        account.cash,
        account.side,
        account.units,
        account.cost,
        kept,
        account.trades,
        account.orders,
        account.blocked_until,
    )


@scalar
def count_trade(run: Run, lot: int, bar: int, side: float, pnl: float) -> None:
    """Add a closed trade to the sums."""
    if run.full and run.choices[at.RULES] != 0:
        note_close(run, bar, side, pnl)
    stats = run.stats
    stats[at.STAT_TRADES] += 1.0
    stats[at.STAT_TRADE_BARS] += bar - run.lots[lot, at.LOT_BAR]
    if side > 0.0:
        stats[at.STAT_LONG_TRADES] += 1.0
    if pnl > 0.0:
        stats[at.STAT_WINS] += 1.0
        stats[at.STAT_GROSS_PROFIT] += pnl
        stats[at.STAT_LARGEST_WIN] = max(stats[at.STAT_LARGEST_WIN], pnl)
        if side > 0.0:
            stats[at.STAT_LONG_WINS] += 1.0
    elif pnl < 0.0:
        stats[at.STAT_LOSSES] += 1.0
        stats[at.STAT_GROSS_LOSS] -= pnl
        stats[at.STAT_LARGEST_LOSS] = max(stats[at.STAT_LARGEST_LOSS], -pnl)


@scalar
def record_trade(
    run: Run,
    lot: int,
    bar: int,
    side: float,
    price: float,
    qty: float,
    entry_fee: float,
    fee: float,
    funding: float,
    pnl: float,
    reason: int,
    seen: Seen,
) -> None:
    """Write one row of the trade list, with its best and worst price (K1, K2)."""
    tape = run.tape
    if not tape.on:
        return
    count = tape.counts[at.COUNT_TRADES]
    tape.counts[at.COUNT_TRADES] = count + 1
    if count >= len(tape.trades):
        return
    lived = lived_range(run, lot, bar, price, seen)
    tape.trades[count, at.TRADE_ENTRY_PRICE] = run.lots[lot, at.LOT_PRICE]
    tape.trades[count, at.TRADE_EXIT_PRICE] = price
    tape.trades[count, at.TRADE_QTY] = qty
    tape.trades[count, at.TRADE_ENTRY_FEE] = entry_fee
    tape.trades[count, at.TRADE_EXIT_FEE] = fee
    tape.trades[count, at.TRADE_FUNDING] = funding
    tape.trades[count, at.TRADE_PNL] = pnl
    tape.trades[count, at.TRADE_BEST] = lived.high if side > 0.0 else lived.low
    tape.trades[count, at.TRADE_WORST] = lived.low if side > 0.0 else lived.high
    tape.trade_marks[count, at.TRADE_ENTRY_BAR] = int(run.lots[lot, at.LOT_BAR])
    tape.trade_marks[count, at.TRADE_EXIT_BAR] = bar
    tape.trade_marks[count, at.TRADE_SIDE] = int(side)
    tape.trade_marks[count, at.TRADE_REASON] = reason
    tape.trade_marks[count, at.TRADE_NUMBER] = int(run.lots[lot, at.LOT_TRADE])
    tape.trade_marks[count, at.TRADE_LEG] = 0
    tape.trade_marks[count, at.TRADE_DOUBT] = int(run.lots[lot, at.LOT_DOUBT])


@scalar
def lived_range(run: Run, lot: int, bar: int, price: float, seen: Seen) -> Seen:
    """Highest and lowest price between a lot's entry and its exit at `price` in bar `bar`.

    The entry bar counts after the entry, the exit bar before the exit (K2).
    """
    entry_bar = int(run.lots[lot, at.LOT_BAR])
    entry = run.lots[lot, at.LOT_PRICE]
    high = max(entry, price)
    low = min(entry, price)
    first = entry_bar if run.lots[lot, at.LOT_AT_OPEN] == at.AT_OPEN else entry_bar + 1
    for t in range(first, bar):
        high = max(high, run.bars.high[t])
        low = min(low, run.bars.low[t])
    if run.lots[lot, at.LOT_AT_OPEN] == at.INSIDE:
        high = max(high, run.lots[lot, at.LOT_HIGH])
        low = min(low, run.lots[lot, at.LOT_LOW])
    if bar > entry_bar or first == entry_bar:
        high = max(high, seen.high)
        low = min(low, seen.low)
    return Seen(high, low)


NOTHING_SEEN: Final = Seen(float("-inf"), float("inf"))
