"""Funding paid and positions taken away as on Bybit, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from engines.bars import Bars, Kind, Series
from engines.broker import BYBIT_LINEAR, MarginMode, PositionMode, Profile
from engines.commands import Close, Command, Entry, Exit, Order, Properties
from engines.errors import InvalidInput, MissingData
from engines.event import Outcome, perpetual_for, simulate
from engines.funding import FundingRates
from engines.instrument import Instrument, MarginTier
from engines.orders import Reason, Refusal
from engines.script import Script
from tests.engines.reference.conftest import Bar, Planned

HOUR_MS = 3_600_000
TIERS = tuple(
    MarginTier(*map(Decimal, row))
    for row in (
        ("2000000", "100", "0.005", "0"),
        ("2600000", "90", "0.0056", "1200"),
        ("3200000", "80", "0.0063", "3020"),
    )
)
LONG = Entry("L", "long")
FLAT: Bar = (50_000.0, 50_000.0, 50_000.0, 50_000.0)


def fall_to(price: float, start: float = 50_000.0) -> Bar:
    return (start, start, price, price)


def bars_of(rows: Sequence[Bar], kind: Kind = "last") -> Bars:
    table = np.array(rows, dtype=float)
    columns = dict(zip(("open", "high", "low", "close"), table.T, strict=True))
    times = {"open_ms": HOUR_MS * np.arange(len(rows)), "volume": np.ones(len(rows))}
    return Bars.from_columns(Series("linear", "BTCUSDT", "60", kind), {**times, **columns})


def trade(
    bars: Sequence[Bar],
    plan: Mapping[int, Sequence[Command]],
    *,
    qty: float = 1.0,
    cash: float = 1_000_000.0,
    leverage: float = 10.0,
    fee: float = 0.00055,
    mode: MarginMode = "isolated",
    funding: Mapping[int, float] | None = None,
    profile: Profile = "bybit_linear",
    position_mode: PositionMode = "one_way",
    script: Script | None = None,
    interval_minutes: int = 480,
    marks: Sequence[Bar] | None = None,
    point_value: int = 1,
) -> Outcome:
    made = bars_of(bars)
    instrument = Instrument(
        "linear",
        "BTCUSDT",
        Decimal("0.1"),
        Decimal("0.001"),
        contract_value=Decimal(point_value),
        margin_tiers=TIERS,
        funding_interval_minutes=interval_minutes,
    )
    broker = replace(
        BYBIT_LINEAR,
        initial_cash=cash,
        leverage=leverage,
        taker_fee_rate=fee,
        maker_fee_rate=fee,
        margin_mode=mode,
        funding="none" if funding is None else "history",
        profile=profile,
        position_mode=position_mode,
    )
    rates = None
    if funding is not None:
        hours = sorted(funding)
        rates = FundingRates(
            "linear",
            "BTCUSDT",
            HOUR_MS * np.array(hours, dtype=np.int64),
            np.array([funding[one] for one in hours]),
        )
    rules = perpetual_for(instrument, broker, rates, (0, HOUR_MS * len(bars)))
    said = Properties(qty_value=qty)
    beside = None if marks is None else bars_of(marks, "mark")
    return simulate(
        script or Planned(plan), made, instrument, broker, said, perpetual=rules, marks=beside
    )


def taken(outcome: Outcome) -> list[tuple[float, float]]:
    rows = [one for one in outcome.trades if one.reason == Reason.LIQUIDATION]
    return [(round(one.qty, 9), round(one.exit_price, 9)) for one in rows]


def test_a_funding_ledger_by_hand() -> None:
    # Long 2 from hour 1 on. Hour 8 at 51,000: 2 × 51,000 × 0.0001 = 10.2 paid.
    # Hour 16 at 49,000: 2 × 49,000 × −0.0002 = 19.6 received. Hour 0 found nothing open.
    bars = [FLAT] * 8 + [(51_000.0,) * 4] * 8 + [(49_000.0,) * 4] * 4
    rates = {0: 0.01, 8: 0.0001, 16: -0.0002}
    out = trade(bars, {0: [LONG]}, qty=2.0, fee=0.0, funding=rates)
    paid = [(one.bar, one.price, round(one.funding, 9)) for one in out.fills if one.funding]
    assert paid == [(8, 51_000.0, 10.2), (16, 49_000.0, -19.6)]
    assert out.fills[-1].cash == pytest.approx(1_000_000 - 10.2 + 19.6)
    assert out.equity[-1] == pytest.approx(1_000_000 - 2_000 + 9.4)
    assert out.open[0].funding == pytest.approx(-9.4)
    assert out.open[0].pnl == pytest.approx(-2_000 + 9.4)


def test_shorts_receive_what_longs_pay() -> None:
    out = trade([FLAT] * 12, {0: [Entry("S", "short")]}, fee=0.0, funding={0: 0.01, 8: 0.0001})
    assert out.equity[-1] == pytest.approx(1_000_000 + 5)


def test_no_funding_is_a_choice_and_a_hole_an_error() -> None:
    assert trade([FLAT] * 24, {0: [LONG]}, fee=0.0).equity[-1] == 1_000_000
    with pytest.raises(MissingData, match=r"funding of BTCUSDT.*1970-01-01T08"):
        trade([FLAT] * 24, {0: [LONG]}, funding={0: 0.0001, 8: 0.0001})


def test_a_longer_funding_ledger_by_hand() -> None:
    # Hour 8: long 2 at 50,000 × 0.0001 pays 10. Half is sold at hour 9. Hour 16: 1 × 0.0002 pays
    # 10. From there every four hours. Hour 20: −0.0001 brings 5. Reversed at hour 21 to short 1.
    # Hour 24: short at 0.0003 receives 15; hour 28: short at −0.0002 pays 10.
    plan: dict[int, list[Command]] = {
        0: [Entry("L", "long", qty=2.0)],
        8: [Close("L", qty=1.0)],
        20: [Entry("S", "short", qty=1.0)],
    }
    rates = {0: 0.01, 8: 0.0001, 16: 0.0002, 20: -0.0001, 24: 0.0003, 28: -0.0002}
    out = trade([FLAT] * 30, plan, fee=0.0, funding=rates)
    paid = [(one.bar, one.side, round(one.funding, 9)) for one in out.fills if one.funding]
    assert paid == [(8, 1, 10.0), (16, 1, 10.0), (20, 1, -5.0), (24, -1, -15.0), (28, -1, 10.0)]
    # The first half took its half of what had been paid until then.
    assert [round(one.funding, 9) for one in out.trades] == [5.0, 10.0]
    assert out.open[0].funding == pytest.approx(-5.0)
    assert out.equity[-1] == pytest.approx(1_000_000 - 10.0)


def test_an_interval_that_became_shorter_is_no_hole() -> None:
    # The instrument of today settles every four hours; until hour 24 it was every eight.
    every = {**dict.fromkeys((0, 8, 16, 24), 0.0001), **dict.fromkeys((28, 32, 36), 0.0001)}
    assert len(trade([FLAT] * 40, {}, funding=every, interval_minutes=240).equity) == 40
    holed = {hour: rate for hour, rate in every.items() if hour != 32}
    with pytest.raises(MissingData, match=r"funding of BTCUSDT.*1970-01-02T04"):
        trade([FLAT] * 40, {}, funding=holed, interval_minutes=240)


def test_without_any_history_nothing_is_silently_free() -> None:
    with pytest.raises(MissingData, match=r"funding of BTCUSDT"):
        trade([FLAT] * 24, {0: [LONG]}, funding={}, interval_minutes=0)


def marked(bars: Sequence[Bar], marks: Sequence[Bar]) -> Outcome:
    return trade(bars, {0: [LONG]}, fee=0.0, marks=marks)


def test_the_mark_price_liquidates_and_not_the_last() -> None:
    # 45,000 / 0.995 = 45,226.1.
    assert taken(marked([FLAT, FLAT, fall_to(40_000.0)], [FLAT] * 3)) == []
    out = marked([FLAT] * 3, [FLAT, FLAT, fall_to(45_226.0)])
    assert taken(out) == [(1.0, 45_000.0)]


def test_a_stop_on_the_last_price_may_come_before_the_mark() -> None:
    # Both fall by 10,000: the stop at 46,000 is 40 % of the way, the liquidation 47.7 %.
    plan: dict[int, list[Command]] = {0: [LONG, Exit("X", "L", stop=46_000.0)]}
    rows = [FLAT, FLAT, fall_to(40_000.0)]
    out = trade(rows, plan, fee=0.0, marks=rows)
    assert [one.exit_signal for one in out.trades] == ["X"]
    # A mark that falls twice as far is at its level after 23.9 % of the way.
    out = trade(rows, plan, fee=0.0, marks=[FLAT, FLAT, fall_to(30_000.0)])
    assert taken(out) == [(1.0, 45_000.0)]


def test_a_partial_liquidation_sells_at_the_last_price() -> None:
    # As in the two tiers by hand, with a last price that stays at 50,000.
    out = trade([FLAT] * 3, {0: [LONG]}, qty=60.0, marks=[FLAT, FLAT, fall_to(45_233.0)])
    assert taken(out) == [(2.522, 50_000.0)]


def test_funding_is_paid_on_the_mark_price() -> None:
    rows, marks = [FLAT] * 10, [FLAT] * 8 + [(52_000.0,) * 4] * 2
    out = trade(rows, {0: [LONG]}, fee=0.0, marks=marks, funding={0: 0.01, 8: 0.0001})
    assert [round(one.funding, 9) for one in out.fills if one.funding] == [5.2]


def test_a_hole_in_the_mark_price_is_an_error() -> None:
    with pytest.raises(MissingData, match=r"mark price of BTCUSDT.*1970-01-01T02"):
        marked([FLAT] * 3, [FLAT] * 2)


def test_an_isolated_long_is_taken_over_at_its_bankruptcy_price() -> None:
    # Liquidation at 45,000 / 0.995 = 45,226.1; margin 5,000 and both fees are lost.
    out = trade([FLAT, FLAT, fall_to(45_226.2)], {0: [LONG]})
    assert taken(out) == []
    out = trade([FLAT, FLAT, fall_to(45_200.0)], {0: [LONG]})
    assert taken(out) == [(1.0, 45_000.0)]
    assert out.equity[-1] == pytest.approx(1_000_000 - 5_000 - 27.5 - 24.75)
    assert [one.exit_signal for one in out.trades] == ["Liquidation"]


def test_a_gap_costs_no_more_than_the_margin() -> None:
    out = trade([FLAT, FLAT, (40_000.0,) * 4], {0: [LONG]}, fee=0.0)
    assert taken(out) == [(1.0, 45_000.0)]
    assert out.equity[-1] == 995_000


def test_an_isolated_short_goes_the_other_way() -> None:
    # 55,000 / 1.005 = 54,726.4.
    short = {0: [Entry("S", "short")]}
    below = (50_000.0, 54_726.3, 50_000.0, 50_000.0)
    assert taken(trade([FLAT, FLAT, below], short)) == []
    above = (50_000.0, 54_726.5, 50_000.0, 50_000.0)
    assert taken(trade([FLAT, FLAT, above], short)) == [(1.0, 55_000.0)]


def test_a_liquidation_through_two_tiers() -> None:
    # 60 BTC at 50,000 with 10×. Third tier: (2,700,000 − 3,020) / (60 × 0.9937) = 45,234.6…
    # Down to 2.6 million there: 2,600,000 / 45,234.6… = 57.478…, so 2.522 are sold.
    # Second tier: (57.478 × 45,000 − 1,200) / (57.478 × 0.9944) = 45,232.4…
    # Down to 2 million: 44.216… stay, so 13.262 are sold. First tier: 45,000 / 0.995.
    first = (2_700_000 - 3_020) / (60 * 0.9937)
    second = (57.478 * 45_000 - 1_200) / (57.478 * 0.9944)
    out = trade([FLAT, FLAT, fall_to(45_233.0)], {0: [LONG]}, qty=60.0)
    assert taken(out)[0] == (2.522, math.floor(first * 10) / 10)
    assert len(taken(out)) == 1
    out = trade([FLAT, FLAT, fall_to(45_230.0)], {0: [LONG]}, qty=60.0)
    assert taken(out)[1] == (13.262, math.floor(second * 10) / 10)
    assert len(taken(out)) == 2
    out = trade([FLAT, FLAT, fall_to(45_000.0)], {0: [LONG]}, qty=60.0)
    assert taken(out)[2] == (44.216, 45_000.0)
    assert out.open == []


def test_in_cross_margin_the_whole_account_stands_for_it() -> None:
    # 20,000 + P − 50,000 = 0.005 P at 30,000 / 0.995 = 30,150.8; bankrupt at 30,000.
    def to(price: float) -> Outcome:
        bars = [FLAT, FLAT, fall_to(price)]
        return trade(bars, {0: [LONG]}, mode="cross", cash=20_000.0, fee=0.0)

    assert taken(to(30_150.9)) == []
    out = to(30_100.0)
    assert taken(out) == [(1.0, 30_000.0)]
    assert out.equity[-1] == pytest.approx(0.0, abs=1e-6)


def test_a_stop_on_the_way_comes_before_the_liquidation() -> None:
    plan: dict[int, list[Command]] = {0: [LONG, Exit("X", "L", stop=46_000.0)]}
    out = trade([FLAT, FLAT, fall_to(44_000.0)], plan)
    assert [(one.exit_signal, one.exit_price) for one in out.trades] == [("X", 46_000.0)]
    late: dict[int, list[Command]] = {0: [LONG, Exit("X", "L", stop=45_100.0)]}
    assert taken(trade([FLAT, FLAT, fall_to(44_000.0)], late)) == [(1.0, 45_000.0)]


def test_a_liquidation_withdraws_the_orders_first() -> None:
    plan: dict[int, list[Command]] = {0: [LONG], 1: [Order("D", "long", limit=44_000.0)]}
    out = trade([FLAT, FLAT, fall_to(43_000.0), FLAT], plan)
    assert taken(out) == [(1.0, 45_000.0)]
    assert len(out.fills) == 2
    assert [(one.id, one.bar) for one in out.refusals] == [("D", 2)]


def test_an_order_needs_its_cost() -> None:
    # 5,000 margin and 27.50 + 24.75 fees.
    enough = trade([FLAT, FLAT], {0: [LONG]}, cash=5_052.25)
    assert len(enough.open) == 1
    short = trade([FLAT, FLAT], {0: [LONG]}, cash=5_052.24)
    assert [(one.id, one.reason) for one in short.refusals] == [("L", Refusal.NO_MARGIN)]


def test_a_point_is_worth_what_the_contract_says() -> None:
    # Ten to the point, without tiers' liquidations: 0.1 of it costs what 1 does above.
    given = {"qty": 0.1, "mode": "none", "funding": {0: 0.0}, "point_value": 10}
    assert len(trade([FLAT, FLAT], {0: [LONG]}, cash=5_052.25, **given).open) == 1  # type: ignore[arg-type]
    short = trade([FLAT, FLAT], {0: [LONG]}, cash=5_052.24, **given)  # type: ignore[arg-type]
    assert [one.reason for one in short.refusals] == [Refusal.NO_MARGIN]
    with pytest.raises(InvalidInput, match=r"contract_value was '10', should be 1"):
        trade([FLAT], {}, mode="isolated", point_value=10)


def test_a_leverage_above_the_tier_is_refused() -> None:
    out = trade([FLAT, FLAT], {0: [LONG]}, qty=60.0, leverage=95.0)
    assert [one.reason for one in out.refusals] == [Refusal.LEVERAGE]
    assert out.refusals[0].detail == "tier up to 3200000: at most 80"
    with pytest.raises(InvalidInput, match=r"leverage.*at most 100"):
        trade([FLAT], {}, leverage=101.0)


def test_one_bar_is_enough() -> None:
    assert trade([FLAT], {0: [LONG]}, funding={0: 0.0001}).equity == [1_000_000.0]
