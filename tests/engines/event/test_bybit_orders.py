"""What Bybit checks of an order: sizes, price bounds, who takes, what only reduces."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.broker import BYBIT_LINEAR, TRADINGVIEW
from engines.commands import Command, Entry, Exit, Order, Properties
from engines.errors import InvalidInput
from engines.event import Outcome, perpetual_for, simulate
from engines.instrument import Instrument, MarginTier
from engines.orders import Refusal
from tests.engines.event.agreement import compare
from tests.engines.reference.conftest import Bar, Planned

RUNS = int(os.environ.get("BST_RUNS", "10000")) // 20
MINUTE_MS = 60_000
INSTRUMENT = Instrument(
    "linear",
    "TEST",
    Decimal("0.1"),
    Decimal("0.01"),
    min_qty=Decimal("0.05"),
    max_qty=Decimal(20),
    max_market_qty=Decimal(10),
    min_notional=Decimal(5),
    price_limit_ratio=Decimal("0.02"),
)
AT = (100.0,) * 4
UP = (110.0,) * 4


def trade(
    bars: Sequence[Bar],
    plan: Mapping[int, Sequence[Command]],
    instrument: Instrument = INSTRUMENT,
    broker: Any = BYBIT_LINEAR,
    qty: float = 1.0,
    **settings: Any,
) -> Outcome:
    table = np.array(bars, dtype=float)
    columns = dict(zip(("open", "high", "low", "close"), table.T, strict=True))
    times = {"open_ms": MINUTE_MS * np.arange(len(bars)), "volume": np.ones(len(bars))}
    made = Bars.from_columns(Series("linear", "TEST", "1"), {**times, **columns})
    given = {"taker_fee_rate": 0.01, "maker_fee_rate": 0.001}
    rules = replace(broker, **{**given, **settings})
    terms = perpetual_for(instrument, rules, None, (0, MINUTE_MS * len(bars)))
    said = Properties(qty_value=qty, pyramiding=5)
    return simulate(Planned(plan), made, instrument, rules, said, perpetual=terms)


def reasons(outcome: Outcome) -> list[Refusal]:
    return [Refusal(one.reason) for one in outcome.refusals]


def fees(outcome: Outcome) -> list[float]:
    return [round(one.fee, 9) for one in outcome.fills]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Entry("A", "long", qty=0.0), Refusal.QTY_ZERO),
        (Entry("A", "long", qty=float("nan")), Refusal.QTY_ZERO),
        (Entry("A", "long", qty=0.009), Refusal.QTY_ZERO),
        (Entry("A", "long", qty=0.04), Refusal.MIN_QTY),
        (Entry("A", "long", qty=0.05, limit=99.0), Refusal.MIN_NOTIONAL),
        (Entry("A", "long", qty=10.01), Refusal.MAX_QTY),
        (Entry("A", "short", qty=20.01, limit=101.0), Refusal.MAX_QTY),
        (Entry("A", "short", reduce_only=True), Refusal.REDUCE_ONLY),
        (Entry("A", "long", limit=101.0, post_only=True), Refusal.POST_ONLY),
    ],
)
def test_an_order_the_venue_would_not_take_is_in_the_ledger(
    command: Entry, reason: Refusal
) -> None:
    out = trade([AT, AT, AT], {0: [command]})
    assert reasons(out) == [reason]
    assert out.fills == []


def test_a_size_that_its_price_decides_is_checked_at_the_fill() -> None:
    said = Properties("percent_of_equity", 100.0)
    table = np.full((3, 4), 100.0)
    columns = dict(zip(("open", "high", "low", "close"), table.T, strict=True))
    made = Bars.from_columns(
        Series("linear", "TEST", "1"), {"open_ms": MINUTE_MS * np.arange(3), **columns}
    )
    plan = Planned({0: [Entry("A", "long", limit=100.0)]})
    out = simulate(plan, made, INSTRUMENT, BYBIT_LINEAR, said)
    assert reasons(out) == [Refusal.MAX_QTY]


def test_a_limit_that_came_to_rest_pays_the_makers_fee() -> None:
    fall = (100.0, 100.0, 98.0, 98.0)
    out = trade([AT, fall], {0: [Entry("A", "long", limit=99.0)]})
    assert fees(out) == [0.099]
    # It rested before the market opened beyond it.
    out = trade([AT, (98.0,) * 4], {0: [Entry("A", "long", limit=99.0)]})
    assert fees(out) == [0.098]


def test_a_limit_that_the_market_is_through_pays_the_takers_fee() -> None:
    out = trade([AT, AT], {0: [Entry("A", "long", limit=101.0)]})
    assert fees(out) == [1.0]
    # It would have filled at once, but the market left: it rests, and makes.
    back = (103.0, 103.0, 100.0, 100.0)
    out = trade([AT, back], {0: [Entry("A", "long", limit=101.0)]})
    assert fees(out) == [0.101]
    # TradingView has one fee for limits.
    out = trade([AT, AT], {0: [Entry("A", "long", limit=101.0)]}, broker=TRADINGVIEW)
    assert fees(out) == [0.1]


def test_a_limit_sent_by_its_stop_takes_if_the_market_is_through_it() -> None:
    rise = (100.0, 104.0, 100.0, 104.0)
    out = trade([AT, rise], {0: [Entry("A", "long", stop=102.0, limit=103.0)]})
    assert fees(out) == [1.02]
    # Below its stop the limit waits for the market to come back.
    way = [rise, (104.0, 104.0, 101.0, 101.0)]
    out = trade([AT, *way], {0: [Entry("A", "long", stop=102.0, limit=101.5)]})
    assert fees(out) == [0.1015]


def test_a_post_only_order_that_rests_is_a_makers() -> None:
    fall = (100.0, 100.0, 98.0, 98.0)
    out = trade([AT, fall], {0: [Entry("A", "long", limit=99.0, post_only=True)]})
    assert fees(out) == [0.099]


def test_a_contracts_limit_is_moved_to_the_bound() -> None:
    # 2 % above 100 at most: a limit of 110 is one of 102, and 103 is above it.
    out = trade([AT, (103.0,) * 4], {0: [Entry("A", "long", limit=110.0)]})
    assert out.fills == []
    free = replace(INSTRUMENT, price_limit_ratio=Decimal(0))
    out = trade([AT, (103.0,) * 4], {0: [Entry("A", "long", limit=110.0)]}, free)
    assert [one.price for one in out.fills] == [103.0]
    # What waits on its own side may be as far away as it likes.
    out = trade([AT, (50.0,) * 4], {0: [Entry("A", "long", limit=60.0)]})
    assert [one.price for one in out.fills] == [50.0]


def test_a_reduce_only_order_never_opens() -> None:
    plan: dict[int, list[Command]] = {
        0: [Entry("L", "long", qty=2.0)],
        2: [Order("R", "short", qty=1.5, reduce_only=True)],
        4: [Order("R", "short", qty=1.5, reduce_only=True)],
        6: [Order("R", "short", qty=1.5, reduce_only=True)],
    }
    out = trade([AT] * 9, plan)
    assert [(one.side, one.qty) for one in out.fills] == [(1, 2.0), (-1, 1.5), (-1, 0.5)]
    assert [(one.bar, one.reason) for one in out.refusals] == [(6, Refusal.REDUCE_ONLY)]


def test_a_reduce_only_order_without_a_quantity_closes() -> None:
    plan = {0: [Entry("L", "long", qty=2.0)], 2: [Entry("R", "short", reduce_only=True)]}
    out = trade([AT] * 5, plan)
    assert [(one.side, one.qty) for one in out.fills] == [(1, 2.0), (-1, 2.0)]
    assert out.open == []


def test_a_reduce_only_order_whose_position_is_gone_says_so() -> None:
    plan: dict[int, list[Command]] = {
        0: [Entry("L", "long", qty=2.0)],
        1: [Order("R", "short", qty=2.0, limit=115.0, reduce_only=True)],
        2: [Exit("X", "L", stop=99.0)],
    }
    rows = [AT, AT, AT, (100.0, 100.0, 98.0, 98.0), (120.0,) * 4]
    out = trade(rows, plan)
    assert [one.exit_signal for one in out.trades] == ["X"]
    assert reasons(out) == [Refusal.REDUCE_ONLY]


TIERED = replace(
    INSTRUMENT,
    max_qty=Decimal(0),
    max_market_qty=Decimal(0),
    margin_tiers=(
        MarginTier(Decimal(1_000), Decimal(50), Decimal("0.01"), Decimal(0)),
        MarginTier(Decimal(2_000), Decimal(25), Decimal("0.02"), Decimal(10)),
    ),
)


def test_a_leverage_above_the_tier_is_refused_with_tier_and_maximum() -> None:
    # 9 and then 2 more: 1,100 falls into the second tier, where 25 is the most.
    plan: dict[int, list[Command]] = {
        0: [Entry("A", "long", qty=9.0)],
        2: [Entry("B", "long", qty=2.0)],
        4: [Entry("C", "long", qty=12.0)],
    }
    out = trade([AT] * 6, plan, TIERED, leverage=40.0, margin_mode="isolated")
    assert reasons(out) == [Refusal.LEVERAGE, Refusal.RISK_LIMIT]
    assert out.refusals[0].detail == "tier up to 2000: at most 25"
    assert out.refusals[1].detail == "value 2100, highest risk limit 2000"
    assert len(out.fills) == 1


def test_a_leverage_that_no_tier_allows_is_an_error() -> None:
    with pytest.raises(InvalidInput, match=r"broker.leverage was 60.*at most 50.*TEST"):
        trade([AT], {}, TIERED, leverage=60.0, margin_mode="cross")


def test_a_reversal_frees_the_margin_of_what_it_closes() -> None:
    # 9 at 40×: 22.5 of margin and twice 4.5 of fees, out of 45: not twice.
    plan: dict[int, list[Command]] = {
        0: [Entry("A", "long", qty=9.0)],
        2: [Entry("B", "short", qty=9.0)],
    }
    out = trade(
        [AT] * 5,
        plan,
        TIERED,
        leverage=40.0,
        margin_mode="isolated",
        initial_cash=45.0,
        taker_fee_rate=0.005,
    )
    assert [one.side for one in out.open] == [-1]


@pytest.mark.parametrize("first", range(0, RUNS, 250))
def test_random_scripts_pay_the_same_fees_on_both(first: int) -> None:
    for seed in range(first, min(first + 250, RUNS)):
        try:
            compare(seed, "bybit_linear")
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise


def test_a_price_that_rounds_to_nothing_is_an_error() -> None:
    coarse = replace(INSTRUMENT, tick=Decimal(1000))
    with pytest.raises(InvalidInput, match=r"low of linear/TEST/1/last at 1970-01-01.*half a tick"):
        trade([AT], {}, coarse)


def test_slippage_never_takes_a_price_below_a_tick() -> None:
    plan: dict[int, list[Command]] = {0: [Entry("S", "short", qty=1.0)]}
    low = (0.2,) * 4
    free = replace(INSTRUMENT, min_notional=Decimal(0))
    out = trade([low, low], plan, free, slippage_ticks=5.0)
    assert [one.price for one in out.fills] == [0.1]


def test_one_bar_finds_no_open() -> None:
    out = trade([AT], {0: [Entry("A", "long")]})
    assert (out.fills, out.refusals, out.equity) == ([], [], [10_000.0])
