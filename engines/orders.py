"""Why did something happen, or not? Codes of the ledger, append-only."""

from __future__ import annotations

from enum import IntEnum


class Reason(IntEnum):
    """Why a fill happened: the signal, level or rule behind the order."""

    ENTRY = 1
    REVERSAL = 2
    SIGNAL_EXIT = 3
    STOP_LOSS = 4
    TAKE_PROFIT = 5
    TRAILING_STOP = 6
    BREAK_EVEN = 7
    TIME_EXIT = 8
    BANKRUPT = 9
    # Not a fill: the position was still open when the data ended (rule A8).
    OPEN = 10
    MARGIN_CALL = 11
    LIQUIDATION = 12
    FUNDING = 13
    SAFETY_ORDER = 14
    SAFETY_CLOSE = 15
    # A risk rule of a script closed the position (rules J2 to J5).
    RISK_RULE = 16
    # Limits of a graph strategy (engines.kernel.limits).
    MAX_DRAWDOWN = 20
    DAILY_LOSS = 21
    ORDER_LIMIT = 22
    CLOCK_EXIT = 23


class Refusal(IntEnum):
    """Why an entry signal did not become an order."""

    QTY_ZERO = 1
    MIN_NOTIONAL = 2
    NO_MARGIN = 3
    CONFLICT = 4
    NO_STOP = 5
    BAD_LEVEL = 6
    POSITION_LIMIT = 7
    COOL_DOWN = 8
    CAPACITY = 9
    MIN_QTY = 10
    NO_EQUITY = 11
    OPPOSITE_IGNORED = 12
    SIDE_NOT_ALLOWED = 13
    # Limits over all positions of an account (engines.risk).
    OPEN_POSITIONS = 14
    CORRELATED_POSITIONS = 15
    PORTFOLIO_HEAT = 16
    EXPIRED = 17
    # A script's own largest position (rule J1).
    POSITION_SIZE = 18
    # What Bybit checks (engines.event.order_rules, engines.event.perpetual, engines.event.spot).
    MAX_QTY = 20
    PRICE_LIMIT = 21
    POST_ONLY = 22
    REDUCE_ONLY = 23
    LEVERAGE = 24
    RISK_LIMIT = 25
    NO_BALANCE = 26
    SPOT_SHORT = 27
    # A market order that found nothing more in the book.
    NO_DEPTH = 31
    # Sizes of a graph strategy (engines.kernel.shares).
    NO_VOLATILITY = 32
    NO_EDGE = 33
    # Limits of a graph strategy (engines.kernel.limits).
    TRADE_LIMIT = 34
    LOSS_STREAK = 35
    DRAWDOWN_LIMIT = 36
    DAILY_LOSS = 37
    ORDER_LIMIT = 38
    RE_ENTRY = 39
    CLOCK = 40
