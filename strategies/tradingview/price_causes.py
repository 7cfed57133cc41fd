"""Is it a matter of prices? Tick, slippage, other bars, or the order of prices inside a bar."""

from __future__ import annotations

from collections import Counter
from typing import Final

from engines.orders import Reason
from strategies.moments import minute_text
from strategies.tradingview.alignment import Pair
from strategies.tradingview.evidence import (
    MOST,
    Bar,
    Cause,
    Evidence,
    number_text,
    prices_of,
)
from strategies.tradingview.ours import OurTrade
from strategies.tradingview.trades import ExportedTrade

_FEWEST: Final = 3
_ROUNDING_TICKS: Final = 2
_OFF_GRID: Final = 0.1
# Filled at a limit, which never slips (C4).
_LIMITS: Final = (Reason.TAKE_PROFIT,)


def slippage(evidence: Evidence) -> Cause | None:
    """Most fills at one time are the same number of ticks worse there than here, or better."""
    if evidence.tick == 0.0:
        return None
    worse = Counter(ticks for pair in evidence.matched for ticks in _ticks_worse(evidence, pair))
    total = sum(worse.values())
    if not total:
        return None
    ticks, count = worse.most_common(1)[0]
    if ticks == 0 or count < max(_FEWEST, MOST * total):
        return None
    setting = evidence.broker.slippage_ticks + ticks
    if setting < 0:
        return None
    told = "worse" if ticks > 0 else "better"
    return Cause(
        "slippage",
        f"{count} of {total} fills are {abs(ticks)} ticks {told} on TradingView: it has a slippage "
        f"of {setting:g} ticks, here it is {evidence.broker.slippage_ticks:g}. "
        f"Say --slippage-ticks {setting:g}.",
    )


def _ticks_worse(evidence: Evidence, pair: Pair) -> list[int]:
    theirs, ours = pair
    if theirs is None or ours is None:
        return []
    found = []
    if theirs.entry_ms == ours.entry_ms:
        found.append(theirs.side * (theirs.entry_price - ours.entry_price))
    if theirs.exit_ms == ours.exit_ms and ours.reason not in _LIMITS:
        found.append(theirs.side * (ours.exit_price - theirs.exit_price))
    return [round(gap / evidence.tick) for gap in found]


def tick(evidence: Evidence, pair: Pair) -> Cause | None:
    """Prices there lie on another grid than those here."""
    theirs, ours = pair
    if theirs is None or ours is None or evidence.tick == 0.0:
        return None
    grid = evidence.grid
    for there, here in _different_prices(evidence, theirs, ours):
        finer = not _on(there, evidence.tick)
        coarser = grid > evidence.tick and not _on(here, grid) and abs(there - here) < grid
        if finer or coarser:
            return Cause(
                "tick",
                f"TradingView's prices are multiples of {number_text(grid)}, the tick here is "
                f"{number_text(evidence.tick)}: {number_text(there)} there is "
                f"{number_text(here)} here. Say --tick {number_text(grid)}.",
            )
    return None


def other_grid(evidence: Evidence) -> Cause | None:
    """Many prices there are no multiples of the tick here: levels are rounded otherwise."""
    if evidence.tick == 0.0:
        return None
    prices = prices_of(evidence.listed.trades)
    off = sum(not _on(price, evidence.tick) for price in prices)
    if off < _OFF_GRID * len(prices):
        return None
    return Cause(
        "tick",
        f"{off} of {len(prices)} of TradingView's prices are no multiples of the tick here, "
        f"{number_text(evidence.tick)}. Say --tick {number_text(evidence.grid)}.",
    )


def _on(price: float, step: float) -> bool:
    return abs(price / step - round(price / step)) <= 1e-4


def _different_prices(
    evidence: Evidence, theirs: ExportedTrade, ours: OurTrade
) -> list[tuple[float, float]]:
    both = [(theirs.entry_price, ours.entry_price)]
    if not theirs.is_open:
        both.append((theirs.exit_price, ours.exit_price))
    return [(there, here) for there, here in both if not evidence.same(there, here)]


def other_bars(evidence: Evidence, pair: Pair) -> Cause | None:
    """A fill there lies outside the bar here, or the bar is missing."""
    theirs, ours = pair
    if theirs is None:
        return None
    fills = [("entry", theirs.entry_ms, theirs.entry_price)]
    if not theirs.is_open and theirs.exit_ms is not None:
        fills.append(("exit", theirs.exit_ms, theirs.exit_price))
    for leg, time_ms, price in fills:
        bar = evidence.bar_at(time_ms)
        if bar is None:
            if evidence.bars.start_ms <= time_ms < evidence.bars.end_ms:
                told = f"There is no bar at {minute_text(time_ms)} UTC here, "
                told += f"where its {leg} was filled."
                return Cause("data", told)
            continue
        slack = evidence.slack + evidence.precision.price(price)
        if not bar.low - slack <= price <= bar.high + slack:
            return Cause(
                "data",
                f"Its {leg} at {number_text(price)} lies outside the bar of "
                f"{minute_text(time_ms)} UTC here, {number_text(bar.low)} to "
                f"{number_text(bar.high)}: the bars are not TradingView's.",
            )
    return None if ours is None else _other_open(evidence, theirs, ours)


def _other_open(evidence: Evidence, theirs: ExportedTrade, ours: OurTrade) -> Cause | None:
    """Here the order filled at the bar's open, there at another price of the same bar."""
    fills = [("entry", theirs.entry_ms, ours.entry_ms, theirs.entry_price, ours.entry_price)]
    if not theirs.is_open and theirs.exit_ms is not None:
        fills.append(("exit", theirs.exit_ms, ours.exit_ms, theirs.exit_price, ours.exit_price))
    slipped = evidence.broker.slippage_ticks * evidence.tick
    for leg, there_ms, here_ms, there, here in fills:
        bar = evidence.bar_at(here_ms)
        if there_ms != here_ms or bar is None or evidence.same(there, here):
            continue
        if abs(abs(here - bar.open) - slipped) <= evidence.precision.price(here):
            return Cause(
                "data",
                f"Its {leg} was filled at {number_text(there)}, and here at the open of the bar of "
                f"{minute_text(here_ms)} UTC, {number_text(here)}: that bar opened elsewhere "
                "there.",
            )
    return None


def rounding(evidence: Evidence, pair: Pair) -> Cause | None:
    """Fills at a level inside the bar, no more than two ticks apart."""
    theirs, ours = pair
    if theirs is None or ours is None or evidence.tick == 0.0:
        return None
    different = _different_prices(evidence, theirs, ours)
    if not different or theirs.entry_ms != ours.entry_ms:
        return None
    if not theirs.is_open and theirs.exit_ms != ours.exit_ms:
        return None
    ticks = max(abs(there - here) for there, here in different) / evidence.tick
    if ticks > _ROUNDING_TICKS + 1e-6:
        return None
    there, here = different[0]
    return Cause(
        "tick",
        f"The levels are {ticks:.3g} ticks apart, {number_text(there)} there and "
        f"{number_text(here)} here: they were rounded to the grid in another way.",
    )


def inside_bar(evidence: Evidence, pair: Pair) -> Cause | None:
    """The same entry left at another level that the same bar touched too."""
    theirs, ours = pair
    if theirs is None or ours is None or theirs.is_open or theirs.exit_ms is None:
        return None
    same_entry = theirs.entry_ms == ours.entry_ms and evidence.same(
        theirs.entry_price, ours.entry_price
    )
    exits_differ = theirs.exit_ms != ours.exit_ms or not evidence.same(
        theirs.exit_price, ours.exit_price
    )
    if not same_entry or not exits_differ:
        return None
    time_ms = min(theirs.exit_ms, ours.exit_ms)
    bar = evidence.bar_at(time_ms)
    if bar is None or not _ambiguous(evidence, theirs, ours, bar):
        return None
    told = "Finer bars would tell: say --finer."
    if evidence.has_finer:
        told = "Here finer bars decide; did TradingView's bar magnifier?"
    levels = f"{number_text(theirs.exit_price)} (TradingView) and {number_text(ours.exit_price)}"
    return Cause(
        "order inside the bar",
        f"The bar of {minute_text(time_ms)} UTC reaches from {number_text(bar.low)} to "
        f"{number_text(bar.high)}, past {levels} (here): which came first is not known. {told}",
    )


def _ambiguous(evidence: Evidence, theirs: ExportedTrade, ours: OurTrade, bar: Bar) -> bool:
    """Does the order of prices inside this bar decide the exit?"""
    slack = evidence.slack

    def touched(price: float) -> bool:
        return bar.low - slack <= price <= bar.high + slack

    if theirs.exit_ms == ours.exit_ms:
        return touched(theirs.exit_price) and touched(ours.exit_price)
    first = theirs.exit_price if (theirs.exit_ms or 0) < ours.exit_ms else ours.exit_price
    # An exit on the bar of its entry hangs on what came after the entry.
    return touched(first) and min(theirs.exit_ms or 0, ours.exit_ms) == ours.entry_ms
