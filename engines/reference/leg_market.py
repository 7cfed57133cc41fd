"""How does one leg's market take its turn? A round of fills, one at a time, on a shared account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from engines.orders import Reason, Refusal
from engines.reference.account import ZERO, Ticket
from engines.reference.desk import Closing, Desk
from engines.reference.futures import Futures, Held
from engines.reference.grid import Ticks, Units, distance
from engines.reference.market import Market
from engines.reference.pending import Pending, Touch
from engines.reference.shared_account import SharedAccount


@dataclass(frozen=True)
class Refused:
    """An entry that margin or a limit kept out at its fill."""

    bar: int
    side: int
    reason: Refusal
    id: str


@dataclass(frozen=True)
class Ahead:
    """The leg's next fill: where it is, whether it is an exit, and how it is done."""

    at: Ticks
    is_exit: bool
    fill: Callable[[], None]


Gate = Callable[[Pending, Units, Ticks], Refusal | None]


class LegMarket(Market):
    """A market whose fills are asked for one by one."""

    def __init__(self, desk: Desk, account: SharedAccount, slippage_ticks: int) -> None:
        super().__init__(desk, slippage_ticks)
        self.shared = account
        self.futures = account.futures
        self.bar = 0
        self.gate: Gate = lambda order, opening, price: None
        self.refusals: list[Refused] = []
        self._queue: list[Closing | Pending] = []
        self._goal: Ticks = 0
        self._meets = False
        self._fresh: int | None = None

    def begin_open(self, price: Ticks) -> None:
        """The market opens at `price` (A1, B3)."""
        self.here = price
        self.account.see(price)
        self._begin(price, meets=True, orders=True, immediate_only=False)

    def begin_way(self, price: Ticks) -> None:
        """The market goes to `price` (B2)."""
        self._begin(price, meets=True, orders=False, immediate_only=False)

    def begin_close(self) -> None:
        """What may fill at this very close (A2, A3)."""
        at_close = self.desk.broker.fill_at == "close"
        self._begin(self.here, meets=at_close, orders=True, immediate_only=not at_close)
        self._fresh = self.account.entries if at_close else None

    def _begin(self, goal: Ticks, meets: bool, orders: bool, immediate_only: bool) -> None:
        self._goal, self._meets, self._fresh, self._queue = goal, meets, None, []
        desk = self.desk
        if not orders:
            return
        now = [one for one in desk.closings if one.immediately or not immediate_only]
        desk.closings = [one for one in desk.closings if one not in now]
        entries = [one for one in desk.pending.values() if one.is_market]
        queue: list[Closing | Pending] = [*now, *([] if immediate_only else entries)]
        self._queue = sorted(queue, key=lambda one: one.sequence)

    def ahead(self) -> Ahead | None:
        """The next fill of the round."""
        touch = Touch(self.here, self.here, slips=True)
        while self._queue:
            one = self._queue[0]
            if isinstance(one, Closing):
                return Ahead(self.here, True, partial(self._close_now, one, touch))
            now = self.desk.pending.get(one.command.id)
            if now is not None and now.sequence == one.sequence:
                return Ahead(self.here, False, partial(self._enter_now, now, touch))
            self._queue.pop(0)
        meetings = list(self._meetings(self._goal, self._fresh)) if self._meets else []
        if not meetings:
            return None
        first = min(meetings, key=lambda one: (distance(one.touch.at, self.here), one.rank))
        # The first number of a rank tells entries (0) from exits (1).
        meet = partial(self._meet_now, first.fill, first.touch)
        return Ahead(first.touch.at, first.rank[0] == 1, meet)

    def _close_now(self, one: Closing, touch: Touch) -> None:
        self._queue.pop(0)
        self._fill_closing(one, self.bar, touch)
        self.desk.tidy()

    def _enter_now(self, one: Pending, touch: Touch) -> None:
        self._queue.pop(0)
        self._fill_market_entry(one, self.bar, touch)
        self.desk.tidy()

    def _meet_now(self, fill: Callable[[int, Touch], None], touch: Touch) -> None:
        self._come_to(touch.at)
        fill(self.bar, touch)
        self.desk.tidy()

    def arrive(self) -> None:
        """The round has led to its goal."""
        self._arrive(self._goal)

    def call_margin(self) -> None:
        """I1 to I4, with what the other legs carry."""
        account, broker, grid = self.shared, self.desk.broker, self.desk.grid
        if not account.lots or not broker.check_margin or self.futures is not None:
            return
        if self.called_in == self.bar or self.desk.properties.margin == "checked":
            return
        margin = (account.worth + account.elsewhere) / Fraction(broker.leverage)
        missing = margin - account.equity(self.here)
        if missing <= 0:
            return
        one_lot = grid.money(self.here, 1 / grid.lot) / Fraction(broker.leverage)
        cover = grid.whole(missing / one_lot)
        held = distance(account.position, 0)
        units = min(4 * cover if cover > 0 else grid.whole(Fraction(1)), held)
        self.called_in = self.bar
        self._force(units, self.here, "Margin call")

    def drop_what_cannot_be_carried(self) -> None:
        """I6."""
        if self.desk.properties.margin == "checked":
            return
        for order in [one for one in self.desk.pending.values() if not one.is_market]:
            own, against = self._own_units(order, self.here), self._against(order)
            units = against if isinstance(own, Refusal) else own + against
            opening = units - self._closing(order, units)
            if not self._has_margin(order, self.here, opening, checked=True):
                del self.desk.pending[order.command.id]
        self.desk.tidy()

    def liquidate(self, before: Ahead | None) -> bool:
        """Whether the way to the goal takes the position away before its next fill."""
        return self._meets and self._liquidated(self._goal, before)

    def liquidate_here(self) -> bool:
        """Whether the position is taken away at the present price."""
        return self._liquidated(self.here, None)

    def _liquidated(self, goal: Ticks, before: Ahead | None) -> bool:
        rules, account = self.futures, self.shared
        if rules is None or self.desk.broker.margin_mode == "none" or not account.lots:
            return False
        held, backing, tick = self.shared.held, self.backing, self.desk.grid.tick
        level = rules.level(held, backing) / tick
        side = held.side
        if (side > 0 and level <= 0) or side * goal > side * level:
            return False
        # What another leg's fill has brought below its level does not wait for an order ahead.
        at_once = side * self.here <= side * level
        mark = self.here if at_once else level
        first = goal if before is None else before.at
        if not at_once and side * first > side * mark:
            return False
        self._arrive(mark)
        self._withdraw_all()
        units, price = self._taken(rules, held, backing, mark)
        self._force(units, price, "Liquidation")
        return True

    def _withdraw_all(self) -> None:
        desk = self.desk
        desk.pending.clear()
        desk.closings.clear()
        self._queue = []
        for leg in desk.legs.values():
            # What a liquidation took from the market does not come back by itself.
            leg.done = True
        # A bracket that waits for its first close has not been there yet.
        desk.rests = {key: one for key, one in desk.rests.items() if one.live_from is None}

    def _taken(
        self, rules: Futures, held: Held, backing: Fraction, mark: Ticks
    ) -> tuple[Units, Ticks]:
        """How much a liquidation takes, and at what price, in ticks on the grid."""
        grid = self.desk.grid
        size = distance(self.account.position, 0)
        part = rules.lots_to_reduce(held, Fraction(mark) * grid.tick, grid.lot)
        price = Fraction(mark) * grid.tick
        units: Units = part if 0 < part < size else size
        if units == size and not (rules.cross and any(True for _ in self.shared.others)):
            price = rules.bankrupt(held, backing)
        return units, grid.stop(float(price), "short" if held.side > 0 else "long")

    def _force(self, units: Units, price: Ticks, name: str) -> None:
        reason = Reason.LIQUIDATION if name == "Liquidation" else Reason.MARGIN_CALL
        ticket = Ticket("", name, self.desk.taker_fee_rate, reason)
        fee = self.account.fee(ticket, price, units)
        self.account.close(self.bar, price, units, ticket, fee, ())
        self.desk.tidy()
        # J2: it may be the day's last order; what it left then goes at the market.
        self._end_day(self.bar, Touch(self.here, self.here, slips=True))

    @property
    def backing(self) -> Fraction:
        """Money behind the position: cash, the others' profit, less their maintenance."""
        total = self.account.cash
        for leg in self.shared.others:
            total += leg.open_profit(leg.mark) - leg.maintenance()
        return total

    def affordable(self, order: Pending, price: Ticks, opening: Units) -> bool:
        """I5 or Bybit's order cost; then the limits over all positions."""
        if opening == 0:
            return True
        reason = self._objection(order, price, opening)
        reason = reason or self.gate(order, opening, price)
        if reason is not None:
            self.refusals.append(Refused(self.bar, order.side, reason, order.command.id))
        return reason is None

    def _objection(self, order: Pending, price: Ticks, opening: Units) -> Refusal | None:
        """Bybit's tiers count what is held on that side and the order together."""
        if self.futures is not None:
            same = sum((lot.units for lot in self.account.lots if lot.side == order.side), 0)
            objection = self.futures.objection(self.desk.grid.money(price, same + opening))
            if objection is not None:
                return objection
        return None if self._has_margin(order, price, opening) else Refusal.NO_MARGIN

    def _has_margin(
        self, order: Pending, price: Ticks, opening: Units, checked: bool = False
    ) -> bool:
        account, broker, grid = self.shared, self.desk.broker, self.desk.grid
        if opening == 0 or (not broker.check_margin and (self.futures is None or checked)):
            return True
        if self.futures is None:
            checks = self.desk.properties.margin == "checked"
            if checks and not order.is_market:
                return self.desk.sizing.can_carry(order.side, price, opening)
            if checks and not account.elsewhere:
                # What was checked at its signal needs it again only where others took margin since.
                return True
            same = sum((lot.units for lot in account.lots if lot.side == order.side), 0)
            needed = grid.money(price, same + opening)
            needed += account.elsewhere
            return needed <= account.equity(price) * Fraction(broker.leverage)
        at = Fraction(price) * grid.tick
        cost = self.futures.cost(order.side, opening * grid.lot, at)
        # What an order closes on the other side has given its margin back.
        own = bool(account.lots) and account.lots[0].side == order.side
        used = self.futures.used(account.held, at) if own else ZERO
        used += sum((leg.used() for leg in account.others), ZERO)
        return cost <= account.equity(price) - used
