"""How do several legs trade on one account? In one order of time, fill by fill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engines import event
from engines.broker import Broker
from engines.legs import Conductor, Leg, PortfolioView, by_symbol
from engines.portfolio.gate import Entrance
from engines.portfolio.leg import RunningLeg
from engines.portfolio.purse import Purse
from engines.portfolio.timetable import Moment
from engines.portfolio.venue import Met
from engines.risk import NO_LIMITS, Limits

_PARTS = 3


@dataclass(frozen=True)
class Outcome:
    """What came of the account.

    `legs` by symbol: their `equity`, at their own closes, is the initial cash and what the leg
    brought. `ledger` has the rows of all legs in the order in which they happened, with their
    symbols. `close_ms` and `equity` are those of the whole account, at every close of any leg;
    `brought` is what each leg, by symbol, had brought until then.
    """

    legs: dict[str, event.Outcome]
    ledger: list[tuple[str, event.Fill]]
    close_ms: list[int]
    equity: list[float]
    brought: list[tuple[float, ...]]


def simulate(
    legs: Sequence[Leg],
    broker: Broker,
    conductor: Conductor | None = None,
    limits: Limits = NO_LIMITS,
    run: str = "",
) -> Outcome:
    """Run legs on one account; `conductor` may order for all of them, `limits` refuse entries.

    At equal times: ways that end, funding inside bars, decisions, what fills at closes, opens
    with their funding. Within each: liquidation, exits, entries, then the symbol's name. Raises
    InvalidInput for legs that cannot share an account and MissingData for funding with holes.
    """
    return _Run(by_symbol(legs), broker, conductor, limits, run).outcome()


class _Run:
    def __init__(
        self,
        legs: Sequence[Leg],
        broker: Broker,
        conductor: Conductor | None,
        limits: Limits,
        run: str,
    ) -> None:
        self._purse = Purse(broker.initial_cash)
        self._leverage = float(broker.leverage)
        self._legs = [RunningLeg(leg, broker, self._purse, run) for leg in legs]
        self._conductor = conductor
        self._ledger: list[tuple[str, event.Fill]] = []
        self._seen = {leg.symbol: 0 for leg in self._legs}
        self._curve: dict[int, float] = {}
        self._brought: list[tuple[float, ...]] = []
        entrance = Entrance(self._legs, limits)
        for leg in self._legs if entrance.refuses_anything else ():
            leg.guard(entrance.gate_of(leg))

    def outcome(self) -> Outcome:
        while True:
            ahead = [leg.times.when for leg in self._legs if leg.times.when is not None]
            if not ahead:
                break
            now_ms, moment = min(ahead)
            due = [leg for leg in self._legs if leg.times.when == (now_ms, moment)]
            self._live(due, now_ms, moment)
            for leg in due:
                leg.times.advance(leg.venue.idle)
        legs = {leg.symbol: leg.outcome() for leg in self._legs}
        times, equity = list(self._curve), list(self._curve.values())
        return Outcome(legs, self._ledger, times, equity, self._brought)

    def _live(self, due: list[RunningLeg], now_ms: int, moment: Moment) -> None:
        match moment:
            case Moment.WAY:
                self._go(due)
            case Moment.SETTLE:
                for leg in due:
                    leg.settle_inside()
                self._note(due)
            case Moment.DECIDE:
                self._conduct(now_ms)
                for leg in due:
                    leg.decide()
            case Moment.CLOSE:
                self._close(due, now_ms)
            case Moment.OPEN:
                self._open(due)

    def _go(self, due: list[RunningLeg]) -> None:
        """The paths that end now, corner by corner; between them the legs take turns."""
        for part in range(_PARTS):
            for leg in due:
                leg.begin_way(part)
            self._fill(due)
            self._arrive(due)

    def _open(self, due: list[RunningLeg]) -> None:
        """Funding of all, then liquidation at the opens, then what fills there."""
        for leg in due:
            leg.begin_open()
        self._note(due)
        self._liquidate_at_once(self._legs)
        self._fill(due)
        self._arrive(due)

    def _fill(self, due: Iterable[RunningLeg]) -> None:
        """A round: of what every leg may do next, exits before entries, then by symbol."""
        legs = list(due)
        while True:
            ahead = [(leg, leg.venue.next()) for leg in legs]
            taken = next((leg for leg, met in ahead if leg.venue.liquidate(met)), None)
            if taken is not None:
                self._note([taken])
                continue
            met = [(leg, one) for leg, one in ahead if one is not None]
            if not met:
                return
            # The legs come by symbol, and the first of several equal ones is taken.
            leg, first = min(met, key=lambda pair: _comes_first(pair[1]))
            leg.venue.take(first)
            self._note([leg])

    def _arrive(self, due: list[RunningLeg]) -> None:
        """All legs stand where the round led: who can no longer be carried?"""
        for leg in due:
            leg.venue.arrive()
        self._liquidate_at_once(self._legs)
        if not self._purse.carries(self._leverage):
            for leg in due:
                leg.venue.call_margin()
                self._note([leg])

    def _liquidate_at_once(self, legs: Iterable[RunningLeg]) -> None:
        for leg in legs:
            while leg.venue.liquidate_here():
                self._note([leg])

    def _conduct(self, now_ms: int) -> None:
        if self._conductor is None:
            return
        views = {leg.symbol: leg.view(now_ms) for leg in self._legs}
        purse = self._purse
        turn = self._conductor.on_close(PortfolioView(now_ms, purse.equity, purse.cash, views))
        for leg in self._legs:
            if leg.symbol in turn.shares:
                leg.take_share(turn.shares[leg.symbol])
            if leg.symbol in turn.commands and leg.closes_at(now_ms):
                leg.told.orders = turn.commands[leg.symbol]

    def _close(self, due: list[RunningLeg], now_ms: int) -> None:
        for leg in due:
            leg.venue.end_bar()
        self._fill(due)
        for leg in due:
            leg.venue.drop_what_cannot_be_carried()
        for leg in due:
            leg.mark_close()
        self._curve[now_ms] = self._purse.equity
        self._brought.append(tuple(leg.brought for leg in self._legs))

    def _note(self, legs: Iterable[RunningLeg]) -> None:
        """Put the legs' new rows into the common ledger."""
        for leg in legs:
            fills = leg.account.fills
            self._ledger += [(leg.symbol, one) for one in fills[self._seen[leg.symbol] :]]
            self._seen[leg.symbol] = len(fills)


def _comes_first(met: Met) -> int:
    """Exits (0) before entries (1): what leaves makes room."""
    return 0 if met.working.order.reduce_only else 1
