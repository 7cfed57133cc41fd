"""Where do two lists of trades part, and why? Differences with the cause that evidence tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from strategies.tradingview.alignment import Pair
from strategies.tradingview.count_causes import pyramiding, refused
from strategies.tradingview.evidence import Cause, Evidence
from strategies.tradingview.fields import FIELDS
from strategies.tradingview.money_causes import fee, quantity
from strategies.tradingview.price_causes import (
    inside_bar,
    other_bars,
    other_grid,
    rounding,
    slippage,
    tick,
)
from strategies.tradingview.time_causes import (
    fill_at,
    interval,
    out_of_range,
    time_zone,
    warm_up,
)

FOLLOWS: Final = "follows"
UNKNOWN: Final = "unknown"
_HARDLY_ANY: Final = 0.2
_PRICES: Final = {"entry_price", "exit_price"}
_TIMES: Final = {"entry_ms", "exit_ms"}
_NAMES: Final = {"entry_signal", "exit_signal"}
_MONEY: Final = {"qty", "pnl"}


@dataclass(frozen=True)
class Difference:
    """A trade that is not the same, the fields it differs in (none if it is on one side only)."""

    pair: Pair
    fields: tuple[str, ...]
    cause: Cause

    @property
    def title(self) -> str:
        """Which trade it is."""
        theirs, ours = self.pair
        if theirs is None:
            return f"Trade {ours.number if ours else 0} here is not in the export"
        if ours is None:
            return f"Trade {theirs.number} is missing here"
        return f"Trade {theirs.number}"


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """How far two lists agree, field by field, and their differences in the order of entries.

    `fields` are those that both sides have. A share is of TradingView's closed trades and the
    trades that are here only.
    """

    evidence: Evidence
    fields: tuple[str, ...]
    differences: tuple[Difference, ...]

    @cached_property
    def compared(self) -> int:
        """TradingView's closed trades, and those that are here only."""
        extra = sum(pair.theirs is None for pair in self.evidence.pairs)
        return len(self.evidence.listed.closed) + extra

    @cached_property
    def agreeing(self) -> int:
        """Closed trades that are the same in every field."""
        return sum(
            pair.theirs is not None
            and pair.ours is not None
            and not pair.theirs.is_open
            and not self.evidence.fields[place]
            for place, pair in enumerate(self.evidence.pairs)
        )

    @property
    def share(self) -> float:
        """Share that agrees, 1.0 if there was nothing to compare and nothing differs."""
        return self.agreeing / self.compared if self.compared else float(not self.differences)

    def share_of(self, field: str) -> float:
        """Share of matched closed trades that agree in a field, NaN without one."""
        matched = [
            self.evidence.fields[place]
            for place, (theirs, ours) in enumerate(self.evidence.pairs)
            if theirs is not None and ours is not None and not theirs.is_open
        ]
        return 1 - sum(field in one for one in matched) / len(matched) if matched else float("nan")

    @cached_property
    def causes(self) -> dict[str, int]:
        """How many differences each cause explains, the most frequent first."""
        return dict(Counter(one.cause.name for one in self.differences).most_common())


def diagnose(evidence: Evidence, fields: tuple[str, ...]) -> Diagnosis:
    """Find a cause for every difference, `unknown` where nothing tells one."""
    whole = _Whole(evidence)
    found: list[Difference] = []
    for place, pair in enumerate(evidence.pairs):
        if not evidence.differs(place):
            continue
        cause = next(whole.causes(place, pair), None) or _without_evidence(evidence, place)
        found.append(Difference(pair, evidence.fields[place], cause))
    return Diagnosis(evidence, tuple(name for name in FIELDS if name in fields), tuple(found))


class _Whole:
    """Causes of a single pair, those of the whole list computed once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.interval = interval(evidence)
        self.zone = time_zone(evidence)
        self.fill_at = fill_at(evidence)
        self.grid = other_grid(evidence)
        self.slippage = slippage(evidence)
        self.fee = fee(evidence)
        self.quantity = quantity(evidence)
        self.warm_up = warm_up(evidence)

    def causes(self, place: int, pair: Pair) -> Iterator[Cause]:
        """Causes that the evidence tells, the surest first."""
        if self.interval is not None:
            yield self.interval
        if self.zone is not None:
            yield self.zone
        differs = set(self.evidence.fields[place])
        if pair.theirs is None or pair.ours is None:
            yield from self._of_missing(pair)
        elif differs <= _NAMES:
            yield _other_name(pair, differs)
        elif differs & (_PRICES | _TIMES):
            yield from self._of_fills(pair, differs)
        elif differs & _MONEY:
            yield from self._of_money(differs)
        if self.warm_up is not None:
            yield self.warm_up

    def _of_missing(self, pair: Pair) -> Iterator[Cause]:
        tests: tuple[Callable[[Evidence, Pair], Cause | None], ...] = (
            out_of_range,
            pyramiding,
            refused,
            other_bars,
        )
        yield from _found(tests, self.evidence, pair)

    def _of_fills(self, pair: Pair, differs: set[str]) -> Iterator[Cause]:
        if self.fill_at is not None:
            yield self.fill_at
        yield from _found((tick,), self.evidence, pair)
        if self.slippage is not None and differs & _PRICES:
            yield self.slippage
        if self.grid is not None:
            yield self.grid
        yield from _found((other_bars, rounding, inside_bar), self.evidence, pair)

    def _of_money(self, differs: set[str]) -> Iterator[Cause]:
        if self.fee is not None:
            yield self.fee
        if self.quantity is not None and "qty" in differs:
            yield self.quantity


def _found(
    tests: tuple[Callable[[Evidence, Pair], Cause | None], ...], evidence: Evidence, pair: Pair
) -> Iterator[Cause]:
    for test in tests:
        cause = test(evidence, pair)
        if cause is not None:
            yield cause


def _other_name(pair: Pair, differs: set[str]) -> Cause:
    told = " and ".join(
        f"{getattr(pair.theirs, name)!r} there, {getattr(pair.ours, name)!r} here"
        for name in sorted(differs)
    )
    return Cause("signal name", f"Only the order's name differs: {told}.")


def _without_evidence(evidence: Evidence, place: int) -> Cause:
    """A difference right after another may come of it; more cannot be said."""
    if place and evidence.differs(place - 1) and set(evidence.fields[place - 1]) - _NAMES:
        told = "The trade before it differs: position and equity may no longer be the same."
        return Cause(FOLLOWS, told)
    if place and evidence.differs(place - 1) and not evidence.fields[place - 1]:
        return Cause(FOLLOWS, "The trade before it is on one side only: positions may differ.")
    if len(evidence.matched) < _HARDLY_ANY * len(evidence.listed.closed):
        told = (
            f"Only {len(evidence.matched)} of {len(evidence.listed.closed)} trades have a like here"
        )
        return Cause(UNKNOWN, f"{told}: is it the same script, its inputs, symbol and interval?")
    told = "Nothing in prices, times, fees or sizes tells why: do the script and its inputs agree?"
    return Cause(UNKNOWN, told)
