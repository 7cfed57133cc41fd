"""How is a figure written? By its unit: percent, money, ratio, count."""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

from engines.batch.summary import STATISTICS
from engines.metrics.registry import METRICS
from engines.spec import Value
from serve.reports.content import Currency
from serve.reports.words import why_missing
from tune.checks import Check

Tone = Literal["", "gain", "loss"]

NOTHING: Final = "–"
# Figures whose sign is the news: shown with + or −, in the colour of a gain or a loss.
_SIGNED: Final = frozenset(
    {
        "net_profit",
        "total_return",
        "cagr",
        "sharpe",
        "sortino",
        "average_trade",
        "open_profit",
        "pessimistic_profit",
        "optimistic_profit",
    }
)
_LARGEST_PLAIN: Final = 1e15


class Shown(NamedTuple):
    """A figure as text, why it is missing (if it is), and whether it is a gain or a loss."""

    text: str
    why: str = ""
    tone: Tone = ""


def shown(statistic: str, value: float | None, quote: Currency) -> Shown:
    """A statistic as the page writes it; missing, NaN and infinite values are a dash with a why."""
    if value is None or not math.isfinite(value):
        return Shown(NOTHING, why_missing(statistic))
    signed = statistic in _SIGNED
    unit = STATISTICS[statistic].unit
    if unit == "fraction":
        return Shown(percent(value, signed=signed), tone=tone(value) if signed else "")
    digits = {"quote": quote.digits, "count": 0, "bars": 1}.get(unit, 2)
    return Shown(number(value, digits, signed=signed), tone=tone(value) if signed else "")


def metric(name: str, value: float, quote: Currency) -> Shown:
    """A metric of `engines.metrics.registry` as the page writes it."""
    if not math.isfinite(value):
        return Shown(NOTHING, "No value: there was nothing to compute it from.")
    unit = METRICS[name].unit
    if unit == "fraction":
        return Shown(percent(value))
    digits = {"quote": quote.digits, "count": 0, "bars": 1, "hours": 1, "days": 1, "quantity": 4}
    return Shown(number(value, digits.get(unit, 3)))


def of_verdict(check: Check) -> str:
    """A figure of a verdict, by its unit."""
    if check.unit in ("probability", "fraction"):
        return percent(check.value, 1)
    return number(check.value, 0 if check.unit in ("count", "days") else 2)


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with thousands separators and a true minus: 1,234.50; NaN is a dash."""
    if not math.isfinite(value):
        return NOTHING
    form = "e" if abs(value) >= _LARGEST_PLAIN else "f"
    text = format(abs(value), f",.{digits}{form}" if form == "f" else ".2e")
    is_zero = not any(digit in "123456789" for digit in text)
    if is_zero:
        return text
    plus = "+" if signed else ""
    return f"{'−' if value < 0.0 else plus}{text}"


def money(value: float, quote: Currency, *, signed: bool = False) -> str:
    """Money with its currency: +1,234.50 USDT."""
    text = number(value, quote.digits, signed=signed)
    return text if text == NOTHING else f"{text} {quote.code}"


def percent(fraction: float, digits: int = 2, *, signed: bool = False) -> str:
    """A fraction as percent: 0.123 is 12.30%."""
    text = number(100.0 * fraction, digits, signed=signed)
    return text if text == NOTHING else f"{text}%"


def tone(value: float) -> Tone:
    """Gain above zero, loss below."""
    if value > 0.0:
        return "gain"
    return "loss" if value < 0.0 else ""


def setting(value: Value) -> str:
    """A parameter's value as a person would have typed it: 20, 2.5, ema."""
    if isinstance(value, float):
        return format(value, ".10g")
    return str(value)
