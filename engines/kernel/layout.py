"""Where does the kernel find things? Slots of a row, of a lot, of a resting entry, of the outputs.

Slots are append-only: later order kinds, margin and ladders take the numbers that follow.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from engines.compile import F1, F2, I1, J1, OutF1, OutF2, OutI1, OutI2

# Take-profit levels of one entry. The predecessor had four.
MAX_TARGETS: Final = 8
# Safety orders of one ladder. The predecessor had fourteen beside the first entry.
MAX_SAFETY_ORDERS: Final = 24

# --- parameters of a row, float64 -------------------------------------------------------------
SIZE: Final = 0
STOP: Final = 1
TRAIL_DISTANCE: Final = 2
TRAIL_ACTIVATION: Final = 3
BREAK_EVEN_TRIGGER: Final = 4
BREAK_EVEN_OFFSET: Final = 5
TARGET: Final = 6
PORTION: Final = TARGET + MAX_TARGETS
ENTRY_DISTANCE: Final = PORTION + MAX_TARGETS
# Of a stop-limit entry: how far its limit lies beyond its stop, a fraction.
ENTRY_LIMIT: Final = ENTRY_DISTANCE + 1
# A ladder's safety orders: how far each lies from the ladder's anchor, and its size as a multiple
# of the first entry's.
LADDER_STEP: Final = ENTRY_LIMIT + 1
LADDER_SHARE: Final = LADDER_STEP + MAX_SAFETY_ORDERS
LADDER_TRAIL: Final = LADDER_SHARE + MAX_SAFETY_ORDERS
LADDER_PULL_BACK: Final = LADDER_TRAIL + 1
# Loss, as a fraction of the position's margin, at which all of it is closed; 0 for never.
SAFETY_CLOSE: Final = LADDER_PULL_BACK + 1
# Share of the equity that an entry commits at most and at least (0: no limit), and that one sized
# by Kelly commits before there are enough trades.
SIZE_CAP: Final = SAFETY_CLOSE + 1
SIZE_FLOOR: Final = SIZE_CAP + 1
KELLY_START: Final = SIZE_FLOOR + 1
# Fall of the equity from its peak, and in a day, at which everything is closed; 0 for never.
MAX_DRAWDOWN: Final = KELLY_START + 1
MAX_DAY_LOSS: Final = MAX_DRAWDOWN + 1
# Least profit, a share of the position's cost, for exit signals and for the time exit to count;
# −inf for any.
EXIT_PROFIT: Final = MAX_DAY_LOSS + 1
TIME_PROFIT: Final = EXIT_PROFIT + 1
N_PARAMS: Final = TIME_PROFIT + 1

# --- choices of a row, int32 ------------------------------------------------------------------
# Rows of the bitmaps; row 0 is always empty.
ENTER_LONG: Final = 0
ENTER_SHORT: Final = 1
EXIT_LONG: Final = 2
EXIT_SHORT: Final = 3
SIZE_MODE: Final = 4
ON_OPPOSITE: Final = 5
PYRAMIDING: Final = 6
MAX_BARS: Final = 7
COOL_DOWN: Final = 8
COOL_DOWN_AFTER: Final = 9
STOP_KIND: Final = 10
# A level may have one column for longs and another for shorts: the slot after is the short's.
STOP_COLUMN: Final = 11
STOP_FOLLOWS: Final = 13
TRAIL_KIND: Final = 14
TRAIL_COLUMN: Final = 15
ACTIVATION_KIND: Final = 17
ACTIVATION_COLUMN: Final = 18
BREAK_EVEN_KIND: Final = 20
BREAK_EVEN_COLUMN: Final = 21
OFFSET_KIND: Final = 23
N_TARGETS: Final = 24
TARGET_KIND: Final = 25
TARGET_COLUMN: Final = TARGET_KIND + MAX_TARGETS
ENTRY_TYPE: Final = TARGET_COLUMN + 2 * MAX_TARGETS
ENTRY_KIND: Final = ENTRY_TYPE + 1
ENTRY_COLUMN: Final = ENTRY_KIND + 1
# Bars that an entry waits for its price; 0 for as long as it takes.
ENTRY_BARS: Final = ENTRY_COLUMN + 2
LADDER_ORDERS: Final = ENTRY_BARS + 1
LADDER_KIND: Final = LADDER_ORDERS + 1
LADDER_COLUMN: Final = LADDER_KIND + 1
# Safety orders that rest at a time; 0 for all.
LADDER_WINDOW: Final = LADDER_COLUMN + 2
STOP_ANCHOR: Final = LADDER_WINDOW + 1
ACTIVATION_ANCHOR: Final = STOP_ANCHOR + 1
BREAK_EVEN_ANCHOR: Final = ACTIVATION_ANCHOR + 1
TARGET_ANCHOR: Final = BREAK_EVEN_ANCHOR + 1
SIZE_COLUMN: Final = TARGET_ANCHOR + MAX_TARGETS
KELLY_TRADES: Final = SIZE_COLUMN + 2
# 1 where any of the rules below is there (`engines.kernel.limits`); 0 is no limit.
RULES: Final = KELLY_TRADES + 1
MAX_DAY_ENTRIES: Final = RULES + 1
MAX_WEEK_ENTRIES: Final = MAX_DAY_ENTRIES + 1
MAX_DAY_ORDERS: Final = MAX_WEEK_ENTRIES + 1
MAX_LOSSES: Final = MAX_DAY_ORDERS + 1
LOSS_PAUSE: Final = MAX_LOSSES + 1
RE_ENTRY_BARS: Final = LOSS_PAUSE + 1
OTHER_SIDE_FIRST: Final = RE_ENTRY_BARS + 1
# Columns of the levels: number of the day and of the week, and the next bar at or after this one
# at which the clock closes the position (−1: no such exit).
DAY_COLUMN: Final = OTHER_SIDE_FIRST + 1
WEEK_COLUMN: Final = DAY_COLUMN + 1
CLOCK_COLUMN: Final = WEEK_COLUMN + 1
N_CHOICES: Final = CLOCK_COLUMN + 1

# How a distance or level is given.
NO_LEVEL: Final = 0
FRACTION: Final = 1
TICKS: Final = 2
MULTIPLE: Final = 3
PRICE: Final = 4
AFTER_TARGET: Final = 5

# How a position is sized.
SIZE_FIXED: Final = 0
SIZE_CASH: Final = 1
SIZE_EQUITY: Final = 2
SIZE_RISK: Final = 3
SIZE_VOLATILITY: Final = 4
SIZE_KELLY: Final = 5

# What an entry signal against the open position does.
REVERSE: Final = 0
CLOSE_ONLY: Final = 1
IGNORE: Final = 2

# How an entry meets the market; a resting order keeps its type.
MARKET_ENTRY: Final = 0
LIMIT_ENTRY: Final = 1
STOP_ENTRY: Final = 2
STOP_LIMIT_ENTRY: Final = 3

# What an exit's distance is measured from: its own entry, or the position as it grows.
FROM_ENTRY: Final = 0
FROM_AVERAGE: Final = 1
FROM_LAST: Final = 2

# Which exits start a cool-down.
AFTER_ANY: Final = 0
AFTER_LOSS: Final = 1

# --- an open lot: one entry and what rests on it ----------------------------------------------
LOT_UNITS: Final = 0
LOT_ENTRY_UNITS: Final = 1
LOT_PRICE: Final = 2
LOT_FEE: Final = 3
LOT_BAR: Final = 4
LOT_AT_OPEN: Final = 5
LOT_TRADE: Final = 6
LOT_SIGNAL_BAR: Final = 7
LOT_LIVE_FROM: Final = 8
LOT_STOP: Final = 9
LOT_STOP_REASON: Final = 10
LOT_TRAIL: Final = 11
LOT_ACTIVATION: Final = 12
LOT_WATER: Final = 13
LOT_BREAK_EVEN_TRIGGER: Final = 14
LOT_BREAK_EVEN: Final = 15
LOT_TARGET: Final = 16
LOT_TARGET_UNITS: Final = LOT_TARGET + MAX_TARGETS
# 1 while an exit of the lot hangs on the order inside the bar (`engines.kernel.doubt`).
LOT_DOUBT: Final = LOT_TARGET_UNITS + MAX_TARGETS
# Extremes of the entry bar's path after an entry inside it (K2).
LOT_HIGH: Final = LOT_DOUBT + 1
LOT_LOW: Final = LOT_HIGH + 1
# Funding that the lot has paid, less what left with its closed parts.
LOT_FUNDING: Final = LOT_LOW + 1
# The stop of the position's margin (`SafetyClose`), and what it stands before.
LOT_SAFETY: Final = LOT_FUNDING + 1
LOT_OWN_STOP: Final = LOT_SAFETY + 1
LOT_OWN_REASON: Final = LOT_OWN_STOP + 1
LOT_STRIDE: Final = LOT_OWN_REASON + 1

# When a lot was entered: at a bar's close, at its open, or on the way.
AT_CLOSE: Final = 0.0
AT_OPEN: Final = 1.0
INSIDE: Final = 2.0

# --- statistics of a row: sums that the host turns into ratios --------------------------------
STAT_BARS: Final = 0
STAT_BARS_HELD: Final = 1
STAT_EQUITY: Final = 2
STAT_CASH: Final = 3
STAT_RETURN_SUM: Final = 4
STAT_RETURN_SQUARES: Final = 5
STAT_LOSS_SQUARES: Final = 6
STAT_EQUITY_RATIO: Final = 7
STAT_DRAWDOWN: Final = 8
STAT_FEES: Final = 9
STAT_TRADES: Final = 10
STAT_WINS: Final = 11
STAT_LOSSES: Final = 12
STAT_GROSS_PROFIT: Final = 13
STAT_GROSS_LOSS: Final = 14
STAT_LARGEST_WIN: Final = 15
STAT_LARGEST_LOSS: Final = 16
STAT_TRADE_BARS: Final = 17
STAT_LONG_TRADES: Final = 18
STAT_LONG_WINS: Final = 19
STAT_ENTRIES: Final = 20
STAT_REFUSALS: Final = 21
STAT_TURNOVER: Final = 22
STAT_PEAK: Final = 23
# Exits that hang on the order inside a bar; what the worse and the better order would have added.
STAT_DOUBTS: Final = 24
STAT_WORSE: Final = 25
STAT_BETTER: Final = 26
STAT_FUNDING: Final = 27
N_STATS: Final = 28

# --- the ledger -------------------------------------------------------------------------------
FILL_PRICE: Final = 0
FILL_QTY: Final = 1
FILL_FEE: Final = 2
FILL_FUNDING: Final = 3
FILL_CASH: Final = 4
N_FILL_FLOATS: Final = 5
FILL_BAR: Final = 0
FILL_LEG: Final = 1
FILL_SIDE: Final = 2
FILL_REASON: Final = 3
FILL_TRADE: Final = 4
FILL_ORDER: Final = 5
N_FILL_INTS: Final = 6

TRADE_ENTRY_PRICE: Final = 0
TRADE_EXIT_PRICE: Final = 1
TRADE_QTY: Final = 2
TRADE_ENTRY_FEE: Final = 3
TRADE_EXIT_FEE: Final = 4
TRADE_FUNDING: Final = 5
TRADE_PNL: Final = 6
TRADE_BEST: Final = 7
TRADE_WORST: Final = 8
N_TRADE_FLOATS: Final = 9
TRADE_ENTRY_BAR: Final = 0
TRADE_EXIT_BAR: Final = 1
TRADE_SIDE: Final = 2
TRADE_REASON: Final = 3
TRADE_NUMBER: Final = 4
TRADE_LEG: Final = 5
TRADE_DOUBT: Final = 6
N_TRADE_INTS: Final = 7

REFUSAL_BAR: Final = 0
REFUSAL_SIDE: Final = 1
REFUSAL_REASON: Final = 2
N_REFUSAL_INTS: Final = 3

COUNT_FILLS: Final = 0
COUNT_TRADES: Final = 1
COUNT_REFUSALS: Final = 2
N_COUNTS: Final = 3


class Columns(NamedTuple):
    """Prices of the bars, (n_bars,) float64 in quote currency, rounded to the tick (rule C3)."""

    open: F1
    high: F1
    low: F1
    close: F1


class Finer(NamedTuple):
    """Finer bars inside the base bars: those of bar t are `first[t]` to `end[t]` (exclusive)."""

    first: I1
    end: I1
    open: F1
    high: F1
    low: F1
    close: F1


class Market(NamedTuple):
    """What does not change during a run: the instrument and the broker's settings."""

    tick: float
    lot: float
    lot_unit: float
    contract_value: float
    min_notional: float
    min_qty: float
    initial_cash: float
    leverage: float
    taker_fee_rate: float
    maker_fee_rate: float
    fee_per_contract: float
    fee_per_order: float
    slippage_ticks: float
    money_digits: int
    fill_at_close: bool
    size_at_fill: bool
    exits_from_next_bar: bool
    check_margin: bool
    margin_at_value: bool


class Account(NamedTuple):
    """The account between two events. `side` is +1 long, −1 short, 0 flat; units are lots."""

    cash: float
    side: float
    units: float
    cost: float
    n_lots: int
    trades: int
    orders: int
    blocked_until: int


class Pending(NamedTuple):
    """A market order that waits: close what is open, then open `side` (0: nothing)."""

    close: bool
    reason: int
    side: float
    units: float
    signal_bar: int


class Signals(NamedTuple):
    """What a closed bar asks for: a strategy's conditions, or an agent's action."""

    enter_long: bool
    enter_short: bool
    exit_long: bool
    exit_short: bool


class Tape(NamedTuple):
    """Output buffers of a ledger run; `on` is False for a sweep, which keeps sums only."""

    on: bool
    counts: OutI1
    fills: OutF2
    fill_marks: OutI2
    trades: OutF2
    trade_marks: OutI2
    refusals: OutI2


class Settlements(NamedTuple):
    """Funding that falls due: settlement k in bar `bar[k]`, oldest first, at its open or inside it.

    `first[t]` is the number of the first settlement in bar t or later.
    """

    first: I1
    bar: I1
    rate: F1
    at_open: I1


class Spare(NamedTuple):
    """Room for a bar that is walked on trial: one lot, and sums that nobody reads."""

    lots: OutF2
    stats: OutF1
    memory: OutF1


class Run(NamedTuple):
    """Everything that one parameter row's run reads and writes besides its account."""

    bars: Columns
    levels: F2
    params: F1
    choices: J1
    market: Market
    lots: OutF2
    sums: OutF1
    stats: OutF1
    tape: Tape
    spare: Spare
    resting: OutF2
    memory: OutF1
    funding: Settlements
    # A constant of the variant: whether it knows funding, limits, profits that exits ask for and
    # sizes by history. Where it does not, the compiler leaves their code out.
    full: bool
