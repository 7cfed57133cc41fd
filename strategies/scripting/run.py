"""How does an event strategy run over a dataset? Closed bars one by one, and a result as any."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator

from engines.bars import Bars
from engines.commands import Command, Properties
from engines.event import Outcome, Perpetual, Session, bar_events, perpetual_for
from engines.event.account import Account
from engines.event.events import Bar as BarEvent
from engines.kernel.market import market_for
from engines.result import Result
from engines.script import Script, View
from engines.spec import Spec
from strategies.backtest import Terms, bar_range, name_of_data
from strategies.evaluation.bar_by_bar import Nodes
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.tracks import Bar
from strategies.graph.types import MarketRef
from strategies.scripting.event_strategy import EventStrategy
from strategies.scripting.failures import at_bar, script_failed
from strategies.scripting.now import Now
from strategies.scripting.results import result_of


class Feed:
    """The closed bars of a dataset in their order, other markets' before the chart's."""

    def __init__(self, dataset: Dataset) -> None:
        self._chart = _bars_of(dataset.bars)
        rows = [
            (bar.close_ms, number, market, bar)
            for number, (market, bars) in enumerate(dataset.others.items())
            for bar in _bars_of(bars)
        ]
        self._others: list[tuple[int, int, MarketRef, Bar]] = sorted(rows, reverse=True)

    def next_into(self, nodes: Nodes) -> Bar:
        """Close the chart's next bar, and all other markets' bars until then."""
        bar = next(self._chart)
        while self._others and self._others[-1][0] <= bar.close_ms:
            _, _, market, other = self._others.pop()
            nodes.close_other(market, other)
        nodes.advance(bar)
        return bar


class Running:
    """An event strategy as the engine's script."""

    def __init__(self, strategy: EventStrategy, dataset: Dataset, terms: Terms) -> None:
        self._strategy = strategy
        self._instrument = terms.instrument
        self._bar: Bar | None = None
        self._number = -1
        self._feed = Feed(dataset)
        interval = dataset.bars.series.interval
        self._nodes = Nodes(strategy.nodes, {}, interval, terms.broker.compare_tolerance)
        self._account: Account | None = None

    def attach(self, account: Account) -> None:
        """Show the strategy the account that it trades on."""
        self._account = account

    def warm_up(self, bars: int) -> None:
        """Let the indicators see the bars before trading starts."""
        for _ in range(bars):
            self._feed.next_into(self._nodes)

    def on_close(self, view: View) -> Iterable[Command]:
        """What the strategy orders at the close of a bar, or after a fill inside it.

        A pass inside a bar sees the whole of it, as on TradingView (A5).
        """
        if self._bar is None or self._number != view.bar:
            self._bar, self._number = self._feed.next_into(self._nodes), view.bar
        if self._account is None:
            return ()
        now = Now(self._nodes, self._account, self._bar, view, self._instrument)
        try:
            self._strategy.on_bar(now)
        except Exception as error:
            raise script_failed(self._strategy, at_bar(self._bar.open_ms), error) from error
        return now.commands

    def save(self) -> object:
        """What the strategy remembers, `varip` names apart (A5)."""
        return copy.deepcopy(self._strategy.memory)

    def roll_back(self, saved: object) -> None:
        """Remember what was saved, and nothing since."""
        self._strategy.remember(copy.deepcopy(saved))


def backtest_script(
    strategy: EventStrategy,
    dataset: Dataset,
    terms: Terms,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> Result:
    """Run an event strategy and keep everything.

    Trading happens in `[start_ms, end_ms)`; indicators see the dataset from its first bar on.
    Raises InvalidInput for a range without bars, and what the strategy's own code raises.
    """
    start, stop = bar_range(dataset.bars, start_ms, end_ms)
    bars, broker = dataset.bars, terms.broker
    span_ms = int(bars.open_ms[start]), int(bars.close_ms[stop - 1])
    perpetual = perpetual_for(terms.instrument, broker, terms.funding, span_ms)
    paid = None if perpetual is None else perpetual.funding
    spec = Spec(
        strategy_digest=strategy.digest,
        parameters=tuple(sorted(strategy.values.items())),
        dataset_digest=name_of_data(dataset, paid, terms.marks, terms.rates),
        instrument=terms.instrument,
        broker=broker,
        anchor_ms=bars.start_ms,
        start_ms=span_ms[0],
        end_ms=span_ms[1],
        path="event",
    )
    running = Running(strategy, dataset, terms)
    running.warm_up(start)
    session = Session(
        running, terms.instrument, broker, strategy.properties, spec.digest, perpetual
    )
    session.trader.account.currency = "" if terms.rates is None else terms.rates.currency
    running.attach(session.trader.account)
    events = list(bar_events(bars, terms.instrument, dataset.finer, terms.marks, terms.rates))
    outcome = _trade(session, events[start:stop])
    quoted = market_for(broker, terms.instrument)
    return result_of(spec, outcome, quoted, bars, start, terms.rates)


def traded(
    script: Script,
    dataset: Dataset,
    terms: Terms,
    said: Properties,
    run: str,
    perpetual: Perpetual | None,
    start: int,
    stop: int,
) -> Outcome:
    """What a script's session over the dataset's bars `start` to `stop` came to."""
    session = Session(script, terms.instrument, terms.broker, said, run, perpetual)
    events = list(bar_events(dataset.bars, terms.instrument, dataset.finer, terms.marks))
    return _trade(session, events[start:stop])


def _trade(session: Session, events: list[BarEvent]) -> Outcome:
    equity = [session.feed(bar) for bar in events]
    account, last = session.trader.account, events[-1]
    left = account.still_open(last.number, last.prices.close)
    doubts = session.weighing.doubts
    return Outcome(account.fills, account.trades, left, equity, account.refusals, doubts)


def _bars_of(bars: Bars) -> Iterator[Bar]:
    columns = [getattr(bars, name).tolist() for name in Bar._fields]
    return (Bar(*row) for row in zip(*columns, strict=True))
