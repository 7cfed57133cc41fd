"""How do many rows trade at once? Side by side in lanes: arithmetic alone, without a branch.

A loop over such lanes becomes vector code. The money is that of the kernel, of the same bodies in
the same order; `flags` name the lanes that need more than arithmetic.
"""

from __future__ import annotations

import math
from typing import Final

from engines.compile import OutF1, scalar
from engines.kernel import layout as at
from engines.kernel.execute import closing_cost
from engines.kernel.layout import Account, Market
from engines.kernel.money import equity_at, gross_profit, market_price, order_fee, quantity
from engines.kernel.sizing import check_entry, entry_units
from engines.lookup.holdings import is_near, reference

WIDTH: Final = 32
# What a lane keeps, each so many numbers: the account and its lot,
CASH: Final = 0 * WIDTH
SIDE: Final = 1 * WIDTH
UNITS: Final = 2 * WIDTH
COST: Final = 3 * WIDTH
LOT_PRICE: Final = 4 * WIDTH
LOT_FEE: Final = 5 * WIDTH
LOT_BAR: Final = 6 * WIDTH
# sums and extremes, as in the kernel's statistics,
EQUITY: Final = 7 * WIDTH
PEAK: Final = 8 * WIDTH
DRAWDOWN: Final = 9 * WIDTH
RATIO: Final = 10 * WIDTH
RETURNS: Final = 11 * WIDTH
SQUARES: Final = 12 * WIDTH
LOSSES: Final = 13 * WIDTH
BARS_HELD: Final = 14 * WIDTH
FEES: Final = 15 * WIDTH
TURNOVER: Final = 16 * WIDTH
ENTRIES: Final = 17 * WIDTH
TRADES: Final = 18 * WIDTH
TRADE_BARS: Final = 19 * WIDTH
LONG_TRADES: Final = 20 * WIDTH
LONG_WINS: Final = 21 * WIDTH
WINS: Final = 22 * WIDTH
LOST: Final = 23 * WIDTH
GROSS_PROFIT: Final = 24 * WIDTH
GROSS_LOSS: Final = 25 * WIDTH
LARGEST_WIN: Final = 26 * WIDTH
LARGEST_LOSS: Final = 27 * WIDTH
N_KEPT: Final = 28
# its next trade, looked up: 1 where there is one; where it opens and for how much,
ACTIVE: Final = 28 * WIDTH
IN_PRICE: Final = 29 * WIDTH
IN_SIDE: Final = 30 * WIDTH
IN_BAR: Final = 31 * WIDTH
IN_SIZED: Final = 32 * WIDTH
IN_CLOSE: Final = 33 * WIDTH
# 1 where the bar of the last exit is to be marked by itself,
DUE: Final = 34 * WIDTH
# 1 where the trade ends; when and how,
OUT: Final = 35 * WIDTH
OUT_BAR: Final = 36 * WIDTH
OUT_PRICE: Final = 37 * WIDTH
OUT_RATE: Final = 38 * WIDTH
OUT_SLIPS: Final = 39 * WIDTH
OUT_CLOSE: Final = 40 * WIDTH
# what its bars come to,
SUMS: Final = 41 * WIDTH
# and what is left to do: the line of its equity, and flags.
BASE: Final = 49 * WIDTH
HELD: Final = 50 * WIDTH
ASKED: Final = 51 * WIDTH
LOTS: Final = 52 * WIDTH
REFUSED: Final = 53 * WIDTH
GIVE_UP: Final = 54 * WIDTH
WALK_DEPTH: Final = 55 * WIDTH
WALK_RETURNS: Final = 56 * WIDTH
TODO: Final = 57 * WIDTH
N_SLOTS: Final = 58


@scalar
def one_if(flag: bool) -> float:
    """A flag as a number."""
    return 1.0 if flag else 0.0


@scalar
def add_change(s: OutF1, i: int, does: bool, equity: float) -> None:
    """Add the return of a bar that closes with this equity."""
    change = equity / s[EQUITY + i] - 1.0
    change = change if does else 0.0
    loss = min(change, 0.0)
    s[RETURNS + i] += change
    s[SQUARES + i] += change * change
    s[LOSSES + i] += loss * loss


@scalar
def add_depth(s: OutF1, i: int, does: bool, low: float, high: float) -> bool:
    """Note the lowest and highest equity of some bars; whether they have to be walked for it."""
    peak = s[PEAK + i]
    rises = high > peak
    from_ = high if rises else peak
    fall, ratio = from_ - low, low / from_
    deeper = (fall > s[DRAWDOWN + i]) | (ratio < s[RATIO + i])
    falls = does & (not rises)
    s[DRAWDOWN + i] = max(s[DRAWDOWN + i], fall) if falls else s[DRAWDOWN + i]
    s[RATIO + i] = min(s[RATIO + i], ratio) if falls else s[RATIO + i]
    walks = does & rises & deeper
    s[PEAK + i] = high if does & rises & (not walks) else peak
    return bool(walks)


@scalar
def mark_due(s: OutF1, i: int) -> None:
    """Mark the bar of the last exit, where that is due."""
    does = s[DUE + i] != 0.0
    cash = s[CASH + i]
    add_change(s, i, does, cash)
    add_depth(s, i, does, cash, cash)
    s[EQUITY + i] = cash if does else s[EQUITY + i]
    s[BARS_HELD + i] += one_if(does)


@scalar
def close_lot(
    s: OutF1, i: int, does: bool, price: float, fee: float, bar: float, m: Market
) -> None:
    """Close what is open: cash, sums and the trade's counts, as `fills.close_units`."""
    side, qty = s[SIDE + i], quantity(s[UNITS + i], m)
    gross = gross_profit(side, s[LOT_PRICE + i], price, qty, m)
    pnl = gross - s[LOT_FEE + i] - fee - 0.0
    won, lost, long = does & (pnl > 0.0), does & (pnl < 0.0), side > 0.0
    s[CASH + i] = s[CASH + i] + (gross - fee) if does else s[CASH + i]
    s[FEES + i] = s[FEES + i] + fee if does else s[FEES + i]
    notional = price * qty * m.contract_value
    s[TURNOVER + i] = s[TURNOVER + i] + notional if does else s[TURNOVER + i]
    s[TRADES + i] += one_if(does)
    s[TRADE_BARS + i] += bar - s[LOT_BAR + i] if does else 0.0
    s[LONG_TRADES + i] += one_if(does & long)
    s[LONG_WINS + i] += one_if(won & long)
    s[WINS + i] += one_if(won)
    s[LOST + i] += one_if(lost)
    s[GROSS_PROFIT + i] = s[GROSS_PROFIT + i] + pnl if won else s[GROSS_PROFIT + i]
    s[GROSS_LOSS + i] = s[GROSS_LOSS + i] - pnl if lost else s[GROSS_LOSS + i]
    s[LARGEST_WIN + i] = max(s[LARGEST_WIN + i], pnl) if won else s[LARGEST_WIN + i]
    s[LARGEST_LOSS + i] = max(s[LARGEST_LOSS + i], -pnl) if lost else s[LARGEST_LOSS + i]


@scalar
def units_of(s: OutF1, i: int, share: float, price: float, turns: bool, m: Market) -> float:
    """Lots that a lane's entry asks for at the `price` that decides its size; 0 if refused."""
    account = Account(s[CASH + i], s[SIDE + i], s[UNITS + i], s[COST + i], 1, 0, 0, 0)
    equity = equity_at(account, price, m)
    if m.size_at_fill:
        closing = closing_cost(s[UNITS + i], price, m)
        equity = equity - closing if turns else equity
    units = entry_units(at.SIZE_EQUITY, share, equity, equity, price, math.nan, m)
    return units if check_entry(units, equity, equity, price, m) == 0 else 0.0


@scalar
def ask_units(s: OutF1, i: int, share: float, m: Market) -> None:
    """Decide how much the opening takes, and whether it is refused."""
    active = s[ACTIVE + i] != 0.0
    units = units_of(s, i, share, s[IN_SIZED + i], active & (s[SIDE + i] != 0.0), m)
    does = active & (units > 0.0)
    s[ASKED + i] = units if does else 0.0
    s[REFUSED + i] = one_if(active & (not does))


@scalar
def open_lot(s: OutF1, i: int, m: Market) -> None:
    """Take the opening, out of nothing or against a position, as `execute`."""
    price, bar, units = s[IN_PRICE + i], s[IN_BAR + i], s[ASKED + i]
    does = units > 0.0
    turns = does & (s[SIDE + i] != 0.0)
    total = s[UNITS + i] + units
    fee = order_fee(price, quantity(total, m), m.taker_fee_rate, m)
    part = fee * (s[UNITS + i] / total) if turns else 0.0
    left = fee - part
    close_lot(s, i, turns, price, part, bar, m)
    qty = quantity(units, m)
    notional = price * qty * m.contract_value
    s[CASH + i] = s[CASH + i] - left if does else s[CASH + i]
    s[FEES + i] = s[FEES + i] + left if does else s[FEES + i]
    s[TURNOVER + i] = s[TURNOVER + i] + notional if does else s[TURNOVER + i]
    s[ENTRIES + i] += one_if(does)
    s[SIDE + i] = s[IN_SIDE + i] if does else s[SIDE + i]
    s[UNITS + i] = units if does else s[UNITS + i]
    s[COST + i] = notional if does else s[COST + i]
    s[LOT_PRICE + i] = price if does else s[LOT_PRICE + i]
    s[LOT_FEE + i] = left if does else s[LOT_FEE + i]
    s[LOT_BAR + i] = bar if does else s[LOT_BAR + i]


@scalar
def on_line(whole: float, with_y: float, slope: float, at_entry: float) -> float:
    """A sum of returns for an account that differs from the reference: the line of `holdings`."""
    return whole * (1.0 + slope * at_entry) - slope * with_y


@scalar
def mark_lot(s: OutF1, i: int, m: Market) -> None:
    """Mark the bars of the position from its entry's to before its exit's, but their returns."""
    does = (s[ASKED + i] > 0.0) & (s[OUT_BAR + i] > s[IN_BAR + i])
    held = s[SIDE + i] * quantity(s[UNITS + i], m) * m.contract_value
    base = s[CASH + i] - s[SIDE + i] * s[COST + i]
    one = base + held * s[SUMS + 6 * WIDTH + i]
    other = base + held * s[SUMS + 7 * WIDTH + i]
    low, high = min(one, other), max(one, other)
    add_change(s, i, does, base + held * s[IN_CLOSE + i])
    s[WALK_DEPTH + i] = one_if(add_depth(s, i, does, low, high))
    s[GIVE_UP + i] = one_if(does & (low <= 0.0))
    s[EQUITY + i] = base + held * s[OUT_CLOSE + i] if does else s[EQUITY + i]
    s[BARS_HELD + i] += s[OUT_BAR + i] - s[IN_BAR + i] if does else 0.0
    s[BASE + i], s[HELD + i], s[LOTS + i] = base, held, s[UNITS + i]


@scalar
def add_returns(s: OutF1, i: int, share: float, m: Market) -> None:
    """Add the returns of the bars between a position's entry and its exit."""
    does = (s[ASKED + i] > 0.0) & (s[OUT_BAR + i] > s[IN_BAR + i])
    price = s[IN_PRICE + i]
    origin = reference(s[IN_SIDE + i], price, share, m)
    off, at_entry = s[BASE + i] / s[HELD + i] - origin, 1.0 / (price + origin)
    low, high = s[SUMS + 6 * WIDTH + i], s[SUMS + 7 * WIDTH + i]
    near = is_near(off, price, origin, low, high)
    scale = 1.0 / (1.0 + off * at_entry)
    once, twice, square = off * scale, 2.0 * off * scale, scale * scale
    adds = does & near
    returns = on_line(s[SUMS + i], s[SUMS + WIDTH + i], once, at_entry) * scale
    squares = on_line(s[SUMS + 2 * WIDTH + i], s[SUMS + 3 * WIDTH + i], twice, at_entry) * square
    losses = on_line(s[SUMS + 4 * WIDTH + i], s[SUMS + 5 * WIDTH + i], twice, at_entry) * square
    s[RETURNS + i] += returns if adds else 0.0
    s[SQUARES + i] += squares if adds else 0.0
    s[LOSSES + i] += losses if adds else 0.0
    s[WALK_RETURNS + i] = one_if(does & (not near))


@scalar
def leave_lot(s: OutF1, i: int, m: Market) -> None:
    """Fill the exit, if the position has one of its own."""
    does = (s[ASKED + i] > 0.0) & (s[OUT + i] != 0.0)
    slipped = market_price(s[OUT_PRICE + i], -s[SIDE + i], m)
    price = slipped if s[OUT_SLIPS + i] != 0.0 else s[OUT_PRICE + i]
    fee = order_fee(price, quantity(s[UNITS + i], m), s[OUT_RATE + i], m)
    close_lot(s, i, does, price, fee, s[OUT_BAR + i], m)
    s[SIDE + i] = 0.0 if does else s[SIDE + i]
    s[UNITS + i] = 0.0 if does else s[UNITS + i]
    s[COST + i] = 0.0 if does else s[COST + i]
    s[GIVE_UP + i] = 1.0 if does & (s[CASH + i] <= 0.0) else s[GIVE_UP + i]


@scalar
def trade(s: OutF1, share: float, market: Market) -> None:
    """Take every lane through its next trade, as it was looked up."""
    if market.money_digits == 0:
        trade_by(s, share, without_digits(market))
    else:
        trade_by(s, share, market)


@scalar
def trade_by(s: OutF1, share: float, m: Market) -> None:
    """Take every lane through its next trade, step by step.

    A step has so few instructions that the processor works on several lanes at a time.
    """
    for i in range(WIDTH):
        mark_due(s, i)
    for i in range(WIDTH):
        ask_units(s, i, share, m)
    for i in range(WIDTH):
        open_lot(s, i, m)
    for i in range(WIDTH):
        mark_lot(s, i, m)
    for i in range(WIDTH):
        add_returns(s, i, share, m)
    for i in range(WIDTH):
        leave_lot(s, i, m)
        walks = s[WALK_DEPTH + i] + s[WALK_RETURNS + i]
        s[TODO + i] = s[REFUSED + i] + s[GIVE_UP + i] + walks


@scalar
def without_digits(m: Market) -> Market:
    """A market that leaves money exact: a constant, so that no code of rounding stays."""
    return Market(
        m.tick,
        m.lot,
        m.lot_unit,
        m.contract_value,
        m.min_notional,
        m.min_qty,
        m.initial_cash,
        m.leverage,
        m.taker_fee_rate,
        m.maker_fee_rate,
        m.fee_per_contract,
        m.fee_per_order,
        m.slippage_ticks,
        0,
        m.fill_at_close,
        m.size_at_fill,
        m.exits_from_next_bar,
        m.check_margin,
        m.margin_at_value,
    )
