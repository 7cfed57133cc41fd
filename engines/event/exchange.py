"""What does the market do to orders? A simulated venue: bars, ticks and books in, fills out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from engines.commands import Properties
from engines.event.account import Account
from engines.event.events import (
    LIQUIDATION,
    MARGIN_CALL,
    Amend,
    Bar,
    Event,
    Instruction,
    Mark,
    Opened,
    OrderStatus,
    OrderUpdate,
    Place,
    Prices,
    Withdraw,
)
from engines.event.order_rules import OrderRules
from engines.event.perpetual import Perpetual
from engines.event.recalculation import walk, way_of
from engines.event.sizing import (
    affords,
    call_waits,
    can_carry,
    fee_of,
    lots_to_call,
    own_units,
    units_checked,
    units_of_resting,
)
from engines.event.working import Touch, Working
from engines.kernel.money import market_price
from engines.kernel.rounding import round_against, round_price
from engines.orders import Refusal

Report = Callable[[Event], list[Instruction]]
# No lot is as young as this.
_NO_ROUND: Final = 2**62


class Weighing(Protocol):
    """Who counts the exits that hang on the order inside a bar."""

    def weigh(self, prices: Prices) -> None: ...
    def forget(self) -> None: ...


@dataclass
class Exchange:
    """Walks the price along and fills what it meets; `report` hears of each fill at once.

    The account is the one at the venue: the report books each fill before the price goes on.
    """

    account: Account
    said: Properties
    report: Report
    working: dict[str, Working] = field(default_factory=dict)
    here: float = 0.0
    moment: int = 0
    called_in: int = -1
    bar: int = -1
    mark: float = 0.0
    mark_goal: float | None = None
    perpetual: Perpetual | None = None
    rules: OrderRules | None = None
    orders_filled: int = 0
    # The open of the path, and where its present leg ends; None while the price stands.
    opened: float = 0.0
    leg_end: float | None = None
    # Whether the price jumps there at this moment (B5); the corner of the path where it is, 0 its
    # open; the close that a margin call may be put off to, and whether one waits for it (I4).
    opens: bool = False
    # The path that the price goes along, and who looks at it before it does.
    path: Prices | None = None
    weighing: Weighing | None = None
    corner: int = 0
    close: float | None = None
    put_off: bool = False
    at_once: list[str] = field(default_factory=list)
    # Lots from this number on were entered by the present round of market orders (D10).
    round_from: int = _NO_ROUND
    # When the bar opened, and who is asked for side, bar, opening and price of a met entry.
    opened_ms: int = 0
    held_back: Callable[[int, int, int, float], Refusal | None] | None = None

    def receive(self, instructions: list[Instruction]) -> None:
        """Obey instructions, in their order."""
        for one in instructions:
            match one:
                case Place():
                    self._rest(one)
                    if one.at_once:
                        self.at_once.append(one.order_id)
                case Amend():
                    if one.order_id in self.working:
                        self.working[one.order_id].amend(one, self.here)
                case Withdraw():
                    self.working.pop(one.order_id, None)

    def _rest(self, order: Place) -> None:
        admitted = order
        if self.rules is not None:
            mark = self.here if self.mark_goal is None else self.mark
            checked = self.rules.admit(order, self.here, mark, self.account)
            if isinstance(checked, Refusal):
                self._reject(order, checked)
                return
            admitted = checked
        self.working[order.order_id] = Working.of(admitted, self.moment, self.here)

    def _reject(self, order: Place, why: Refusal, detail: str = "") -> None:
        update = OrderUpdate(order.order_id, "rejected", self.bar, order.side, reason=why.name)
        self._tell(replace(update, detail=detail))

    def live_through(self, bar: Bar) -> None:
        """The path of one bar, or of the finer bars inside it (B1, B7)."""
        self.bar, self.opened_ms = bar.number, bar.open_ms
        if bar.rate != self.account.rate:
            self.account.convert(bar.rate)
        parts, tick = bar.inside or (bar.prices,), self.account.market.tick
        # Not settled by the rules: among finer bars no call waits for the close.
        self.close = parts[0].close if len(parts) == 1 else None
        marks = bar.marks or parts
        self._settle(bar.open_ms, bar.open_ms + 1, marks[0].open)
        if self.said.risk.watches or self.said.day_orders is not None:
            self.here = parts[0].open
            self._ask(Opened(bar.day, self.here, bar.open_ms))
        for prices, mark in zip(parts, marks, strict=True):
            self.path = prices
            self._mark_at(mark.open if bar.marks else None)
            if self.said.calc_on_order_fills:
                walk(self, prices, tick)
                continue
            self.jump(prices.open)
            if not bar.marks:
                for price in way_of(prices, tick):
                    self.move(price)
                continue
            for price, goal in zip(way_of(prices, tick), way_of(prices, tick, mark), strict=True):
                self.mark_goal = goal
                self.move(price)
                self._mark_at(goal)
        # What is held inside a bar when funding falls due is not known: its close decides.
        self._settle(bar.open_ms + 1, bar.close_ms, marks[-1].close)

    def _mark_at(self, mark: float | None) -> None:
        """The mark price stands there; None lets the price of the bars be it."""
        self.mark_goal = mark
        self.mark = self.mark if mark is None else mark

    def _settle(self, start_ms: int, end_ms: int, mark: float) -> None:
        """Funding of the settlements in `[start_ms, end_ms)`, on what is held."""
        if self.perpetual is None or not self.account.lots:
            return
        for _, rate in self.perpetual.settlements(start_ms, end_ms):
            self.account.pay_funding(self.bar, rate, mark)

    def jump(self, price: float) -> None:
        """The market opens at `price`: market orders fill (A1), and what it jumped over (B3)."""
        self.opened, self.corner = price, 0
        self.opens = True
        self.fill_here(price)
        self.opens = False

    def fill_here(self, price: float) -> None:
        """Market orders fill where the price stands, and levels that it is beyond."""
        self._next(price)
        self.account.see(price)
        while self._liquidate_on_the_way(price, price):
            pass
        self._fill_market_orders([one for one in self.working.values() if one.is_market])
        if self.opens and self.weighing is not None and self.path is not None:
            self.weighing.weigh(self.path)
        self._go(price)

    def move(self, price: float) -> None:
        """The market goes from here to `price` without a gap (B2)."""
        self.leg_end, self.corner = price, self.corner + 1
        self._go(price)

    def _go(self, price: float) -> None:
        if self.working or self.perpetual is not None:
            self._meet_all(price, self.moment + 1)
        self.leg_end = None
        self._arrive(price)
        self._fill_at_once(price)
        self._call_margin()
        if self.said.risk.max_intraday_loss is not None:
            self._ask(Mark(price))

    def _ask(self, event: Opened | Mark) -> None:
        """Tell of the price; what must be closed now is closed here."""
        self.receive(self.report(event))
        self._fill_at_once(self.here)

    def _fill_at_once(self, price: float) -> None:
        """Closes by a risk rule, whatever else waits (J2 to J5), and exits of a gap (B5, E13)."""
        while self.at_once:
            working = self.working.pop(self.at_once.pop(0), None)
            if working is None:
                continue
            order, units = working.order, self._units(working, working.units or 0.0)
            market = self.account.market
            paid = float(market_price(price, order.side, market)) if order.slips else price
            fee = fee_of(self.account, units, paid, market.taker_fee_rate)
            if not order.reduce_only and not self._affords(order, units, paid):
                self._reject(order, Refusal.NO_MARGIN)
                continue
            status: OrderStatus = "filled" if units > 0.0 else "cancelled"
            self._tell(
                OrderUpdate(order.order_id, status, self.bar, order.side, paid, units, 0.0, fee)
            )

    def close_bar(self) -> None:
        """After the decisions of a bar: what fills at this very close (A2, A3)."""
        at_close = self.account.market.fill_at_close
        self.moment += 1
        if self.weighing is not None:
            self.weighing.forget()
        if self.put_off:
            self.put_off = False
            self._call_margin()
        self._fill_at_once(self.here)
        orders = [one for one in self.working.values() if one.is_market]
        self._fill_market_orders([one for one in orders if at_close or one.order.at_close])
        if at_close:
            # A2: price orders that the close is through already. Not settled by the rules:
            # exits of an entry that filled at this very close wait for the next bar.
            self._meet_all(self.here, self.moment)
        self._drop_what_cannot_be_carried()

    def _next(self, price: float) -> None:
        self.moment += 1
        self.here = price

    def _meet_all(self, price: float, born_before: int) -> None:
        while True:
            met = self._nearest(price, born_before)
            if self._liquidate_on_the_way(price, price if met is None else met[1].at):
                continue
            if met is None:
                return
            working, touch = met
            if self.mark_goal is not None:
                self.mark += _share(self.here, price, touch.at) * (self.mark_goal - self.mark)
            self._come_to(touch.at)
            self._fill(working, touch)

    def _nearest(self, price: float, born_before: int) -> tuple[Working, Touch] | None:
        """The order that the way to `price` meets first (B6); at one price as they rank."""
        tick = self.account.market.tick
        ahead = 1.0 if price >= self.here else -1.0
        best: tuple[Working, Touch] | None = None
        for working in self.working.values():
            # A2: what a fill at the close puts there is met there, but for its exits.
            late = working.since >= born_before
            if working.is_market or (late and (working.order.reduce_only or not born_before)):
                continue
            touch = self._touch(working, price, tick) if self._rests(working) else None
            if touch is not None and (best is None or _first(ahead, (working, touch), best)):
                best = working, touch
        return best

    def _touch(self, working: Working, price: float, tick: float) -> Touch | None:
        """Where the way to `price` meets an order."""
        return working.touch(self.here, price, tick)

    def _rests(self, working: Working) -> bool:
        return working.rests_from <= self.bar

    def _come_to(self, price: float) -> None:
        """The way leads to an order; what rests since the price came here waits for it to move."""
        if price != self.here:
            self._arrive(price)

    def _arrive(self, price: float) -> None:
        self.here = price
        self.account.see(price)
        reached = []
        for working in self.working.values():
            if self._rests(working):
                working.pass_by(price)
                if working.reached(price):
                    reached.append(working.order)
        for order in reached:
            if self.working.pop(order.order_id, None) is not None:
                self._tell(OrderUpdate(order.order_id, "reached", self.bar, order.side, price))

    def _fill_market_orders(self, orders: list[Working]) -> None:
        touch = Touch(self.here, self.here, slips=True)
        self.round_from = self.account.entries
        for working in sorted(orders, key=lambda one: one.order.sequence):
            # What an earlier fill withdrew is gone.
            if self.working.get(working.order.order_id) is working:
                self._fill(working, touch)
        self.round_from = _NO_ROUND

    def _fill(self, working: Working, touch: Touch, at_most: float = math.inf) -> None:
        """Fill an order, or so many lots of it; what is left goes on working."""
        order, market = working.order, self.account.market
        del self.working[order.order_id]
        price = float(market_price(touch.price, order.side, market)) if touch.slips else touch.price
        # Whatever the slippage, a price is a tick at least.
        price = max(price, market.tick) if self.rules is not None else price
        own, refusal = self._own_units(working, price)
        units = self._units(working, own)
        closing = min(units, self.account.closable(order.side, order.reduce_only))
        # Own lots and those against a position add up to a double that is not always their sum.
        whole = closing == self._against(working) and not self._sized_at_touch(order)
        opened = own if whole else units - closing
        if units <= 0.0 and not order.reduce_only and refusal is None:
            # It has become nothing, and nothing is no order (D12).
            nothing = Refusal.QTY_ZERO.name
            self._tell(
                OrderUpdate(order.order_id, "cancelled", self.bar, order.side, reason=nothing)
            )
            return
        refused = refusal or self._refusal(order, units, opened, self._checked(order, price))
        if refused is not None:
            self._reject(order, refused, self._detail(order, refused, units, price))
            return
        part = min(units, at_most)
        taker = touch.slips if self.rules is None else self.rules.is_taker(working, touch)
        rate = market.taker_fee_rate if taker else market.maker_fee_rate
        fee = fee_of(self.account, part, price, rate)
        if working.begun:
            # H3: the flat fee is an order's, not a part's.
            fee -= market.fee_per_order
        if part < units:
            closing = min(part, self.account.closable(order.side, order.reduce_only))
            opened = part - closing
            against = self._against(working)
            self.working[order.order_id] = working.after(part, own, against, closing)
        left, name, bar, side = units - part, order.order_id, self.bar, order.side
        told = OrderUpdate(name, "filled", bar, side, price, part, left, fee, opened=opened)
        if order.at_close and self.rules is None and self.said.margin == "called":
            told = replace(told, unslipped=touch.price)
        if closing > 0.0 and opened > 0.0:
            told = replace(told, caught=self._caught(working))
        self.orders_filled += part == units
        self._tell(told)
        if self.said.day_orders is not None:
            self._fill_at_once(touch.price)
        beyond = not order.reduce_only and order.side * price > order.side * self.opened
        # J2: an entry beyond the open, inside a leg, is closed where that leg ends.
        if self.at_once and not (beyond and self.leg_end is not None):
            self._fill_at_once(price)

    def _caught(self, reversing: Working) -> tuple[str, ...]:
        """Exits that the open is through beside a reversal: of a stop entry the stops (B5)."""
        if not self.opens or self.rules is not None or reversing.limit is not None:
            return ()
        tick, by_stop = self.account.market.tick, reversing.stop is not None
        found = [
            one.order
            for one in self.working.values()
            if one.order.reduce_only
            and not one.is_market
            and one.order.side == reversing.order.side
            if not by_stop or one.stop is not None
            if self._touch(one, self.here, tick) is not None
        ]
        return tuple(one.order_id for one in sorted(found, key=lambda one: one.rank))

    def _checked(self, order: Place, price: float) -> float:
        """The price that an order's margin is looked at (I5)."""
        return price if order.sized_at is None or self.account.lots else order.sized_at

    def _detail(self, order: Place, why: Refusal, units: float, price: float) -> str:
        if self.perpetual is None or why not in (Refusal.LEVERAGE, Refusal.RISK_LIMIT):
            return ""
        return self.perpetual.explained(self.account, order.side, units, price)

    def _refusal(self, order: Place, units: float, opening: float, price: float) -> Refusal | None:
        """Why an order of `units` lots that opens so many may not fill; None if it may."""
        if self.rules is not None:
            if units <= 0.0 and order.reduce_only:
                return Refusal.REDUCE_ONLY
            refused = self.rules.refusal_at_fill(order, units, price, self.account)
            if refused is not None:
                return refused
            if self.rules.spot and units > 0.0:
                return None
        if units > 0.0 and opening > 0.0 and not order.reduce_only and self.perpetual is not None:
            return self.perpetual.refusal(self.account, order.side, opening, price)
        may = units > 0.0 and self._affords(order, opening, price)
        return None if may else Refusal.NO_MARGIN

    def _affords(self, order: Place, opening: float, price: float) -> bool:
        if self.rules is not None and self.rules.spot:
            return opening == 0.0 or self.account.value(opening, price) <= self.account.balance
        if self.perpetual is not None:
            return order.reduce_only or self.perpetual.covers(
                self.account, order.side, opening, price
            )
        if self.said.margin == "checked":
            rested = self._sized_at_touch(order)
            return not rested or can_carry(self.account, order.side, opening, price)
        kept = 0.0
        if order.side == -self.account.side and not self.account.hedged:
            # D10: what another market order opened at this moment is not freed by its close.
            fresh = [lot.units for lot in self.account.lots if lot.number >= self.round_from]
            kept = sum(fresh)
        return affords(self.account, self.said, order.side, opening, price, kept)

    def _liquidate_on_the_way(self, price: float, first: float) -> bool:
        """Whether the way to `price` takes the position away before the order met at `first`."""
        rules = self.perpetual
        if rules is None or not self.account.lots:
            return False
        levels = rules.levels(self.account)
        return any(self._liquidate(side, level, price, first) for side, level in levels)

    def _liquidate(self, side: int, level: float, price: float, first: float) -> bool:
        account, rules = self.account, self.perpetual
        here, there = self.here, price
        if self.mark_goal is not None:
            here, there = self.mark, self.mark_goal
        if rules is None or level <= 0.0 or side * there > side * level:
            return False
        mark = here if side * here <= side * level else level
        # The price and its mark go their ways side by side: the earlier of two is met first.
        share = _share(here, there, mark, 0.0)
        if share > _share(self.here, price, first):
            return False
        last = mark
        if self.mark_goal is not None:
            last = float(round_price(self.here + share * (price - self.here), account.market.tick))
        self.mark = mark
        self._arrive(last)
        self._withdraw_all()
        for one, units, bankrupt in rules.taken(account, side, mark, last):
            at = float(round_against(bankrupt, float(side), account.market.tick))
            fee = fee_of(account, units, at, account.market.taker_fee_rate)
            self._tell(OrderUpdate("", "filled", self.bar, -one, at, units, 0.0, fee, LIQUIDATION))
        # It may be the day's last order (J2); what it left then goes at the market.
        self._fill_at_once(self.here)
        return True

    def _withdraw_all(self) -> None:
        """A liquidation begins with the orders."""
        for working in list(self.working.values()):
            order = working.order
            if self.working.pop(order.order_id, None) is not None:
                self._tell(OrderUpdate(order.order_id, "cancelled", self.bar, order.side))

    def _own_units(self, working: Working, price: float) -> tuple[float, Refusal | None]:
        """Lots that an order is for, without those against a position, and why it may not fill."""
        order, said, account = working.order, self.said, self.account
        if said.margin == "called":
            if order.reduce_only:
                return working.units or 0.0, None
            return own_units(working.units, order, said, account, price), None
        if working.units is not None:
            return working.units, None
        if self._sized_at_touch(order):
            # Limits hold entries back, not the safety orders of a position that is there.
            if self.held_back is not None and order.share == 0.0:
                why = self.held_back(order.side, self.bar, self.opened_ms, price)
                if why is not None:
                    return 0.0, why
            return units_of_resting(account, said, order, price)
        stop, against = order.sized_by_stop, self._against(working)
        over = order.sized_over
        return units_checked(account, said, order.side, None, stop, price, against, over)

    def _sized_at_touch(self, order: Place) -> bool:
        """Whether it is a graph's entry that rested: sized and checked where it fills (G5)."""
        rested = order.limit is not None or order.stop is not None
        return rested and not order.reduce_only and self.said.margin == "checked"

    def _units(self, working: Working, own: float) -> float:
        order = working.order
        if order.reduce_only:
            # D9: closes add up to the position at most, and never reverse it.
            return min(own, self.account.held(-order.side))
        units = own + self._against(working)
        return min(units, self.account.closable(order.side)) if order.only_leaves else units

    def _against(self, working: Working) -> float:
        """Lots of the other side: those at its creation (D2), or all there are (D10)."""
        if not working.flips:
            return working.against
        return self.account.closable(working.order.side, False)

    def _tell(self, update: OrderUpdate) -> None:
        self.receive(self.report(update))

    def _drop_what_cannot_be_carried(self) -> None:
        """I6: what waits at a price is cancelled once the account could not carry it."""
        if not self.account.market.check_margin or self.said.margin == "checked":
            return
        for working in list(self.working.values()):
            order = working.order
            if working.is_market or order.reduce_only:
                continue
            units = self._units(working, self._own_units(working, self.here)[0])
            opening = units - min(units, self.account.closable(order.side))
            if not self._affords(order, opening, self.here):
                del self.working[order.order_id]
                self._tell(OrderUpdate(order.order_id, "cancelled", self.bar, order.side))

    def _call_margin(self) -> None:
        """Sell what the account can no longer carry, once a bar at most (I1 to I4)."""
        account, market = self.account, self.account.market
        owned = self.perpetual is not None or account.wallet is not None
        owned = owned or account.hedged
        if owned or not account.lots or not market.check_margin:
            return
        if self.called_in == self.bar or self.put_off or self.said.margin == "checked":
            return
        units = lots_to_call(account, self.said, self.here)
        if units <= 0.0:
            return
        # I4: one contract that is missed at the first extreme can wait for the close.
        close = None if self.corner != 1 or self.close == self.here else self.close
        if close is not None and call_waits(account, self.said, self.here, close):
            self.put_off = True
            return
        # Not settled by the rules: no slippage, the price is the one that was checked.
        fee = fee_of(account, units, self.here, market.taker_fee_rate)
        self.called_in = self.bar
        self._tell(
            OrderUpdate(
                "", "filled", self.bar, -account.side, self.here, units, 0.0, fee, MARGIN_CALL
            )
        )


def _share(here: float, there: float, at: float, nowhere: float = 1.0) -> float:
    """How much of the way from here to there leads to `at`."""
    return (at - here) / (there - here) if there != here else nowhere


def _first(ahead: float, one: tuple[Working, Touch], other: tuple[Working, Touch]) -> bool:
    """Whether a way meets one order before another (B6); at one price as they rank.

    Of two stops of one place the nearer is due (E5): the market jumped over it first.
    """
    (order, touch), (rival, met) = one, other
    mine = ahead * touch.at, order.order.rank, order.order.side * touch.level, order.trails
    return mine < (
        ahead * met.at,
        rival.order.rank,
        rival.order.side * met.level,
        rival.trails,
    )
