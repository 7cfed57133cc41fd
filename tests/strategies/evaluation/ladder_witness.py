"""A ladder a second time: exact, slow, without the kernel's code.

Prices are whole ticks, quantities whole lots, levels fractions. Written from docs/design/fills.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from engines.orders import Reason

NEAR = Fraction(1, 10_000)
Fill = tuple[int, int, int, Reason]


@dataclass(frozen=True)
class Rules:
    """Safety orders in percent with their lots, and exits in percent from what they count from."""

    offsets: Sequence[Fraction]
    lots: Sequence[int]
    window: int
    trailing: Fraction
    pull_back: Fraction
    target: Fraction | None
    target_anchor: str
    stop: Fraction | None
    stop_anchor: str


@dataclass
class Lot:
    """What one entry holds, with the levels of its exits."""

    price: int
    lots: int
    stop: int | None = None
    target: int | None = None


@dataclass
class Position:
    """A position and the safety orders that wait beside it."""

    side: int
    anchor: Fraction
    reference: Fraction
    open: list[Lot] = field(default_factory=list)
    waiting: dict[int, int] = field(default_factory=dict)
    placed: int = 0


class Witness:
    """Runs bars (open, high, low, close in ticks) with a code a bar; `fills` is the ledger."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.fills: list[Fill] = []
        self.position: Position | None = None

    def run(self, bars: Sequence[tuple[int, int, int, int]], codes: dict[int, int]) -> list[Fill]:
        """Codes: 1 long, 2 short, 4 leave. Market orders fill at the next open."""
        asked = 0
        for bar, (first, high, low, close) in enumerate(bars):
            self._open(bar, asked, first)
            near_high = high - first < first - low
            path = (first, high, low, close) if near_high else (first, low, high, close)
            here = first
            for there in path:
                self._walk(bar, here, there)
                here = there
            self._close(close)
            asked = self._ask(codes.get(bar, 0))
        return self.fills

    def _ask(self, code: int) -> int:
        side = 0 if self.position is None else self.position.side
        wanted = {1: 1, 2: -1}.get(code, 0)
        if code == 4 and side:
            return 4
        return code if wanted and wanted != side else 0

    def _open(self, bar: int, asked: int, price: int) -> None:
        if not asked:
            return
        old, self.position = self.position, None
        side = {1: 1, 2: -1, 4: 0}[asked]
        reason = Reason.SIGNAL_EXIT if side == 0 else Reason.REVERSAL
        for lot in old.open if old is not None else ():
            assert old is not None
            self.fills.append((bar, price, -old.side * lot.lots, reason))
        if side:
            self._begin(bar, side, price, Reason.ENTRY if old is None else Reason.REVERSAL)

    def _begin(self, bar: int, side: int, price: int, reason: Reason) -> None:
        self.position = now = Position(side, Fraction(price), Fraction(price))
        count = len(self.rules.offsets)
        for _ in range(min(self.rules.window, count) or count):
            self._place_next(now)
        self._add(bar, price, self.rules.lots[0], reason)

    def _place_next(self, now: Position) -> None:
        if now.placed < len(self.rules.offsets):
            now.waiting[now.placed] = self._safety_price(now, now.placed)
            now.placed += 1

    def _safety_price(self, now: Position, number: int) -> int:
        raw = now.anchor * (1 - now.side * self.rules.offsets[number] / 100)
        return math.floor(raw + NEAR) if now.side > 0 else math.ceil(raw - NEAR)

    def _add(self, bar: int, price: int, lots: int, reason: Reason) -> None:
        now = self.position
        assert now is not None
        self.fills.append((bar, price, now.side * lots, reason))
        now.open.append(Lot(price, lots))
        held = sum(lot.lots for lot in now.open)
        average = Fraction(sum(lot.price * lot.lots for lot in now.open), held)
        for lot in now.open:
            fresh = lot is now.open[-1]
            base = {"entry": Fraction(lot.price), "average": average, "last": Fraction(price)}
            if self.rules.stop is not None and (fresh or self.rules.stop_anchor != "entry"):
                raw = base[self.rules.stop_anchor] * (1 - now.side * self.rules.stop / 100)
                lot.stop = math.floor(raw + NEAR) if now.side > 0 else math.ceil(raw - NEAR)
            if self.rules.target is not None and (fresh or self.rules.target_anchor != "entry"):
                raw = base[self.rules.target_anchor] * (1 + now.side * self.rules.target / 100)
                lot.target = math.ceil(raw - NEAR) if now.side > 0 else math.floor(raw + NEAR)

    def _touches(self, here: int, there: int) -> Iterator[tuple[int, int, int, str]]:
        """Where the way triggers what: price, rank, number, kind."""
        now = self.position
        if now is None:
            return

        def met(level: int, falling: bool) -> int | None:
            up = -1 if falling else 1
            if up * here >= up * level:
                return here
            return level if up * there >= up * level else None

        long = now.side > 0
        for number, price in now.waiting.items():
            if (at := met(price, falling=long)) is not None:
                yield at, 0, number, "safety"
        for number, lot in enumerate(now.open):
            if lot.stop is not None and (at := met(lot.stop, falling=long)) is not None:
                yield at, 1 + number, number, "stop"
            if lot.target is not None and (at := met(lot.target, falling=not long)) is not None:
                yield at, 1 + number, number, "target"

    def _walk(self, bar: int, here: int, there: int) -> None:
        while True:
            touches = sorted(self._touches(here, there), key=lambda one: (abs(one[0] - here), one))
            if not touches:
                return
            nearest = abs(touches[0][0] - here)
            first = min(
                (one for one in touches if abs(one[0] - here) == nearest),
                key=lambda one: (one[1], one[2], one[3] != "stop"),
            )
            here = first[0]
            self._fill(bar, first)

    def _fill(self, bar: int, touch: tuple[int, int, int, str]) -> None:
        price, _, number, kind = touch
        now = self.position
        assert now is not None
        if kind == "safety":
            del now.waiting[number]
            now.reference = Fraction(price)
            if self.rules.window:
                self._place_next(now)
            self._add(bar, price, self.rules.lots[number + 1], Reason.SAFETY_ORDER)
            return
        lot = now.open.pop(number)
        reason = Reason.STOP_LOSS if kind == "stop" else Reason.TAKE_PROFIT
        self.fills.append((bar, price, -now.side * lot.lots, reason))
        if not now.open:
            self.position = None

    def _close(self, close: int) -> None:
        now, rules = self.position, self.rules
        if now is None:
            return
        before, side = now.anchor, now.side
        if rules.pull_back and side * close >= side * now.reference * (
            1 + side * rules.pull_back / 100
        ):
            now.anchor *= close / now.reference
            now.reference = Fraction(close)
        beyond = 1 + side * rules.trailing / 100
        if rules.trailing and side * close > side * now.anchor * beyond:
            now.anchor = close / beyond
        if now.anchor != before:
            now.waiting = {number: self._safety_price(now, number) for number in now.waiting}
