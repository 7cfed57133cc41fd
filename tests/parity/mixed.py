"""Scripts as traders write them, many features in each, to be traded on real bars by every engine.

No export tells what they do on TradingView: the engines, which share no formula, tell each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from engines.bars import Bars
from engines.commands import (
    Cancel,
    CancelAll,
    Close,
    CloseAll,
    Command,
    Entry,
    Exit,
    Order,
    Properties,
)
from engines.indicators.registry import compute
from engines.script import View
from tests.parity.scripts import Logic, above, sma


@dataclass(frozen=True)
class Mixed:
    """A script made of one function, and the properties that it declares."""

    logic: Callable[[Bars, float], Logic]
    properties: Properties


def trailed_pyramid(bars: Bars, tick: float) -> Logic:
    """Adds at breakouts, each entry trailed and with a part taken early."""
    top = compute("highest", {"source": bars.high}, {"length": 8})[0]
    slow = sma(bars, 30)

    def logic(view: View) -> Iterator[Command]:
        bar = view.bar
        if bar < 31:
            return
        close = float(bars.close[bar])
        if close > slow[bar]:
            yield Entry(f"add {bar % 4}", "long", stop=float(top[bar]) + tick, qty=2)
        else:
            yield CancelAll()
        yield Exit("early", qty_percent=50, profit=40, comment="part")
        yield Exit("trail", trail_points=60, trail_offset=25, loss=90, comment="trail")
        if close < slow[bar] * 0.998:
            yield CloseAll(comment="below")

    return logic


def both_sides_by_oca(bars: Bars, tick: float) -> Logic:
    """Stops on both sides that cancel each other, a bracket by `order` that reduces itself."""

    def logic(view: View) -> Iterator[Command]:
        bar = view.bar
        high, low, close = (float(one[bar]) for one in (bars.high, bars.low, bars.close))
        if view.position_size == 0:
            group = {"oca_name": "in", "oca_type": "cancel"}
            yield Entry("up", "long", stop=high + tick, **group)  # type: ignore[arg-type]
            yield Entry("down", "short", stop=low - tick, **group)  # type: ignore[arg-type]
            return
        away = "short" if view.position_size > 0 else "long"
        sign, size = (1 if view.position_size > 0 else -1), abs(view.position_size)
        group = {"oca_name": "out", "oca_type": "reduce"}
        target, stop = close + sign * 30 * tick, close - sign * 45 * tick
        yield Order("target", away, qty=size, limit=target, **group)  # type: ignore[arg-type]
        yield Order("stop", away, qty=size, stop=stop, **group)  # type: ignore[arg-type]

    return logic


def stop_limit_turns(bars: Bars, tick: float) -> Logic:
    """Turns by stop-limit orders that are kept for a while, and by a market order now and then."""
    quick, lazy = sma(bars, 6), sma(bars, 18)
    up, down = above(quick, lazy), above(lazy, quick)

    def logic(view: View) -> Iterator[Command]:
        bar = view.bar
        close = float(bars.close[bar])
        if up[bar]:
            yield Entry("L", "long", stop=close + 8 * tick, limit=close + 3 * tick)
        if down[bar]:
            yield Entry("S", "short", stop=close - 8 * tick, limit=close - 3 * tick)
        if bar % 11 == 0:
            yield Cancel("L")
        if bar % 47 == 0:
            yield Entry("M", "short" if view.position_size > 0 else "long", comment="turn")
        yield Exit("LX", "L", limit=close + 70 * tick, stop=close - 50 * tick)
        yield Exit("SX", "S", profit=55, loss=35)

    return logic


def grid_closed_by_name(bars: Bars, tick: float) -> Logic:
    """Limits below the price, each closed under its own name, the newest first."""

    def logic(view: View) -> Iterator[Command]:
        bar = view.bar
        close = float(bars.close[bar])
        if bar % 6 == 0:
            for rung in range(1, 4):
                yield Entry(f"rung {rung}", "long", limit=close - rung * 20 * tick, qty=rung)
        average = view.position_avg_price
        if not math.isnan(average) and close > average + 10 * tick:
            yield Close(f"rung {1 + bar % 3}", qty_percent=60, comment="rung")
        elif view.opentrades >= 3 and bar % 13 == 0:
            yield Close("rung 3", immediately=True)
        if view.openprofit < -150 * tick:
            yield CloseAll(immediately=True)

    return logic


def reversals_with_trails(bars: Bars, tick: float) -> Logic:
    """Turns at the market, with brackets that are re-priced and an activation price."""
    columns = {name: getattr(bars, name) for name in ("high", "low", "close")}
    band = compute("atr", columns, {"length": 14})[0]
    quick, lazy = sma(bars, 4), sma(bars, 9)
    up, down = above(quick, lazy), above(lazy, quick)

    def logic(view: View) -> Iterator[Command]:
        bar = view.bar
        if math.isnan(band[bar]):
            return
        close, width = float(bars.close[bar]), float(band[bar])
        if up[bar]:
            yield Entry("L", "long")
            yield Exit("LX", "L", stop=close - 2 * width, limit=close + 3 * width)
        if down[bar]:
            yield Entry("S", "short")
            yield Exit(
                "SX", "S", trail_price=close - width, trail_offset=15, stop=close + 2 * width
            )
        if view.position_size > 0 and bar % 5 == 0:
            yield Exit("LX", "L", stop=close - width, limit=close + 2 * width, comment="again")

    return logic


MIXED: Final = {
    "trailed pyramid": Mixed(trailed_pyramid, Properties(pyramiding=4)),
    "both sides by oca": Mixed(both_sides_by_oca, Properties(qty_type="cash", qty_value=40_000)),
    "stop-limit turns": Mixed(
        stop_limit_turns,
        Properties(qty_type="percent_of_equity", qty_value=40, limit_verification_ticks=2),
    ),
    "grid closed by name": Mixed(
        grid_closed_by_name, Properties(pyramiding=6, close_rule="ANY", allow_entry_in="long")
    ),
    "reversals with trails": Mixed(
        reversals_with_trails, Properties(qty_type="percent_of_equity", qty_value=95)
    ),
}
