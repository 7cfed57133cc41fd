"""How does the page call things? Words for statistics, reasons, refusals and correlations."""

from __future__ import annotations

import math
from typing import Final

from engines.batch.summary import STATISTICS
from engines.orders import Reason, Refusal

REASONS: Final = {
    Reason.ENTRY: "entry",
    Reason.REVERSAL: "reversal",
    Reason.SIGNAL_EXIT: "exit signal",
    Reason.STOP_LOSS: "stop loss",
    Reason.TAKE_PROFIT: "take profit",
    Reason.TRAILING_STOP: "trailing stop",
    Reason.BREAK_EVEN: "break-even stop",
    Reason.TIME_EXIT: "time exit",
    Reason.BANKRUPT: "account wiped out",
    Reason.OPEN: "still open",
    Reason.MARGIN_CALL: "margin call",
    Reason.LIQUIDATION: "liquidation",
    Reason.FUNDING: "funding",
    Reason.MAX_DRAWDOWN: "drawdown limit",
    Reason.DAILY_LOSS: "daily loss limit",
    Reason.ORDER_LIMIT: "order limit of the day",
    Reason.CLOCK_EXIT: "clock",
    Reason.SAFETY_ORDER: "safety order",
    Reason.SAFETY_CLOSE: "safety close",
    Reason.RISK_RULE: "risk rule",
}

REFUSALS: Final = {
    Refusal.QTY_ZERO: "The size rounded down to zero lots.",
    Refusal.MIN_NOTIONAL: "The order's value was below the venue's minimum.",
    Refusal.NO_MARGIN: "There was not enough free margin.",
    Refusal.CONFLICT: "Long and short were signalled on the same bar.",
    Refusal.NO_STOP: "Sizing by risk needs a stop, and there was none.",
    Refusal.BAD_LEVEL: "An order's price was unknown, or not above zero.",
    Refusal.POSITION_LIMIT: "The position already had as many entries as allowed.",
    Refusal.COOL_DOWN: "The cool-down after the last trade had not passed.",
    Refusal.CAPACITY: "More orders were open at once than the run had room for.",
    Refusal.MIN_QTY: "The size was below the venue's minimum quantity.",
    Refusal.NO_EQUITY: "There was no equity left.",
    Refusal.OPPOSITE_IGNORED: "A position in the other direction was open, and is not reversed.",
    Refusal.SIDE_NOT_ALLOWED: "The script may not enter on that side.",
    Refusal.OPEN_POSITIONS: "As many symbols as allowed had a position.",
    Refusal.CORRELATED_POSITIONS: "As many positions as allowed moved with it.",
    Refusal.PORTFOLIO_HEAT: "All stops together would have lost more than allowed.",
    Refusal.MAX_QTY: "The quantity was above the venue's maximum for one order.",
    Refusal.PRICE_LIMIT: "The limit lay beyond the venue's price bounds.",
    Refusal.POST_ONLY: "The order would have taken, and was only to make.",
    Refusal.REDUCE_ONLY: "The order could only reduce a position, and there was none.",
    Refusal.LEVERAGE: "The risk tier of the position allows less leverage.",
    Refusal.POSITION_SIZE: "The position was as large as the script allows itself.",
    Refusal.RISK_LIMIT: "The position would have been above the highest risk limit.",
    Refusal.NO_BALANCE: "There was not enough quote currency to buy with.",
    Refusal.SPOT_SHORT: "Coins that are not there cannot be sold on spot.",
    Refusal.EXPIRED: "The order's price was not met in time.",
    Refusal.NO_DEPTH: "The order book held no more.",
    Refusal.NO_VOLATILITY: "Sizing by volatility needs one above zero, and there was none.",
    Refusal.NO_EDGE: "The closed trades so far give no Kelly share above zero.",
    Refusal.TRADE_LIMIT: "As many entries as allowed had been made in the day or week.",
    Refusal.LOSS_STREAK: "As many trades in a row as allowed had lost.",
    Refusal.DRAWDOWN_LIMIT: "The largest drawdown allowed had been reached: trading had ended.",
    Refusal.DAILY_LOSS: "The largest loss allowed in a day had been reached.",
    Refusal.ORDER_LIMIT: "As many orders as allowed in a day had filled.",
    Refusal.RE_ENTRY: "The side that was left last may not be entered again yet.",
    Refusal.CLOCK: "The clock closes positions at this bar.",
}

_LABELS: Final = {
    "cagr": "Annual growth",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "max_drawdown_money": "Max drawdown, money",
    "average_bars": "Average bars held",
    "open_profit": "Open profit",
    "refusals": "Refused entries",
}
_SPELLED: Final = {
    "var": "VaR",
    "cvar": "CVaR",
    "cagr": "CAGR",
    "mfe": "MFE",
    "mae": "MAE",
    "tradingview": "TradingView",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "calmar": "Calmar",
    "treynor": "Treynor",
    "kelly": "Kelly",
}
_NO_TRADES: Final = "no trade was closed"
_WHY_MISSING: Final = {
    "win_rate": _NO_TRADES,
    "average_trade": _NO_TRADES,
    "average_bars": _NO_TRADES,
    "long_win_rate": "no long trade was closed",
    "profit_factor": "no trade lost, so there is nothing to divide by",
    "sharpe": "equity never changed, so there is nothing to divide by",
    "sortino": "no bar lost, so there is nothing to divide by",
    "ambiguous_exits": "nobody looked into the order inside the bars",
    "pessimistic_profit": "nobody looked into the order inside the bars",
    "optimistic_profit": "nobody looked into the order inside the bars",
    "cagr": "the account was wiped out, or the range is too short",
}
_FEW_ROWS: Final = 30


def label(statistic: str) -> str:
    """A statistic's name as a heading: "Max drawdown"."""
    return _LABELS.get(statistic, statistic.replace("_", " ").capitalize())


def metric_label(name: str) -> str:
    """A metric's name as a heading: "CVaR 95", "Buy and hold CAGR"."""
    said = [_SPELLED.get(word, word) for word in name.split("_")]
    text = " ".join(said)
    return f"{text[:1].upper()}{text[1:]}"


def meaning(statistic: str) -> str:
    """What a statistic says, as a sentence."""
    text = STATISTICS[statistic].meaning
    return f"{text[:1].upper()}{text[1:]}."


def why_missing(statistic: str) -> str:
    """Why a statistic has no value."""
    return f"No value: {_WHY_MISSING.get(statistic, 'there was nothing to compute it from')}."


def reason(code: int) -> str:
    """Why a trade ended; a code of a newer engine is shown as its number."""
    return REASONS[Reason(code)] if code in REASONS else f"reason {code}"


def refusal(code: int) -> str:
    """Why an entry was refused; a code of a newer engine is shown as its number."""
    return REFUSALS[Refusal(code)] if code in REFUSALS else f"Reason {code}."


def correlation(rho: float, n_rows: int) -> str:
    """What a rank correlation of in-sample and out-of-sample results tells a trader."""
    if not math.isfinite(rho) or n_rows < _FEW_ROWS:
        rows = "1 row is" if n_rows == 1 else f"{n_rows:,} rows are"
        return f"{rows} too few to tell whether in-sample results persist."
    if rho >= 0.7:
        says = "rows that did well in sample mostly did well out of sample"
    elif rho >= 0.4:
        says = "rows that did well in sample tended to do well out of sample"
    elif rho >= 0.15:
        says = "doing well in sample helped only a little out of sample"
    elif rho > -0.15:
        says = "doing well in sample said almost nothing about what came after"
    else:
        says = "rows that did well in sample tended to do worse after it, a sign of overfitting"
    sign = "−" if rho < 0.0 else ""
    return f"Rank correlation {sign}{abs(rho):.2f} over {n_rows:,} rows: {says}."


LIGHTS: Final = {
    "green": "An edge, as far as it can be told",
    "amber": "Not proven",
    "red": "Not to be trusted",
}
