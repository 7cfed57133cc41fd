"""The scripts of docs/guides/pine.md run, and see what their Pine originals would see."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.commands import Properties
from engines.errors import InvalidInput
from engines.intervals import DAY_MS
from engines.rate_history import RateHistory
from strategies.scripting import EventStrategy, Now, backtest_script, load_event_strategy
from strategies.scripting.clock import Clock
from tests.strategies.scripting.test_event_strategy import TERMS, random_dataset

PORTED = Path(__file__).parent / "ported"
HOUR_MS = 3_600_000


def ported(name: str) -> EventStrategy:
    return load_event_strategy(str(PORTED / name))()


def test_the_channel_trades_with_its_bracket() -> None:
    trades = backtest_script(ported("channel.py"), random_dataset(2), TERMS).trades
    assert {"XL", "L", "S"} & set(trades["entry_signal"])
    assert "bracket" in set(trades["exit_signal"])


def test_the_day_trader_is_flat_outside_its_hours() -> None:
    dataset = random_dataset(4)
    trades = backtest_script(ported("session.py"), dataset, TERMS).trades
    assert len(trades["number"]) > 3
    for ms in trades["entry_ms"].tolist():
        # An order of 15:50's close is filled at 15:55 at the latest.
        assert Clock(ms, ms, "UTC").in_session("0935-1600:23456", "America/New_York")


def test_var_is_rolled_back_and_varip_is_not() -> None:
    strategy, dataset = ported("refill.py"), random_dataset(5)
    result = backtest_script(strategy, dataset, TERMS)
    assert strategy.memory["bars"] == len(dataset.bars)
    runs = vars(strategy)["runs"]
    assert len(dataset.bars) < runs <= 4 * len(dataset.bars)
    # A target that the pass after the fill placed may fill in the same bar.
    assert (result.trades["entry_bar"] == result.trades["exit_bar"]).any()


def test_every_guide_script_is_the_one_that_runs() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "pine.md").read_text("utf-8")
    for path in PORTED.glob("*.py"):
        source = path.read_text("utf-8").replace("  # noqa: RUF012 - as a user writes it", "")
        body = source[source.index("class ") :]
        assert body in guide, path.name


def test_a_bar_is_told_by_the_exchanges_clock() -> None:
    # 2024-03-10 06:30 UTC is Sunday 01:30 in New York, an hour before its clocks change.
    clock = Clock(1_710_052_200_000, 1_710_055_800_000, "America/New_York")
    assert (clock.local.hour, clock.local.minute, clock.dayofweek) == (1, 30, 1)
    later = Clock(clock.time + HOUR_MS, clock.time + 2 * HOUR_MS, "America/New_York")
    assert later.local.hour == 3


@pytest.mark.parametrize(
    ("session", "inside"),
    [
        ("0100-0200", True),
        ("0130-0131:1", True),
        ("0100-0130", False),
        ("0100-0200:23456", False),
        ("0900-1000,0100-0200", True),
        # Over midnight: the morning of Sunday is of Sunday's session.
        ("1700-0500:1", True),
        ("1700-0500:7", False),
    ],
)
def test_sessions_as_pine_writes_them(session: str, inside: bool) -> None:
    clock = Clock(1_710_052_200_000, 1_710_055_800_000, "America/New_York")
    assert clock.in_session(session) == inside


def test_the_evening_of_a_session_belongs_to_the_day_after() -> None:
    # Sunday 18:00 in New York: forex' Monday has begun.
    clock = Clock(1_710_108_000_000, 1_710_111_600_000, "America/New_York")
    assert clock.in_session("1700-1700:2")
    assert not clock.in_session("1700-1700:1")
    with pytest.raises(InvalidInput, match=r"session.*0930-1600"):
        clock.in_session("930-1600")


class Watcher(EventStrategy):
    """Enters and leaves, and notes Pine's words for the account."""

    properties = Properties(qty_value=2.0)

    def setup(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def on_bar(self, now: Now) -> None:
        names = ("avg_trade", "avg_winning_trade", "avg_losing_trade", "max_drawdown", "max_runup")
        self.seen.append({name: getattr(now, name) for name in names})
        self.seen[-1] |= {"bar": now.bar_index, "currency": now.account_currency}
        self.seen[-1]["held"] = now.max_contracts_held_all
        self.seen[-1]["default"] = now.default_entry_qty(now.close)
        self.seen[-1]["worth"] = now.convert_to_account(10.0), now.convert_to_symbol(10.0)
        self.seen[-1]["closed"] = [
            (row.entry_price, row.exit_price, row.profit, now.time_at(row.entry_bar_index))
            for row in now.closedtrades
        ]
        if now.bar_index % 10 == 3:
            now.entry("L", "long")
        if now.bar_index % 10 == 7:
            now.close_entry("L")


def test_the_account_has_all_of_pines_words() -> None:
    dataset, strategy = random_dataset(1), Watcher()
    result = backtest_script(strategy, dataset, TERMS)
    seen, trades = strategy.seen, result.trades
    closed = [i for i, reason in enumerate(trades["exit_signal"]) if reason != "Open"]
    last = seen[-1]
    assert last["held"] == 2.0
    assert last["avg_trade"] == pytest.approx(trades["pnl"][closed].mean())
    assert [row[3] for row in last["closed"]] == trades["entry_ms"][closed].tolist()
    assert math.isnan(seen[0]["avg_trade"])
    assert seen[-1]["max_drawdown"] >= seen[50]["max_drawdown"] > 0.0


def test_an_account_in_another_currency_earns_at_its_rates() -> None:
    dataset = random_dataset(1)
    first = int(dataset.bars.open_ms[0]) // DAY_MS - 1
    days = first + np.arange(40, dtype=np.int64)
    terms = replace(TERMS, broker=replace(TERMS.broker, taker_fee_rate=0.0, maker_fee_rate=0.0))
    half = replace(terms, rates=RateHistory("EUR", days, np.full(40, 0.5)))
    strategy = Watcher()
    here, there = (
        backtest_script(Watcher(), dataset, terms),
        backtest_script(strategy, dataset, half),
    )
    np.testing.assert_allclose(there.trades["pnl"], here.trades["pnl"] / 2.0)
    np.testing.assert_allclose(there.trades["pnl_fraction"], here.trades["pnl_fraction"])
    assert strategy.seen[-1]["currency"] == "EUR"
    assert strategy.seen[-1]["worth"] == (5.0, 20.0)
    assert strategy.seen[-1]["default"] == 2.0
    assert here.spec.digest != there.spec.digest
