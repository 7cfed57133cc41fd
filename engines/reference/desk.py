"""What becomes of a command? Orders that wait, exits that stand, quantities and limits."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from engines.broker import Broker
from engines.commands import (
    Cancel,
    CancelAll,
    Close,
    CloseAll,
    Command,
    Entry,
    Exit,
    MoveStops,
    Order,
    Properties,
    Refuse,
    without_na,
)
from engines.instrument import Instrument
from engines.orders import Reason, Refusal
from engines.reference.account import ZERO, Account, Lot, sign
from engines.reference.brackets import Rest
from engines.reference.exits import (
    Key,
    Leg,
    Levels,
    Standing,
    has_levels,
    levels_of,
    reserved_units,
    trails_alike,
)
from engines.reference.grid import Grid, Ticks, Units, significant
from engines.reference.ladders import Ladders
from engines.reference.pending import Pending, Touch
from engines.reference.sizing import Sizing


class Closing(NamedTuple):
    """A market order that leaves `units` of a position of `side`."""

    units: Units
    side: int
    lots: tuple[Lot, ...]
    signal: str
    immediately: bool
    sequence: int
    reason: Reason = Reason.SIGNAL_EXIT
    turn: int = 0


class Desk:
    """Takes a script's commands and keeps what waits for the market."""

    def __init__(
        self,
        grid: Grid,
        broker: Broker,
        properties: Properties,
        account: Account,
        instrument: Instrument,
    ) -> None:
        self.grid = grid
        self.broker = broker
        self.properties = properties
        self.account = account
        taker, maker = broker.taker_fee_rate, broker.maker_fee_rate
        self.taker_fee_rate = Fraction(instrument.taker_fee_rate if taker is None else taker)
        self.maker_fee_rate = Fraction(instrument.maker_fee_rate if maker is None else maker)
        self.pending: dict[str, Pending] = {}
        self.closings: list[Closing] = []
        self.standing: dict[tuple[str, str], Standing] = {}
        self.legs: dict[Key, Leg] = {}
        self.rests: dict[int, Rest] = {}
        self.sizing = Sizing(account, broker, properties, instrument)
        self.ladders = Ladders(grid, account, self.pending, self._rest_safety)
        self._sequence = 0
        # Where the market is, as the one who walks it along says.
        self.here: Ticks = 0
        self._turn = 0

    def take(self, command: Command, bar: int, close: Ticks, turn: int | None = None) -> None:
        """Obey one command at the close of a bar, or of a pass inside it with its own `turn`."""
        self._sequence += 1
        self._turn = bar if turn is None else turn
        match command:
            case Entry():
                if not self._enter(command, bar, close) and command.otherwise is not None:
                    self._close(command.otherwise)
            case Exit():
                self._exit(command, close)
            case Close() | CloseAll():
                self._close(command)
            case Cancel() | CancelAll():
                self._cancel(command)
            case MoveStops(stop=level):
                for rest in self.rests.values():
                    rest.move_stop(level, bar)
            case Refuse():
                self.refuse(bar, command.side, command.reason)

    def clear(self) -> None:
        """Drop everything that waits (D6)."""
        self._cancel(CancelAll())

    @property
    def lists_raw(self) -> bool:
        """Whether immediate closes are listed without their slippage: a script's are (A3)."""
        return self.broker.profile == "tradingview" and self.properties.margin == "called"

    def margin(self, side: int) -> Fraction:
        """Share of a position's value that must be there as equity (I1); 0 for none."""
        if not self.broker.check_margin or self.properties.margin == "checked":
            return ZERO
        percent = self.properties.margin_percent(side)
        if percent is None:
            return 1 / Fraction(self.broker.leverage)
        return Fraction(repr(float(percent))) / 100

    def _cancel(self, command: Cancel | CancelAll) -> None:
        """D6: entries and exits of that id, and nothing that hangs on them; or everything."""
        if isinstance(command, CancelAll):
            self.pending.clear()
            self.closings.clear()
        else:
            self.pending.pop(command.id, None)
        for key in list(self.standing):
            if isinstance(command, CancelAll) or key[0] == command.id:
                self.drop_exit(key)

    def refuse(self, bar: int, side: int, reason: Refusal) -> None:
        """Keep why a signal or an order came to nothing."""
        self.account.refuse(bar, side, reason)

    def _enter(self, command: Entry, bar: int, close: Ticks) -> bool:
        """Place an entry or order; whether it went."""
        command = without_na(command)
        side = sign(command.direction)
        is_entry = not isinstance(command, Order)
        # D3: the limit is checked when an order is placed.
        if is_entry and self.entries_of(side) >= max(1, self.properties.pyramiding):
            return False
        if command.reduce_only:
            return self._reduce(command, side)
        against = self.account.closable(side) if is_entry else 0
        if is_entry and self._only_closes(side):
            # J1: on a side that may not be entered an entry only leaves the other one.
            if against:
                self._wait(command, side, 0, ZERO, against, close)
            return bool(against)
        if self.properties.margin == "checked":
            return self._enter_checked(command, bar, close, against)
        units, budget = self._size(command, close)
        if is_entry:
            units = self.within_limit(side, units)
        if units is None or units > 0:
            self._wait(command, side, units, budget, against, close)
            return True
        return False

    def _reduce(self, command: Entry, side: int) -> bool:
        """An order that only leaves the other side: what it says of it, or all."""
        held = self.account.open_on(-side)
        units = held if command.qty is None else self.grid.units(command.qty)
        if held > 0 and units > 0:
            self._wait(command, side, units, ZERO, 0, 0)
        return held > 0 and units > 0

    def _enter_checked(self, command: Entry, bar: int, close: Ticks, against: Units) -> bool:
        """Size and check an entry now, or leave both to its fill."""
        side = sign(command.direction)
        if command.limit is not None or command.stop is not None:
            return self._rest_checked(command, bar, close, against)
        if self.broker.size_at == "fill":
            self._wait(command, side, None, ZERO, against, close)
            return True
        equity = self.account.equity(close)
        stop = None if command.bracket is None else command.bracket.stop
        units = self.sizing.units(command.qty, side, stop, close, over=command.sized_over)
        if isinstance(units, Refusal):
            self.refuse(bar, side, units)
            return False
        self._wait(command, side, units, ZERO, against, close)
        self.pending[command.id].equity = equity
        return True

    def _rest_safety(
        self,
        first: Entry,
        side: int,
        number: int,
        price: Ticks,
        share: float,
        equity: Fraction | None,
    ) -> None:
        """A limit of a ladder, for a share of its first entry; it reverses nothing."""
        self._sequence += 1
        signal = first.comment or first.id
        command = replace(first, id=f"{first.id} safety {number}", comment=signal, stop=None)
        order = Pending(command, side, None, ZERO, 0, price, None, self._sequence)
        order.turn, order.equity = self._turn, equity
        order.took = side * self.here < side * price
        order.safety, order.share, order.first_id = number, Fraction(share), first.id
        self.pending[command.id] = order

    def _rest_checked(self, command: Entry, bar: int, close: Ticks, against: Units) -> bool:
        """Rest an entry that is sized and checked at its fill, by this close's equity (G5)."""
        side, limit, stop = sign(command.direction), command.limit, command.stop
        levels = [
            *([] if limit is None else [self.grid.limit(limit, command.direction)]),
            *([] if stop is None else [self.grid.stop(stop, command.direction)]),
        ]
        reason = None
        if min(levels) <= 0:
            reason = Refusal.BAD_LEVEL
        elif self.properties.qty_type == "fixed" and not self.sizing.fixed():
            # D12: nothing is no order.
            reason = Refusal.QTY_ZERO
        if reason is not None:
            self.refuse(bar, side, reason)
            return False
        self._wait(command, side, None, ZERO, against, close)
        at_fill = self.broker.size_at == "fill"
        self.pending[command.id].equity = None if at_fill else self.account.equity(close)
        return True

    def within_limit(self, side: int, units: Units | None) -> Units | None:
        """J1: an entry is cut to what the largest position leaves room for."""
        most = self.properties.risk.max_position_size
        if most is None:
            return units
        room = max(self.grid.units(most) - max(side * self.account.position, 0), 0)
        return None if units is None and room > 0 else min(units or 0, room)

    def _only_closes(self, side: int) -> bool:
        allowed = self.properties.allow_entry_in
        return allowed != "both" and sign(allowed) != side

    def only_closes(self, order: Pending) -> bool:
        """Whether an order is an entry of a side that may not be entered (J1)."""
        return not isinstance(order.command, Order) and self._only_closes(order.side)

    def _wait(
        self,
        command: Entry,
        side: int,
        units: Units | None,
        budget: Fraction,
        against: Units,
        close: Ticks,
    ) -> None:
        grid = self.grid
        limit = None if command.limit is None else grid.limit(command.limit, command.direction)
        stop = None if command.stop is None else grid.stop(command.stop, command.direction)
        # D5: the same id again replaces the order, at the end of the queue.
        self.pending.pop(command.id, None)
        took = limit is not None and side * self.here < side * limit
        sent_at = self.here if stop is None else stop
        would_take = limit is not None and side * sent_at < side * limit
        order = Pending(command, side, units, budget, against, limit, stop, self._sequence, took)
        order.turn = self._turn
        order.refused = command.post_only and would_take and self.broker.profile != "tradingview"
        if order.is_market:
            self._before_the_open(order, close)
        self.pending[command.id] = order

    def _before_the_open(self, order: Pending, close: Ticks) -> None:
        """How a market order will find the position, and its margin."""
        if self.properties.margin_price == "signal" and self.account.position == 0:
            order.sized_at = close
        if isinstance(order.command, Order) or order.command.reduce_only:
            return
        order.flips = True
        for other in self.pending.values():
            same = other.turn == order.turn and other.side == order.side
            if same and other.is_market and not isinstance(other.command, Order):
                # D3, R*: of several entries of one side the last one carries the reversal.
                if other.against:
                    other.against, order.flips = 0, False
                other.flips = False

    def send(self) -> None:
        """What the script ordered goes to the venue, which sends back what would take."""
        for order in [one for one in self.pending.values() if one.refused]:
            del self.pending[order.command.id]
            self.tidy()

    def _size(self, command: Entry, close: Ticks) -> tuple[Units | None, Fraction]:
        """Units, or None and the budget that decides when the order fills (G5)."""
        if command.qty is not None:
            return self.grid.units(command.qty), ZERO
        said = self.properties
        if said.qty_type == "fixed":
            return self.grid.units(said.qty_value), ZERO
        budget = self._budget(close)
        if command.limit is not None or command.stop is not None:
            return None, budget
        # G1: the close of the signal sizes a market order.
        return self.units_for(budget, close), ZERO

    def _budget(self, close: Ticks) -> Fraction:
        """What an entry of the default size may cost (G2, G4)."""
        said = self.properties
        budget = Fraction(repr(said.qty_value)) * Fraction(self.broker.leverage)
        if said.qty_type == "percent_of_equity":
            # G2, G6: marked at this close, rounded to ten digits.
            share = self.account.equity(close) * budget / 100
            return significant(share, self.broker.money_digits)
        return budget

    def default_units(self, fill_price: float, close: Ticks) -> Units:
        """The default size, were it to fill at a price; the account is marked at `close`."""
        if self.properties.qty_type == "fixed":
            return self.grid.units(self.properties.qty_value)
        return self.units_for(self._budget(close), Fraction(fill_price) / self.grid.tick)

    def units_for(self, budget: Fraction, price: Ticks) -> Units:
        """Units that a budget buys at `price` (G2 to G4)."""
        # G8: a budget in account currency buys at the rate of the day.
        value = self.account.value(price, 1 / self.grid.lot)
        if self.properties.qty_type == "percent_of_equity":
            # G3: its fees are inside the budget; a cash order does not set them aside (G4).
            budget -= Fraction(self.broker.fee_per_order)
            value = value * (1 + self.taker_fee_rate) + Fraction(self.broker.fee_per_contract)
        return self.grid.whole(max(budget / value, ZERO)) if value > 0 else 0

    def fee_rate(self, touch: Touch, sent_through: bool) -> Fraction:
        """The rate of a fill: a limit makes, all else takes.

        Bybit: a limit takes if the market was through it when it, or its stop, sent it there.
        """
        # A graph without a margin mode is the kernel's: there every limit makes.
        kernels = self.properties.margin == "checked" and self.broker.margin_mode == "none"
        linear = self.broker.profile == "bybit_linear"
        strict = self.broker.profile != "tradingview" and not (kernels and linear)
        taker = touch.slips or (sent_through and strict)
        return self.taker_fee_rate if taker else self.maker_fee_rate

    def entries_of(self, side: int) -> int:
        """Open entries of one direction."""
        return sum(1 for lot in self.account.lots if lot.side == side)

    def _exit(self, command: Exit, close: Ticks) -> None:
        command = without_na(command)
        if not has_levels(command):
            return
        position, hedged = self.account.position, self.account.hedged
        mine = command.from_entry
        waits = mine in self.pending if mine else bool(self.pending)
        held = (
            any(lot.entry_id == mine for lot in self.account.entered)
            if mine
            else bool(self.account.lots)
        )
        if not waits and not held:
            return
        only = 0 if mine or hedged or position == 0 else (1 if position > 0 else -1)
        key = command.id, mine
        before = self.standing.get(key)
        sequence = self._sequence if before is None else before.sequence
        standing = self.standing[key] = Standing(command, only, sequence)
        anew = before is None or not trails_alike(before.command, command)
        for lot in self.account.entered:
            if standing.covers(lot):
                self._place(standing, lot, close, anew)

    def cover(self, lot: Lot) -> None:
        """A fresh entry: exits that were called for it rest from its fill on (E1, E10)."""
        for standing in list(self.standing.values()):
            if standing.covers(lot):
                self._place(standing, lot, lot.price, anew=True)

    def rest(self, lot: Lot, command: Entry) -> None:
        """An entry's bracket: from its fill on (E1), or from the bar after the first close."""
        if command.bracket is None:
            return
        at_once = self.broker.exits_from == "fill"
        rest = Rest(lot, command.bracket, self.grid, 0 if at_once else None)
        self.rests[lot.number] = rest
        mine = [one for one in self.account.lots if one.side == lot.side]
        for other in mine if command.bracket.measures_whole else [lot]:
            # What others have anchored to the position moves with it.
            measured = self.rests.get(other.number)
            if measured is not None:
                measured.measure(mine, self.broker.leverage, self.here, anew=other is lot)
        if at_once and rest.activation is None:
            # E10: without an activation the trail starts at the fill.
            rest.arm(lot.price)

    def see_first_close(self, bar: int, close: Ticks) -> None:
        """Brackets whose entry is seen for the first time rest from the next bar on (E8)."""
        for rest in self.rests.values():
            if rest.live_from is None:
                rest.live_from = bar + 1
                rest.arm(close)
                rest.send_targets(close)

    def _place(self, standing: Standing, lot: Lot, price: Ticks, anew: bool) -> None:
        """Give a standing exit its leg on an entry, or new levels to the leg it has (E2, E3)."""
        command = standing.command
        key = command.id, command.from_entry, lot.number
        leg = self.legs.get(key)
        levels = levels_of(command, lot, self.grid, self.properties.exit_levels)
        if leg is None:
            others = sum(
                one.reserved for one in self.legs.values() if one.lot is lot and not one.done
            )
            reserved = reserved_units(command, lot, others, self.grid)
            leg = self.legs[key] = Leg(lot, standing, Levels(None, None, None, 0), reserved)
        elif anew:
            # E11: other trailing numbers forget how far the stop had come.
            leg.armed = False
        leg.changes(levels, self.here)
        leg.standing = standing
        if anew:
            leg.arm_from(price)

    def drop_exit(self, key: tuple[str, str]) -> None:
        """Forget a standing exit and its legs."""
        self.standing.pop(key, None)
        for name in [name for name in self.legs if name[:2] == key]:
            # A leg that has fired stays known: it is not armed again (E2).
            if not self.legs[name].done:
                del self.legs[name]

    def _close(self, command: Close | CloseAll) -> None:
        command = command if isinstance(command, CloseAll) else without_na(command)
        lots = tuple(self.account.entered)
        signal = command.comment
        if isinstance(command, Close):
            lots = tuple(lot for lot in lots if lot.entry_id == command.id)
            signal = signal or f"Close entry(s) order {command.id}"
        for side in (1, -1):
            mine = tuple(lot for lot in lots if lot.side == side)
            self._close_side(command, mine, side, signal)

    def _close_side(
        self, command: Close | CloseAll, lots: tuple[Lot, ...], side: int, signal: str
    ) -> None:
        units = sum(lot.claim for lot in lots)
        if isinstance(command, Close) and command.qty is not None:
            units = min(units, self.grid.units(command.qty))
        elif isinstance(command, Close) and command.qty_percent is not None:
            part = units * self.grid.lot * Fraction(repr(command.qty_percent)) / 100
            units = min(units, self.grid.whole(part))
        if units <= 0:
            # D7: nothing is open under that id.
            return
        signal = signal or "Close position order"
        self.closings.append(
            Closing(
                units,
                side,
                lots,
                signal,
                command.immediately,
                self._sequence,
                command.reason if isinstance(command, CloseAll) else Reason.SIGNAL_EXIT,
                self._turn,
            )
        )

    def after_fill(self, oca_name: str, oca_type: str, units: Units) -> None:
        """What a fill does to the other orders of its group (F1)."""
        if not oca_name or oca_type == "none":
            return
        for name, other in list(self.pending.items()):
            if other.command.oca_name != oca_name:
                continue
            if oca_type == "cancel" or other.units is None or other.units <= units:
                del self.pending[name]
            else:
                self.pending[name] = replace(other, units=other.units - units)

    def tidy(self) -> None:
        """Drop exits of entries that are gone, and legs that have nothing left to leave."""
        entered = self.account.entered
        held = {lot.number for lot in self.account.lots}
        self.ladders.end_with_position()
        self.rests = {name: rest for name, rest in self.rests.items() if name in held}
        alive = {lot.number for lot in entered}
        for name in [name for name in self.legs if name[2] not in alive]:
            del self.legs[name]
        for key, standing in list(self.standing.items()):
            mine = standing.command.from_entry
            waits = mine in self.pending if mine else self._may_cover(standing)
            if not waits and not any(standing.covers(lot) for lot in entered):
                self.drop_exit(key)

    def _may_cover(self, standing: Standing) -> bool:
        sides = {order.side for order in self.pending.values()}
        return bool(sides) and standing.only_side == 0
