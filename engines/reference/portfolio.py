"""How do several symbols trade on one account? All that happens, laid out in time beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import NamedTuple

from engines.bars import Bars
from engines.broker import Broker
from engines.commands import Command
from engines.legs import Conductor, Leg, LegView, PortfolioView, by_symbol
from engines.orders import Refusal
from engines.reference.account import Fill, Trade
from engines.reference.day_orders import DayBook
from engines.reference.desk import Desk
from engines.reference.futures import Futures
from engines.reference.grid import Grid, Ticks
from engines.reference.leg_market import LegMarket, Refused
from engines.reference.limits import Doorman
from engines.reference.path import Path, path_of
from engines.reference.shared_account import Money, SharedAccount
from engines.reference.simulate import view_of
from engines.risk import NO_LIMITS, Limits
from engines.script import Guarding

# At one time: what ended before, what is decided on it, what begins after it.
WAY, SETTLED, DECIDED, CLOSED, OPENED = range(5)


@dataclass(frozen=True)
class LegOutcome:
    """What came of one leg; `brought` is what its fills, funding and lots were worth at the end."""

    fills: list[Fill]
    trades: list[Trade]
    open: list[Trade]
    refusals: list[Refused]
    brought: Fraction


@dataclass(frozen=True)
class Outcome:
    """What came of the account; `ledger` has the rows of all legs as they happened."""

    legs: dict[str, LegOutcome]
    ledger: list[tuple[str, Fill]]
    close_ms: list[int]
    equity: list[Fraction]


class Happening(NamedTuple):
    """One entry of the calendar."""

    time_ms: int
    kind: int
    symbol: str
    bar: int
    stretch: int


class Stretch(NamedTuple):
    """A bar or a finer bar inside it."""

    open_ms: int
    close_ms: int
    path: Path


class Side:
    """One leg: its market, desk and bars."""

    def __init__(self, leg: Leg, broker: Broker, money: Money) -> None:
        self.leg = leg
        self.symbol = leg.symbol
        self.grid = Grid.of(leg.instrument)
        wanted = broker.margin_mode != "none" or broker.funding != "none"
        futures = Futures.of(leg.instrument, broker) if wanted else None
        rule = leg.properties.close_rule
        self.account = SharedAccount(money, self.grid, broker, rule, futures)
        self.desk = Desk(self.grid, broker, leg.properties, self.account, leg.instrument)
        self.market = LegMarket(self.desk, self.account, int(broker.slippage_ticks))
        if leg.properties.day_orders is not None:
            self.market.day_book = DayBook(self.account, leg.properties.day_orders)
        script: object = leg.script
        if isinstance(script, Guarding) and script.guards:
            self.market.held_back = partial(self._held_back, script)
        self.stretches = {bar: list(_stretches(leg, bar, self.grid)) for bar in leg.traded}
        self.now = Happening(0, OPENED, self.symbol, leg.traded[0], 0)

    def _held_back(self, script: Guarding, side: int, price: Ticks) -> Refusal | None:
        """Why the script keeps an entry out that has come to its price."""
        bar = self.now.bar
        view = view_of(self.account, bar, price, self.desk)
        return script.held_back(side, int(self.leg.bars.open_ms[bar]), view)

    def note_close(self) -> None:
        """What the leg and the whole account are at its close, for what is counted from there."""
        account = self.account
        account.record.end_bar(account.entries, account.orders, account.equity(self.close))

    @property
    def stretch(self) -> Stretch:
        """Where the leg is on its path."""
        return self.stretches[self.now.bar][self.now.stretch]

    @property
    def known_ms(self) -> int:
        """Up to when bars were closed when the present prices were made."""
        return self.stretch.open_ms if self.now.kind == WAY else self.now.time_ms

    @property
    def close(self) -> Ticks:
        """Close of the present bar, as the path has it."""
        return self.stretches[self.now.bar][-1].path.close

    def calendar(self) -> Iterator[Happening]:
        """Everything that will happen to the leg."""
        bars: Bars = self.leg.bars
        for bar, parts in self.stretches.items():
            open_ms, close_ms = int(bars.open_ms[bar]), int(bars.close_ms[bar])
            for number, part in enumerate(parts):
                start_ms = open_ms if number == 0 else part.open_ms
                yield Happening(start_ms, OPENED, self.symbol, bar, number)
                yield Happening(part.close_ms, WAY, self.symbol, bar, number)
            for kind in (SETTLED, DECIDED, CLOSED):
                yield Happening(close_ms, kind, self.symbol, bar, len(parts) - 1)

    def pay_funding(self, start_ms: int, end_ms: int, mark: Ticks) -> None:
        """Settlements in `[start_ms, end_ms)` on what is held."""
        rates = self.leg.funding
        if rates is None or self.account.broker.funding == "none":
            return
        for time_ms, rate in zip(rates.time_ms.tolist(), rates.rate.tolist(), strict=True):
            if start_ms <= time_ms < end_ms and self.account.lots:
                self.account.pay_funding(self.now.bar, Fraction(rate), mark)


def _stretches(leg: Leg, bar: int, grid: Grid) -> Iterator[Stretch]:
    """B7: the finer bars inside, or the bar itself."""
    bars, finer = leg.bars, leg.finer
    inside: Iterable[int] = ()
    if finer is not None:
        start_ms, end_ms = int(bars.open_ms[bar]), int(bars.close_ms[bar])
        inside = range(
            int(finer.open_ms.searchsorted(start_ms)), int(finer.open_ms.searchsorted(end_ms))
        )
        for one in inside:
            times = int(finer.open_ms[one]), int(finer.close_ms[one])
            yield Stretch(*times, path_of(finer, one, grid))
    if not inside:
        times = int(bars.open_ms[bar]), int(bars.close_ms[bar])
        yield Stretch(*times, path_of(bars, bar, grid))


def simulate_portfolio(
    legs: Sequence[Leg],
    broker: Broker,
    conductor: Conductor | None = None,
    limits: Limits = NO_LIMITS,
) -> Outcome:
    """Run legs on one account, exactly.

    At equal times funding, liquidation, exits, entries, then the symbol's name.
    """
    return _Portfolio(by_symbol(legs), broker, conductor, limits).run()


class _Portfolio:
    def __init__(
        self, legs: Sequence[Leg], broker: Broker, conductor: Conductor | None, limits: Limits
    ) -> None:
        self.money = Money(Fraction(broker.initial_cash))
        self.sides = {leg.symbol: Side(leg, broker, self.money) for leg in legs}
        self.conductor = conductor
        self.ledger: list[tuple[str, Fill]] = []
        self.curve: dict[int, Fraction] = {}
        Doorman(self.sides.values(), limits).guard()

    def run(self) -> Outcome:
        calendar = [one for side in self.sides.values() for one in side.calendar()]
        acts = {
            WAY: self._way,
            SETTLED: self._settle,
            DECIDED: self._decide,
            CLOSED: self._close,
            OPENED: self._open,
        }
        for (_, kind), together in groupby(sorted(calendar), key=lambda one: one[:2]):
            due = []
            for one in together:
                side = self.sides[one.symbol]
                side.now = one
                due.append(side)
            acts[kind](due)
        legs = {name: self._outcome(side) for name, side in self.sides.items()}
        return Outcome(legs, self.ledger, list(self.curve), list(self.curve.values()))

    def _open(self, due: list[Side]) -> None:
        for side in due:
            side.market.bar = side.now.bar
            if side.now.stretch == 0:
                bars, bar = side.leg.bars, side.now.bar
                if side.market.day_book is not None:
                    side.market.day_book.open_bar(side.now.time_ms)
                mark = side.grid.nearest(float(bars.open[bar]))
                self._do(
                    side, partial(side.pay_funding, side.now.time_ms, side.now.time_ms + 1, mark)
                )
        for side in due:
            side.market.begin_open(side.stretch.path.open)
        self._check()
        self._round(due)

    def _way(self, due: list[Side]) -> None:
        for corner in ("near", "far", "close"):
            for side in due:
                side.market.begin_way(getattr(side.stretch.path, corner))
            self._round(due)

    def _round(self, due: list[Side]) -> None:
        self._fill(due)
        for side in due:
            side.market.arrive()
        self._check()
        for side in due:
            self._do(side, side.market.call_margin)

    def _fill(self, due: list[Side]) -> None:
        while True:
            ahead = {side.symbol: side.market.ahead() for side in due}
            if any(
                self._do(side, partial(side.market.liquidate, ahead[side.symbol])) for side in due
            ):
                continue
            waiting = [(not one.is_exit, name, one) for name, one in ahead.items() if one]
            if not waiting:
                return
            _, name, first = min(waiting, key=lambda one: one[:2])
            self._do(self.sides[name], first.fill)

    def _check(self) -> None:
        """Liquidation of whatever the account cannot maintain, by the symbols' names."""
        for side in self.sides.values():
            while self._do(side, side.market.liquidate_here):
                if side.now.kind == CLOSED:
                    # Between its bars it belongs to the one that is over.
                    side.note_close()

    def _settle(self, due: list[Side]) -> None:
        for side in due:
            bars, bar = side.leg.bars, side.now.bar
            start_ms, end_ms = int(bars.open_ms[bar]) + 1, int(bars.close_ms[bar])
            mark = side.grid.nearest(float(bars.close[bar]))
            self._do(side, partial(side.pay_funding, start_ms, end_ms, mark))

    def _decide(self, due: list[Side]) -> None:
        orders = self._conducted(due)
        for side in due:
            bar, close = side.now.bar, side.close
            side.desk.ladders.close_bar(close)
            for command in orders.get(side.symbol, ()):
                side.desk.take(command, bar, close)
            if side.leg.script is not None:
                view = view_of(side.account, bar, close, side.desk)
                for command in side.leg.script.on_close(view):
                    side.desk.take(command, bar, close)
            side.desk.see_first_close(bar, close)

    def _conducted(self, due: list[Side]) -> dict[str, Sequence[Command]]:
        if self.conductor is None:
            return {}
        views = {}
        for name, side in self.sides.items():
            begun = side.market.here != 0
            price = side.grid.price(side.account.mark) if begun else float("nan")
            size = float(side.account.position * side.grid.lot)
            views[name] = LegView(size, price, side in due)
        money, now_ms = self.money, due[0].now.time_ms
        view = PortfolioView(now_ms, float(money.equity), float(money.cash), views)
        turn = self.conductor.on_close(view)
        for name, share in turn.shares.items():
            self.sides[name].desk.properties = self.sides[name].leg.properties.scaled(share)
        return dict(turn.commands)

    def _close(self, due: list[Side]) -> None:
        for side in due:
            side.market.begin_close()
        self._fill(due)
        for side in due:
            side.market.drop_what_cannot_be_carried()
            side.note_close()
        self.curve[due[0].now.time_ms] = self.money.equity

    def _do(self, side: Side, act: Callable[[], bool | None]) -> bool:
        """Let a leg act, and put what it brought into the common ledger."""
        before = len(side.account.fills)
        done = act()
        self.ledger += [(side.symbol, one) for one in side.account.fills[before:]]
        return bool(done)

    def _outcome(self, side: Side) -> LegOutcome:
        account = side.account
        left = account.still_open(side.now.bar, side.close)
        brought = account.brought + account.open_profit(account.mark)
        return LegOutcome(account.fills, account.trades, left, side.market.refusals, brought)
