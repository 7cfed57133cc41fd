"""Numbers are printed as TradingView prints them, names and folders as the reader expects them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.errors import InvalidInput
from engines.orders import Reason
from engines.result import Table
from serve.tradingview_csv import (
    Written,
    cumulative,
    list_of_trades,
    performance,
    printed,
    signals,
    taken,
    write_tradingview,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # MEASURED pyne_macd, pyne_supertrend: profits of these sizes in recorded exports.
        (-0.00032, "-0.0003"),
        (-0.00165, "-0.002"),
        (0.00066, "0.001"),
        (-0.00035, "-0.0003"),
        (-291.5501, "-291.55"),
        (0.0, "0"),
        (9_992.549_999_999_999, "9992.55"),
        (94_470.85, "94470.85"),
        (1e-9, "0.000000001"),
        (float("nan"), ""),
    ],
)
def test_money_is_printed_with_two_decimals_or_as_many_as_it_needs(value: float, text: str) -> None:
    assert printed(value) == text


def trades(**changed: object) -> Table:
    """A long that a short reverses, the short that is stopped, and a long still open."""
    columns: dict[str, object] = {
        "side": np.array([1, -1, 1]),
        "entry_ms": 3_600_000 * np.array([0, 2, 3]),
        "exit_ms": 3_600_000 * np.array([2, 5, 6]),
        "entry_price": np.array([100.0, 110.0, 105.0]),
        "exit_price": np.array([110.0, 112.0, 106.0]),
        "qty": np.array([1.0, 1.0, 2.0]),
        "entry_fee": np.array([0.1, 0.11, 0.21]),
        "pnl": np.array([9.79, -2.222, 1.79]),
        "mfe": np.array([11.9, 0.0, 3.0]),
        "mae": np.array([-0.1, -2.5, -1.0]),
        "reason": np.array([Reason.REVERSAL, Reason.STOP_LOSS, Reason.OPEN]),
    }
    return {**columns, **changed}  # type: ignore[dict-item]


def test_orders_without_a_name_are_called_by_side_and_reason() -> None:
    entry, leave = signals(trades())
    assert entry == ["Long", "Short", "Long"]
    assert leave == ["Short", "Stop loss", "Open"]


def test_a_scripts_own_names_are_kept() -> None:
    named = trades(entry_signal=np.array(["a", "b", ""]), exit_signal=np.array(["b", "tp", ""]))
    assert signals(named) == (["a", "b", "Long"], ["b", "tp", "Open"])


def test_profit_so_far_has_paid_the_entries_that_are_still_open() -> None:
    # The short was entered at the first exit, not before it; the last long during the second.
    assert cumulative(trades()).tolist() == pytest.approx([9.79, 9.79 - 2.222 - 0.21, 9.358])


def test_each_trade_has_its_exit_and_its_entry() -> None:
    rows = list_of_trades(trades(), 1_000.0, "USDT").rows
    assert len(rows) == 1 + 2 * 3
    assert rows[1][:7] == ("1", "Exit long", "1970-01-01 02:00", "Short", "110", "1", "100")
    assert rows[2][:7] == ("1", "Entry long", "1970-01-01 00:00", "Long", "100", "1", "100")
    # 9.79 of the 100.1 that it took; best and worst; profit so far, of the initial cash.
    assert rows[1][7:] == ("9.79", "9.78", "11.9", "11.89", "-0.1", "-0.1", "9.79", "0.98")
    assert rows[5][1:4] == ("Exit long", "1970-01-01 06:00", "Open")


def test_the_value_of_an_inverse_contract_is_its_coins() -> None:
    # 10,000 dollars at 50,000 are 0.2 coins; a profit of 0.01 is a twentieth of them.
    inverse = trades(
        entry_price=np.array([50_000.0] * 3),
        qty=np.array([10_000.0] * 3),
        pnl=np.array([0.01, -0.01, 0.0]),
        pnl_fraction=np.array([0.05, -0.05, 0.0]),
    )
    assert taken(inverse, 1.0).tolist()[:2] == pytest.approx([0.2, 0.2])


def test_a_figure_that_is_undefined_is_an_empty_cell() -> None:
    rows = {row[0]: row[1:] for row in performance({"net_profit": 1.5}, "USDT").rows}
    assert rows["Net profit"] == ("1.5", "", "", "", "", "")
    assert rows["Sharpe ratio"] == ("", "", "", "", "", "")


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="csv"):
        write_tradingview([Written("a.csv", (("1",),))], tmp_path / "file")
