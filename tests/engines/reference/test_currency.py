"""An account in another currency than the quote's, worked out by hand on both engines (G8)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.commands import Close, Command, Entry
from engines.errors import InvalidInput, MissingData
from engines.rate_history import RateHistory
from tests.engines.reference.conftest import DAY_MS, Bar, Play

FLAT: Bar = (100.0, 100.0, 100.0, 100.0)
HIGH: Bar = (120.0, 120.0, 120.0, 120.0)
Plan = dict[int, list[Command]]


def rates(*closes: float, first_day: int = -1) -> RateHistory:
    """The first close holds on day 0, the next on day 1, and so on."""
    days = first_day + np.arange(len(closes), dtype=np.int64)
    return RateHistory("USD", days, np.array(closes))


def test_g8_each_amount_takes_the_rate_of_its_own_day(play: Play) -> None:
    # In on day 2 at 0.7, out on day 4 at 1.3; a fee of 1 % on each leg, at its leg's rate.
    moves = rates(0.7, 0.7, 0.7, 1.3, 1.3, 1.3)
    plan: Plan = {1: [Entry("L", "long")], 3: [Close("L")]}
    fees = {"initial_cash": 10_000.0, "taker_fee_rate": 0.01, "maker_fee_rate": 0.01}
    out = play([FLAT] * 4 + [HIGH] * 2, plan, fees, step_ms=DAY_MS, rates=moves)
    trade = out.trades[0]
    assert float(trade.entry_fee) == pytest.approx(0.7)
    assert float(trade.exit_fee) == pytest.approx(1.56)
    assert float(trade.pnl) == pytest.approx(20 * 1.3 - 0.7 - 1.56)
    assert float(out.equity[-1]) == pytest.approx(10_000 + 23.74)


def test_g8_open_profit_moves_with_the_rate(play: Play) -> None:
    moves = rates(1.0, 1.0, 2.0, 3.0)
    bars: list[Bar] = [FLAT, (100.0, 110.0, 100.0, 110.0), (110.0,) * 4, (110.0,) * 4]
    out = play(bars, {0: [Entry("L", "long")]}, step_ms=DAY_MS, rates=moves)
    won = [float(one) - 1_000_000 for one in out.equity]
    assert won == pytest.approx([0.0, 10.0, 20.0, 30.0])


def test_g8_flat_fees_and_capital_are_account_currency(play: Play) -> None:
    moves = rates(0.5, 0.5, 0.5)
    plan: Plan = {0: [Entry("L", "long")]}
    fees = {"fee_per_order": 3.0, "fee_per_contract": 2.0}
    out = play([FLAT] * 2, plan, fees, step_ms=DAY_MS, rates=moves)
    assert float(out.fills[0].fee) == 5.0
    assert float(out.equity[-1]) == 1_000_000 - 5.0


@pytest.mark.parametrize(
    ("qty_type", "value", "bought"),
    # 1000 at 0.5: a unit costs 50. Half the equity buys 10, 200 in cash 4.
    [("percent_of_equity", 50.0, 10.0), ("cash", 200.0, 4.0), ("fixed", 3.0, 3.0)],
)
def test_g8_budgets_are_converted(play: Play, qty_type: str, value: float, bought: float) -> None:
    said = {"qty_type": qty_type, "qty_value": value}
    cash = {"initial_cash": 1000.0}
    plan: Plan = {0: [Entry("L", "long")]}
    out = play([FLAT] * 2, plan, cash, step_ms=DAY_MS, rates=rates(0.5, 0.5, 0.5), **said)
    assert [one.qty for one in out.fills] == [bought]


def test_g8_margin_is_needed_in_account_currency(play: Play) -> None:
    cash = {"initial_cash": 1000.0}

    def fits(qty: float) -> bool:
        plan: Plan = {0: [Entry("L", "long", qty=qty)]}
        out = play([FLAT] * 2, plan, cash, step_ms=DAY_MS, rates=rates(0.5, 0.5, 0.5))
        return len(out.fills) == 1

    assert fits(20.0)
    assert not fits(20.01)


def bars_of(closes: Sequence[float], step_ms: int) -> Bars:
    close = np.array(closes)
    columns = dict.fromkeys(("open", "high", "low", "close"), close)
    times = {"open_ms": step_ms * np.arange(len(close)), "volume": np.ones(len(close))}
    return Bars.from_columns(Series("spot", "EURUSD", "360"), {**times, **columns})


def test_g8_a_day_takes_the_close_of_the_utc_day_before() -> None:
    found = RateHistory.from_bars("USD", bars_of([1, 2, 3, 4, 5, 6, 7, 8], DAY_MS // 4))
    assert found.day.tolist() == [0, 1]
    assert found.rate.tolist() == [4.0, 8.0]
    moments = np.array([DAY_MS, 2 * DAY_MS - 1, 2 * DAY_MS, 9 * DAY_MS])
    assert found.of_bars(moments).tolist() == [4.0, 4.0, 8.0, 8.0]


def test_rates_that_are_not_there_are_an_error() -> None:
    with pytest.raises(MissingData, match="no rate of USD is known for bars before 1970-01-03"):
        rates(1.0, first_day=1).of_bars(np.array([0]))
    with pytest.raises(InvalidInput, match=r"rates.*above zero"):
        rates(1.0, 0.0)
    with pytest.raises(InvalidInput, match="one rate a day"):
        RateHistory("USD", np.array([3, 3]), np.array([1.0, 1.0]))
