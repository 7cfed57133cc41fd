"""Spot on Bybit: coins are bought with what is there, fees leave what is received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.broker import BYBIT_SPOT
from engines.commands import Close, Command, Entry, Exit, Order, Properties
from engines.errors import InvalidInput
from engines.event import Outcome, perpetual_for, simulate
from engines.instrument import Instrument
from engines.orders import Refusal
from tests.engines.reference.conftest import Bar, Planned

MINUTE_MS = 60_000
BTC = Instrument(
    "spot",
    "BTCUSDT",
    Decimal("0.01"),
    Decimal("0.000001"),
    base="BTC",
    quote="USDT",
    min_notional=Decimal(5),
    taker_fee_rate=Decimal("0.001"),
    maker_fee_rate=Decimal("0.001"),
    price_limit_ratio=Decimal("0.01"),
)
AT: Bar = (50_000.0,) * 4
UP: Bar = (51_000.0,) * 4


def trade(
    bars: Sequence[Bar],
    plan: Mapping[int, Sequence[Command]],
    instrument: Instrument = BTC,
    said: Properties | None = None,
    **settings: Any,
) -> Outcome:
    table = np.array(bars, dtype=float)
    columns = dict(zip(("open", "high", "low", "close"), table.T, strict=True))
    times = {"open_ms": MINUTE_MS * np.arange(len(bars)), "volume": np.ones(len(bars))}
    made = Bars.from_columns(Series("spot", "BTCUSDT", "1"), {**times, **columns})
    rules = replace(BYBIT_SPOT, **{"initial_cash": 100_000.0, **settings})
    terms = perpetual_for(instrument, rules, None, (0, MINUTE_MS * len(bars)))
    wanted = said or Properties(pyramiding=5)
    return simulate(Planned(plan), made, instrument, rules, wanted, perpetual=terms)


def reasons(outcome: Outcome) -> list[Refusal]:
    return [Refusal(one.reason) for one in outcome.refusals]


def test_a_purchase_pays_in_coins_and_a_sale_in_quote() -> None:
    # 1 BTC for 50,000 leaves 0.999; sold at 51,000: 50,949, less 50.949 of fee.
    out = trade([AT, AT, UP, UP], {0: [Entry("L", "long")], 2: [Close("L")]})
    (closed,) = out.trades
    assert closed.qty == pytest.approx(0.999)
    assert closed.entry_fee == pytest.approx(50.0)
    assert closed.exit_fee == pytest.approx(50.949)
    assert out.equity[-1] == pytest.approx(100_000 - 50_000 + 50_949 - 50.949)
    assert closed.pnl == pytest.approx(out.equity[-1] - 100_000)


def test_what_is_below_a_lot_stays_in_the_wallet() -> None:
    # 0.012345 pays 0.000012345: 0.012332655 of which 0.012332 can be sold.
    out = trade([AT, AT, UP, UP], {0: [Entry("L", "long", qty=0.012345)], 2: [Close("L")]})
    assert [one.qty for one in out.trades] == [pytest.approx(0.012332)]
    # The rest is worth 51,000 × 0.000000655 at the end.
    sold = 0.012332 * 51_000 * 0.999
    assert out.equity[-1] == pytest.approx(
        100_000 - 0.012345 * 50_000 + sold + 0.000000655 * 51_000
    )
    assert out.open == []


def test_rests_join_the_next_purchase() -> None:
    # Each of 0.0015 leaves 0.0014985: two rests of half a lot are one lot.
    plan = {0: [Entry("A", "long", qty=0.0015)], 2: [Entry("B", "long", qty=0.0015)]}
    out = trade([AT] * 5, plan)
    assert [round(one.qty, 9) for one in out.open] == [0.001498, 0.001499]
    assert out.equity[-1] == pytest.approx(100_000 - 0.003 * 50_000 * 0.001)


def test_nothing_is_short_on_spot() -> None:
    out = trade([AT] * 3, {0: [Entry("S", "short")]})
    assert reasons(out) == [Refusal.SPOT_SHORT]
    assert out.fills == []


def test_an_entry_short_only_sells_what_is_there() -> None:
    plan: dict[int, list[Command]] = {
        0: [Entry("L", "long")],
        2: [Entry("S", "short", qty=5.0)],
    }
    out = trade([AT] * 5, plan)
    assert [(one.side, round(one.qty, 9)) for one in out.fills] == [(1, 0.999), (-1, 0.999)]
    part: dict[int, list[Command]] = {
        0: [Entry("L", "long")],
        2: [Order("S", "short", qty=0.4)],
    }
    out = trade([AT] * 5, part)
    assert [round(one.qty, 9) for one in out.open] == [0.599]


def test_no_more_is_bought_than_there_is_money() -> None:
    assert reasons(trade([AT] * 3, {0: [Entry("L", "long", qty=2.01)]})) == [Refusal.NO_BALANCE]
    assert len(trade([AT] * 3, {0: [Entry("L", "long", qty=2.0)]}).open) == 1
    # Profit that is not taken buys nothing: 1 BTC bought at 50,000 leaves 50,000.
    plan = {0: [Entry("A", "long")], 2: [Entry("B", "long", qty=0.99)]}
    assert reasons(trade([AT, AT, UP, UP], plan)) == [Refusal.NO_BALANCE]


def test_an_order_of_all_the_equity_fills() -> None:
    said = Properties("percent_of_equity", 100.0)
    out = trade([AT] * 3, {0: [Entry("L", "long")]}, said=said)
    # G3: its fee is set aside, though spot takes it out of the coins.
    assert out.open[0].qty == pytest.approx(2.0 / 1.001 * 0.999, abs=2e-6)


def test_a_sale_below_the_smallest_order_is_refused() -> None:
    plan: dict[int, list[Command]] = {
        0: [Entry("L", "long", qty=0.0002)],
        2: [Exit("X", "L", stop=20_000.0)],
    }
    fall = (50_000.0, 50_000.0, 10_000.0, 10_000.0)
    out = trade([AT, AT, AT, fall], plan)
    assert reasons(out) == [Refusal.MIN_NOTIONAL]
    assert len(out.open) == 1


def test_a_limit_beyond_the_bound_is_refused() -> None:
    plan = {0: [Entry("L", "long", limit=50_600.0)], 1: [Entry("M", "long", limit=50_400.0)]}
    out = trade([AT] * 4, plan)
    assert reasons(out) == [Refusal.PRICE_LIMIT]
    assert len(out.open) == 1


def test_there_is_no_leverage_no_margin_and_no_funding_on_spot() -> None:
    with pytest.raises(InvalidInput, match=r"broker.leverage.*1 on spot"):
        trade([AT], {}, leverage=2.0)
    with pytest.raises(InvalidInput, match="category of BTCUSDT"):
        trade([AT], {}, margin_mode="cross")
    with pytest.raises(InvalidInput, match="category of BTCUSDT"):
        trade([AT], {}, funding="history")


def test_nothing_is_called_or_liquidated() -> None:
    crash = (50_000.0, 50_000.0, 0.01, 0.01)
    out = trade([AT, AT, crash, AT], {0: [Entry("L", "long", qty=2.0)]})
    assert len(out.open) == 1
    assert out.trades == []
    assert out.equity[-1] == pytest.approx(99_900.0)
