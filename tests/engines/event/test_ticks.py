"""Trades and books: latency, parts and queues by hand, and bars again when nothing is assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.broker import Broker
from engines.commands import Command, Entry, Exit, Properties
from engines.errors import InvalidInput
from engines.event import (
    AtTheFront,
    ConstantLatency,
    Models,
    Outcome,
    Probabilistic,
    RiskAverse,
    Session,
    TickSession,
    bar_events,
    perpetual_for,
)
from engines.event.events import Bar, Book, Depth, Event, Prices, Tick
from engines.event.latency import MeasuredLatency, Sample
from engines.event.queueing import QueueModel
from engines.event.recalculation import way_of
from engines.funding import FundingRates
from engines.instrument import Instrument
from engines.orders import Reason, Refusal
from engines.script import View
from strategies.scripting.graph_rules import GraphRules
from strategies.scripting.graph_run import graph_script
from tests.conformance.random_graphs import for_recorded_trades, random_graph_run
from tests.examples import examples

MS = 1_000_000
INSTRUMENT = Instrument("linear", "TEST", Decimal("0.1"), Decimal("0.01"))
FREE = Broker(initial_cash=100_000.0, taker_fee_rate=0.0, maker_fee_rate=0.0)


def tick_by_tick(bar: Bar, tick: float) -> Iterator[Tick]:
    """A bar's path as trades at every price of the grid that it goes through."""
    start, moment = round(bar.prices.open / tick), bar.open_ms * MS
    steps = [start]
    for goal in (round(price / tick) for price in way_of(bar.prices, tick)):
        way = 1 if goal > steps[-1] else -1
        steps += range(steps[-1] + way, goal + way, way) if goal != steps[-1] else []
    yield from (Tick(moment + n, step * tick, 1.0, 1) for n, step in enumerate(steps))


@pytest.mark.parametrize("seed", range(120))
def test_a_path_tick_by_tick_is_the_bar(seed: int) -> None:
    run = for_recorded_trades(random_graph_run(seed, on_a_grid=True))
    values: dict[str, float] = {}
    rules = GraphRules(run.strategy, values, float(run.terms.instrument.tick))

    def script() -> Any:
        return graph_script(run.strategy, rules, values, run.dataset, 1e-10)

    terms, said = run.terms, rules.properties
    bars = Session(script(), terms.instrument, terms.broker, said)
    ticks = TickSession(script(), terms.instrument, terms.broker, said)
    tick = float(terms.instrument.tick)
    equity = []
    for bar in bar_events(run.dataset.bars, terms.instrument):
        equity.append(bars.feed(bar))
        for one in tick_by_tick(bar, tick):
            ticks.feed(one)
        ticks.feed(bar)
    ours, theirs = ticks.trader.account, bars.trader.account
    assert [replace(one, order_id="") for one in ours.fills] == [
        replace(one, order_id="") for one in theirs.fills
    ]
    assert ticks.equity == equity


class Planned:
    """Orders by bar number, and notes what it is told."""

    def __init__(self, plan: Mapping[int, Sequence[Command]]) -> None:
        self.plan = plan
        self.heard: list[Event] = []

    def on_close(self, view: View) -> Iterable[Command]:
        return self.plan.get(view.bar, ())

    def on_event(self, event: Event, view: View) -> Iterable[Command]:
        self.heard.append(event)
        return ()


def played(
    events: Sequence[Event],
    plan: Mapping[int, Sequence[Command]],
    models: Models,
    broker: Broker = FREE,
) -> Outcome:
    session = TickSession(Planned(plan), INSTRUMENT, broker, Properties(), models=models)
    for event in events:
        session.feed(event)  # type: ignore[arg-type]
    return session.outcome(100.0)


def trades(*rows: tuple[float, float], qty: float = 1.0, side: int = -1) -> list[Event]:
    """Trades at (milliseconds, price)."""
    return [Tick(int(ms * MS), price, qty, side) for ms, price in rows]


FIRST = Bar(0, 0, 1000, Prices(100.0, 100.0, 100.0, 100.0))
BUY: dict[int, Sequence[Command]] = {0: [Entry("L", "long", qty=0.05)]}


@pytest.mark.parametrize(
    ("latency", "price"),
    [
        (ConstantLatency(), 101.0),
        (ConstantLatency(order_ns=100 * MS), 102.0),
        (ConstantLatency(feed_ns=150 * MS), 102.0),
        (ConstantLatency(feed_ns=150 * MS, order_ns=100 * MS), 103.0),
        (ConstantLatency(report_ns=900 * MS), 101.0),
        (MeasuredLatency((Sample(0, 0, 0, 0), Sample(2000 * MS, 0, 400 * MS, 0))), 102.0),
    ],
)
def test_a_market_order_meets_the_first_trade_after_its_way(latency: Any, price: float) -> None:
    events = [*trades((1, 100.0)), FIRST, *trades((1050, 101.0), (1200, 102.0), (1300, 103.0))]
    outcome = played(events, BUY, Models(latency))
    assert [fill.price for fill in outcome.fills] == [price]


def test_an_exit_is_a_round_trip_later_than_its_entry() -> None:
    plan: dict[int, Sequence[Command]] = {0: [*BUY[0], Exit("X", "L", profit=10)]}
    events = [FIRST, *trades((1001, 100.0), (1002, 101.0), (1500, 100.5), (1900, 102.0))]
    at_once = played(events, plan, Models())
    assert [fill.price for fill in at_once.fills] == [100.0, 101.0]
    # The trade at 1002 ms comes before the exit does.
    slow = played(events, plan, Models(ConstantLatency(report_ns=200 * MS)))
    assert [fill.price for fill in slow.fills] == [100.0, 102.0]
    assert slow.fills[1].reason == int(Reason.TAKE_PROFIT)


def test_a_script_hears_of_trades_a_feed_latency_later() -> None:
    script = Planned({})
    models = Models(ConstantLatency(feed_ns=100 * MS))
    session = TickSession(script, INSTRUMENT, FREE, Properties(), models=models)
    for event in trades((10, 100.0), (50, 100.1), (115, 100.2)):
        session.feed(event)  # type: ignore[arg-type]
    assert [event.price for event in script.heard if isinstance(event, Tick)] == [100.0]


def test_time_does_not_go_back() -> None:
    with pytest.raises(InvalidInput, match="event time"):
        played(trades((10, 100.0), (9, 100.0)), {}, Models())


def book(
    ms: float, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]]
) -> Book:
    sides = [tuple(Depth(*level) for level in side) for side in (bids, asks)]
    return Book(int(ms * MS), *sides)


def test_a_market_order_takes_level_by_level_and_no_more() -> None:
    asks = [(100.1, 0.04), (100.2, 0.03), (100.4, 0.02)]
    plan: dict[int, Sequence[Command]] = {0: [Entry("L", "long", qty=0.1), Exit("X", "L", loss=50)]}
    broker = replace(FREE, taker_fee_rate=0.001, fee_per_order=1.0)
    events: list[Event] = [book(1, [(100.0, 1.0)], asks), *trades((2, 100.0)), FIRST]
    outcome = played(events, plan, Models(in_parts=True), broker)
    assert [(round(fill.price, 9), round(fill.qty, 9)) for fill in outcome.fills] == asks
    # One order, one flat fee, one entry at its average price.
    assert sum(fill.fee for fill in outcome.fills) == pytest.approx(
        1.0 + 0.001 * sum(price * qty for price, qty in asks)
    )
    (left,) = outcome.open
    assert left.entry_price == pytest.approx(sum(p * q for p, q in asks) / 0.09, rel=1e-12)
    assert left.qty == pytest.approx(0.09)
    assert outcome.refusals == []
    # Without parts the best price takes it all.
    whole = played(events, plan, Models(), broker)
    assert [(round(fill.price, 9), fill.qty) for fill in whole.fills] == [(100.1, 0.1)]


def test_an_empty_book_cancels_a_market_order() -> None:
    events: list[Event] = [book(1, [(100.0, 1.0)], []), *trades((2, 100.0)), FIRST]
    outcome = played(events, BUY, Models())
    assert outcome.fills == []
    assert [one.reason for one in outcome.refusals] == [int(Refusal.NO_DEPTH)]


LIMIT: dict[int, Sequence[Command]] = {0: [Entry("L", "long", qty=0.05, limit=100.0)]}
BEHIND_TEN = [book(1, [(100.0, 0.10)], [(100.1, 1.0)]), *trades((2, 100.1)), FIRST]


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (Models(), [(1010.0, 0.05)]),
        (Models(queue=AtTheFront()), [(1010.0, 0.05)]),
        (Models(queue=AtTheFront(), in_parts=True), [(1010.0, 0.04), (1020.0, 0.01)]),
        (Models(queue=RiskAverse()), [(1030.0, 0.05)]),
        (Models(queue=RiskAverse(), in_parts=True), [(1030.0, 0.02), (1040.0, 0.03)]),
    ],
    ids=["bars", "front", "front in parts", "behind", "behind in parts"],
)
def test_a_resting_order_fills_when_its_turn_comes(
    models: Models, expected: list[tuple[float, float]]
) -> None:
    """Ten lots before it; four trade at 1010, 1020, 1030 and 1040 ms."""
    session = TickSession(Planned(LIMIT), INSTRUMENT, FREE, Properties(), models=models)
    filled: list[tuple[float, float]] = []
    more = trades((1010, 100.0), (1020, 100.0), (1030, 100.0), (1040, 100.0), qty=0.04)
    for event in [*BEHIND_TEN, *more]:
        before = len(session.trader.account.fills)
        session.feed(event)  # type: ignore[arg-type]
        for fill in session.trader.account.fills[before:]:
            assert fill.price == 100.0
            filled.append((session.exchange.now_ns / MS, round(fill.qty, 9)))
    assert filled == expected


def test_buyers_do_not_reach_a_resting_bid() -> None:
    events = [*BEHIND_TEN, *trades((1010, 100.0), qty=5.0, side=1)]
    assert played(events, LIMIT, Models(queue=AtTheFront())).fills == []


def test_a_trade_through_the_price_fills_it_whole() -> None:
    events = [*BEHIND_TEN, *trades((1010, 99.9), qty=0.01)]
    models = Models(queue=RiskAverse(), in_parts=True)
    assert [fill.qty for fill in played(events, LIMIT, models).fills] == [0.05]


def test_cancellations_bring_an_order_forward_by_the_model() -> None:
    half_left = book(1005, [(100.0, 0.05)], [(100.1, 1.0)])
    one = trades((1010, 100.0), qty=0.06)
    for queue, filled in ((RiskAverse(), 0.01), (Probabilistic(), 0.01)):
        outcome = played([*BEHIND_TEN, half_left, *one], LIMIT, Models(queue=queue, in_parts=True))
        assert sum(fill.qty for fill in outcome.fills) == pytest.approx(filled)


def test_what_is_cancelled_before_and_behind() -> None:
    # Six before, four behind; half of the ten goes, in proportion: three of the six.
    assert Probabilistic().changed(6.0, 10.0, 5.0) == pytest.approx(3.0)
    assert RiskAverse().changed(6.0, 10.0, 5.0) == 5.0
    # 36 / (36 + 16) of five by the square.
    assert Probabilistic(2.0).changed(6.0, 10.0, 5.0) == pytest.approx(6.0 - 5.0 * 36 / 52)
    # Behind it there was one lot only: four of the five came from before.
    assert Probabilistic(1.0).changed(9.0, 10.0, 5.0) == pytest.approx(9.0 - 4.5)


LOTS = st.floats(0.0, 1e6)


@examples(200)
@given(before=LOTS, share=st.floats(0, 1), kept=st.floats(0, 1), power=st.floats(0.1, 5.0))
def test_a_queue_only_gets_shorter(before: float, share: float, kept: float, power: float) -> None:
    ahead, after = before * share, before * kept
    models: list[QueueModel] = [AtTheFront(), RiskAverse(), Probabilistic(power)]
    for model in models:
        now = model.changed(ahead, before, after)
        assert 0.0 <= now <= min(ahead, after) + 1e-9 * before
    assert (
        Probabilistic(power).changed(ahead, before, after)
        <= RiskAverse().changed(ahead, before, after) + 1e-9 * before
    )


class Quoting:
    """Rests a bid at the best bid it has heard of, and leaves two ticks higher."""

    def __init__(self) -> None:
        self.bid = 0.0

    def on_close(self, view: View) -> Iterable[Command]:
        if view.opentrades == 0 and self.bid:
            yield Entry("L", "long", qty=0.01, limit=self.bid)
            yield Exit("X", "L", profit=2, loss=40)

    def on_event(self, event: Event, view: View) -> Iterable[Command]:
        if isinstance(event, Book):
            self.bid = event.bids[0].price
        return ()


def recorded(shared: Any) -> list[Event]:
    """Five minutes of Binance's BTCUSDT: trades and best levels, with a bar each second."""
    import polars as pl

    folder = shared / "data" / "ticks"
    told = pl.read_parquet(folder / "binanceum_BTCUSDT_20240808_trades.parquet")
    best = pl.read_parquet(folder / "binanceum_BTCUSDT_20240808_bbo.parquet")
    events: list[Event] = [
        Tick(ms * MS, price, qty, side)
        for ms, price, qty, side in told.select("ts", "price", "qty", "taker_side").rows()
    ]
    events += [
        Book(ms * MS, (Depth(bid, bid_qty),), (Depth(ask, ask_qty),))
        for ms, bid, bid_qty, ask, ask_qty in best.select(
            "ts", "bid", "bid_qty", "ask", "ask_qty"
        ).rows()
    ]
    # The first minute and a half.
    return sorted(events, key=lambda event: event.time_ns)[:25_000]  # type: ignore[union-attr]


@pytest.mark.shared
def test_recorded_ticks_fill_less_the_more_is_assumed(shared: Any) -> None:
    from engines.event import bars_between, replay

    events = list(bars_between(recorded(shared), 1000))  # type: ignore[arg-type]
    instrument = Instrument("linear", "BTCUSDT", Decimal("0.1"), Decimal("0.001"))
    said = Properties()

    def entries(models: Models) -> int:
        outcome = replay(Quoting(), events, instrument, FREE, said, models)  # type: ignore[arg-type]
        cash = FREE.initial_cash + sum(trade.pnl for trade in outcome.trades)
        assert outcome.fills[-1].cash == pytest.approx(cash, rel=1e-12)
        assert all(fill.price > 0 for fill in outcome.fills)
        return sum(fill.reason == int(Reason.ENTRY) for fill in outcome.fills)

    front, chance, averse = (
        entries(Models(queue=queue)) for queue in (AtTheFront(), Probabilistic(), RiskAverse())
    )
    assert front >= chance >= averse > 10
    slow = entries(Models(ConstantLatency(50 * MS, 50 * MS, 50 * MS), RiskAverse()))
    assert 0 < slow != averse


@pytest.mark.shared
def test_a_market_order_walks_bybits_own_book(shared: Any) -> None:
    import polars as pl

    told = pl.read_parquet(shared / "data" / "ticks" / "bybit_XRPUSDT_ob500_20241201.parquet")
    first = told.filter(pl.col("snapshot") & (pl.col("u") == told["u"][0]))
    asks = first.filter(pl.col("side") == -1).sort("price").select("price", "qty").rows()
    bids = first.filter(pl.col("side") == 1).sort("price", descending=True)
    instrument = Instrument("linear", "XRPUSDT", Decimal("0.0001"), Decimal(1))
    script = Planned({0: [Entry("L", "long", qty=120_000.0)]})
    broker = replace(FREE, initial_cash=1e6)
    models = Models(in_parts=True)
    session = TickSession(script, instrument, broker, Properties(), models=models)
    session.feed(book(1, bids.select("price", "qty").rows(), asks))
    session.feed(FIRST)
    left, cost = 120_000.0, 0.0
    for price, qty in asks:
        cost += min(left, qty) * price
        left -= min(left, qty)
    assert left == 0.0
    (lot,) = session.trader.account.lots
    assert len(session.trader.account.fills) > 5
    assert lot.price == pytest.approx(cost / 120_000.0, rel=1e-9)


def test_funding_is_paid_at_its_time() -> None:
    hour_ms = 3_600_000
    rates = FundingRates("linear", "TEST", np.array([hour_ms]), np.array([0.001]))
    paying = replace(FREE, funding="history")
    rules = perpetual_for(INSTRUMENT, paying, rates, (0, 2 * hour_ms))
    script = Planned(BUY)
    session = TickSession(script, INSTRUMENT, paying, Properties(), perpetual=rules)
    rows = ((1050, 101.0), (hour_ms - 5, 102.0), (hour_ms + 5, 110.0), (hour_ms + 9, 111.0))
    for event in [*trades((1, 100.0)), FIRST, *trades(*rows)]:
        session.feed(event)  # type: ignore[arg-type]
    paid = [fill.funding for fill in session.trader.account.fills if fill.funding]
    # Five hundredths at the last price before the hour.
    assert paid == [pytest.approx(0.05 * 102.0 * 0.001)]
