"""What an export does not say in so many words follows from what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.errors import InvalidInput
from strategies.tradingview import Decimals, ExportedTrade, TradeList
from strategies.tradingview.material import material_of_export, signals_of_export

HOUR_MS = 3_600_000


def bars() -> Bars:
    close = 100.0 + np.arange(20.0)
    columns = {
        "open_ms": HOUR_MS * np.arange(20),
        "open": close,
        "high": close + 1.0,
        "low": close - 1.0,
        "close": close,
        "volume": np.ones(20),
    }
    return Bars.from_columns(Series("linear", "CHART", "60"), columns)


def trade(number: int, side: int, entry: int, leave: int, pnl: float) -> ExportedTrade:
    return ExportedTrade(
        number=number,
        side=side,
        qty=2.0,
        entry_ms=HOUR_MS * entry,
        entry_price=100.0 + entry,
        exit_ms=HOUR_MS * leave,
        exit_price=100.0 + leave,
        entry_signal=f"in {number}",
        exit_signal=f"out {number}",
        pnl=pnl,
        decimals=Decimals(pnl=2),
    )


def listed(*trades: ExportedTrade) -> TradeList:
    return TradeList(trades, wall_clock=False, columns=frozenset())


def test_fees_are_what_profits_lack_beside_their_prices() -> None:
    # 2 · 4 − 0.50; −2 · 3 − 0.25; 2 · 5, to the cent without a fee.
    export = listed(trade(1, 1, 1, 5, 7.5), trade(2, -1, 6, 9, -6.25), trade(3, 1, 10, 15, 10.004))
    material = material_of_export(export, bars(), 1_000.0)
    assert material.closed.fees.tolist() == [0.5, 0.25, 0.0]
    assert material.value == 1.0


def test_listed_commissions_are_taken_as_they_are() -> None:
    export = listed(*(replace(trade(k, 1, 2 * k, 2 * k + 1, 2.0), commission=0.3) for k in (1, 2)))
    assert material_of_export(export, bars(), 1_000.0).closed.fees.tolist() == [0.3, 0.3]


def test_money_per_point_is_what_the_profits_tell() -> None:
    export = listed(
        trade(1, 1, 1, 5, 4_000.0), trade(2, -1, 6, 9, -3_000.0), trade(3, 1, 10, 15, 5_000.0)
    )
    assert material_of_export(export, bars(), 100_000.0).value == 500.0
    with pytest.raises(InvalidInput, match=r"contract value.*about 500"):
        material_of_export(export, bars(), 100_000.0, value=10.0)


def test_what_was_open_is_marked_at_the_last_close() -> None:
    left = replace(trade(2, 1, 10, 19, 17.5), is_open=True, exit_signal="Open")
    material = material_of_export(listed(trade(1, 1, 1, 5, 8.0), left), bars(), 1_000.0)
    assert len(material.closed) == len(material.open) == 1
    # Its profit lacks half a dollar beside its prices: the fee of its entry.
    assert material.open.entry_fee.tolist() == [0.5]
    assert material.equity[-1] == 1_000.0 + 8.0 + 2.0 * 9.0 - 0.5


def test_names_of_orders_follow_the_order_of_the_exits() -> None:
    first, second = trade(1, 1, 1, 9, 16.0), trade(2, 1, 2, 5, 6.0)
    left = replace(trade(3, 1, 10, 19, 18.0), is_open=True)
    found = signals_of_export(listed(first, second, left))
    assert found["entry_signal"].tolist() == ["in 2", "in 1", "in 3"]


def test_a_list_without_a_closed_trade_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        material_of_export(listed(replace(trade(1, 1, 1, 5, 8.0), is_open=True)), bars(), 1_000.0)
