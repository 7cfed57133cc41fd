"""What becomes of ladders? Safety orders that rest beside a position and follow its anchor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engines.commands import Entry
from engines.event.account import Account, Lot
from engines.event.entry_desk import EntryDesk, Waiting
from engines.event.events import Amend, Instruction
from engines.event.levels import price_of
from engines.kernel.ladder import followed
from engines.kernel.rounding import round_against
from engines.ladders import Ladder
from engines.orders import Refusal


@dataclass
class Anchored:
    """The ladder of the position that is open.

    `anchor` is the price that steps count from, `reference` the latest fill or the close that
    took its place, `equity` what sizes the orders (G5), `placed` how many there have been.
    """

    command: Entry
    side: int
    anchor: float
    reference: float
    equity: float
    placed: int = 0


class LadderDesk:
    """Rests a ladder's orders among the entries that wait, and moves and ends them."""

    def __init__(self, account: Account, entries: EntryDesk) -> None:
        self._account = account
        self._entries = entries
        self.now: Anchored | None = None

    def after_entry(self, filled: Waiting, lot: Lot, bar: int) -> Iterator[Instruction]:
        """An entry has opened a lot: its ladder begins, or goes on after a safety order."""
        ladder = filled.command.ladder
        if ladder is None:
            return
        if not filled.safety:
            yield from self._end()
            self.now = Anchored(filled.command, lot.side, lot.price, lot.price, filled.equity)
            for _ in range(ladder.waiting_at_first):
                yield from self._rest_next(ladder, bar)
        elif self.now is not None:
            self.now.reference = lot.price
            if ladder.window > 0:
                yield from self._rest_next(ladder, bar)

    def _rest_next(self, ladder: Ladder, bar: int) -> Iterator[Instruction]:
        now = self.now
        if now is None or now.placed >= len(ladder.steps):
            return
        now.placed += 1
        price = self._price(now, ladder, now.placed)
        if not price > 0.0:
            self._account.refuse(bar, now.side, int(Refusal.BAD_LEVEL), now.command.id)
            return
        share = ladder.steps[now.placed - 1].share
        yield from self._entries.rest_safety(
            now.command, now.side, now.placed, price, share, now.equity
        )

    def _price(self, now: Anchored, ladder: Ladder, number: int) -> float:
        """Price of a safety order (from 1), a limit rounded to the better (C1)."""
        market, side = self._account.market, float(now.side)
        raw = price_of(ladder.steps[number - 1].level, now.anchor, -side, market)
        return float(round_against(raw, side, market.tick))

    def close_bar(self, close: float) -> Iterator[Instruction]:
        """At a close: orders that have not filled follow a price that went away from them."""
        now = self.now
        ladder = None if now is None else now.command.ladder
        if now is None or ladder is None:
            return
        side = float(now.side)
        before = now.anchor
        now.anchor, now.reference = followed(
            side, now.anchor, now.reference, ladder.trailing, ladder.pull_back, close
        )
        if now.anchor == before:
            return
        for one in self._entries.waiting.values():
            if one.safety:
                yield Amend(one.order_id, limit=self._price(now, ladder, one.safety))

    def tidy(self) -> Iterator[Instruction]:
        """A ladder ends when its position is gone, or reversed."""
        if self.now is not None and self._account.side != self.now.side:
            yield from self._end()

    def _end(self) -> Iterator[Instruction]:
        self.now = None
        for name in [name for name, one in self._entries.waiting.items() if one.safety]:
            yield from self._entries.cancel(name)
