"""How does a run go on from where it stopped? One bar for many accounts, each with its action.

What an account hands from bar to bar lies in arrays of the caller: its state, its lots, its sums.
Copy them and the run can be taken up again from there.
"""

from __future__ import annotations

from typing import Final

from engines.compile import F2, J1, J2, Kernel, OutF1, OutF2, kernel, scalar
from engines.kernel.decide import NO_ORDER
from engines.kernel.layout import (
    Account,
    Columns,
    Finer,
    Market,
    Pending,
    Run,
    Settlements,
    Signals,
    Spare,
    Tape,
)
from engines.kernel.marks import first_marks, mark_bar
from engines.kernel.step import step

# --- the state of an account between two bars, float64 ------------------------------------------
CASH: Final = 0
SIDE: Final = 1
UNITS: Final = 2
COST: Final = 3
N_LOTS: Final = 4
TRADES: Final = 5
ORDERS: Final = 6
BLOCKED_UNTIL: Final = 7
ORDER_CLOSES: Final = 8
ORDER_REASON: Final = 9
ORDER_SIDE: Final = 10
ORDER_UNITS: Final = 11
ORDER_BAR: Final = 12
LOST: Final = 13
N_STATE: Final = 14

# --- an action, bits of an int32 ------------------------------------------------------------------
HOLD: Final = 0
ENTER_LONG: Final = 1
ENTER_SHORT: Final = 2
EXIT_LONG: Final = 4
EXIT_SHORT: Final = 8


@scalar
def write_state(state: OutF1, account: Account, order: Pending, lost: bool) -> None:
    """Lay down what the next bar needs."""
    state[CASH] = account.cash
    state[SIDE] = account.side
    state[UNITS] = account.units
    state[COST] = account.cost
    state[N_LOTS] = account.n_lots
    state[TRADES] = account.trades
    state[ORDERS] = account.orders
    state[BLOCKED_UNTIL] = account.blocked_until
    state[ORDER_CLOSES] = 1.0 if order.close else 0.0
    state[ORDER_REASON] = order.reason
    state[ORDER_SIDE] = order.side
    state[ORDER_UNITS] = order.units
    state[ORDER_BAR] = order.signal_bar
    state[LOST] = 1.0 if lost else 0.0


@scalar
def account_in(state: OutF1) -> Account:
    """The account of a state."""
    return Account(
        state[CASH],
        state[SIDE],
        state[UNITS],
        state[COST],
        int(state[N_LOTS]),
        int(state[TRADES]),
        int(state[ORDERS]),
        int(state[BLOCKED_UNTIL]),
    )


@scalar
def order_in(state: OutF1) -> Pending:
    """The order that waits in a state."""
    return Pending(
        state[ORDER_CLOSES] != 0.0,
        int(state[ORDER_REASON]),
        state[ORDER_SIDE],
        state[ORDER_UNITS],
        int(state[ORDER_BAR]),
    )


@scalar
def signals_of(action: int) -> Signals:
    """What an action asks for."""
    return Signals(
        action & ENTER_LONG != 0,
        action & ENTER_SHORT != 0,
        action & EXIT_LONG != 0,
        action & EXIT_SHORT != 0,
    )


@scalar
def begin(run: Run, state: OutF1) -> None:
    """An account that has not traded."""
    first_marks(run)
    account = Account(run.market.initial_cash, 0.0, 0.0, 0.0, 0, 0, 0, 0)
    write_state(state, account, NO_ORDER, False)


@scalar
def go_on(run: Run, finer: Finer, state: OutF1, action: int, bar: int, curve: OutF1) -> None:
    """Take one account through one bar; a lost one stays where it is."""
    if state[LOST] != 0.0:
        return
    order = order_in(state)
    account, order, lost = step(
        run, finer, account_in(state), order, signals_of(action), bar, True, False
    )
    mark_bar(run, account, bar, curve)
    write_state(state, account, order, lost)


def _resume_rows(
    bars: Columns,
    finer: Finer,
    levels: F2,
    params: F2,
    choices: J2,
    market: Market,
    actions: J1,
    bar: int,
    fresh: bool,
    depth: int,
    states: OutF2,
    lots: OutF2,
    sums: OutF2,
    stats: OutF2,
    tape: Tape,
    resting: OutF2,
    memory: OutF1,
    funding: Settlements,
    curve: OutF1,
    spare: Spare,
) -> None:
    for row in range(len(states)):
        own = lots[row * depth : (row + 1) * depth]
        run = Run(
            bars,
            levels,
            params[row],
            choices[row],
            market,
            own,
            sums[row],
            stats[row],
            tape,
            spare,
            resting,
            memory,
            funding,
            True,
        )
        if fresh:
            begin(run, states[row])
        go_on(run, finer, states[row], actions[row], bar, curve)


resume: Final[Kernel[..., None]] = kernel(_resume_rows)
