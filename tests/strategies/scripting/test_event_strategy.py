"""Event strategies see closed bars, order in Pine's words, and give results as graphs do."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.bars import Bars
from engines.broker import TRADINGVIEW
from engines.commands import Properties
from engines.errors import InvalidInput
from engines.instrument import Instrument
from engines.resampling import resample
from strategies.backtest import Terms, backtest
from strategies.evaluation.dataset import Dataset
from strategies.graph import PercentOfEquity, Strategy, close, sma
from strategies.scripting import EventStrategy, Now, backtest_script, load_event_strategy
from tests.engines.golden.corpus import random_bars
from tests.strategies.scripting.breakout import Breakout

TERMS = Terms(
    Instrument("linear", "TEST", Decimal("0.1"), Decimal("0.001")),
    replace(TRADINGVIEW, taker_fee_rate=0.0006, maker_fee_rate=0.0002),
)
FILE = Path(__file__).with_name("breakout.py")


def random_dataset(seed: int, hours: int = 400) -> Dataset:
    bars = random_bars(np.random.default_rng(seed), n_bars=hours * 4)
    return Dataset(resample(bars, "5"))


class CrossInCode(EventStrategy):
    """The twin of a graph strategy."""

    properties = Properties(qty_type="percent_of_equity", qty_value=50.0)

    def setup(self) -> None:
        self.lines = {"fast": sma(close, 5), "slow": sma(close, 20)}
        self.up = self.lines["fast"].crosses_above(self.lines["slow"])
        self.down = self.lines["fast"].crosses_below(self.lines["slow"])

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            now.entry("L", "long")
        if now[self.down]:
            now.entry("S", "short")


@pytest.mark.parametrize("seed", range(5))
def test_code_and_graph_give_the_same_result(seed: int) -> None:
    fast, slow = sma(close, 5), sma(close, 20)
    graph = Strategy(
        "cross",
        enter_long=fast.crosses_above(slow),
        enter_short=fast.crosses_below(slow),
        sizing=PercentOfEquity(50),
    )
    dataset = random_dataset(seed)
    by_graph = backtest(graph, {}, dataset, TERMS)
    by_code = backtest_script(CrossInCode(), dataset, TERMS)
    for name in ("bar", "side", "reason", "trade"):
        assert by_code.fills[name].tolist() == by_graph.fills[name].tolist(), name
    for name in ("price", "qty", "fee", "cash"):
        np.testing.assert_allclose(by_code.fills[name], by_graph.fills[name], rtol=1e-12)
    np.testing.assert_allclose(by_code.equity, by_graph.equity, rtol=1e-12)
    for name, value in by_graph.statistics.items():
        np.testing.assert_allclose(by_code.statistics[name], value, rtol=1e-9, err_msg=name)
    assert by_graph.statistics["trades"] > 5


def test_a_later_start_sees_warm_indicators() -> None:
    dataset = random_dataset(3)
    start_ms = int(dataset.bars.open_ms[100])
    result = backtest_script(CrossInCode(), dataset, TERMS, start_ms)
    assert result.open_ms[0] == start_ms
    assert len(result.equity) == len(dataset.bars) - 100
    assert result.fills["bar"].min() > 100


class Recorder(EventStrategy):
    """Notes what it sees."""

    def setup(self) -> None:
        self.average = sma(close, 3)
        self.rising = close > close.shift(1)
        self.seen: list[tuple[float, float, float, bool]] = []

    def on_bar(self, now: Now) -> None:
        row = now.close, now[self.average], now[self.average, 1], now[self.rising]
        self.seen.append(row)
        if now.bar_index == 5:
            now.entry("L", "long", qty=1.0)
        if now.bar_index == 8:
            now.close_all()


def test_values_are_those_of_the_columns() -> None:
    dataset = random_dataset(1)
    recorder = Recorder()
    backtest_script(recorder, dataset, TERMS)
    prices = dataset.bars.close
    averages = [row[1] for row in recorder.seen]
    expected = np.convolve(prices, np.ones(3) / 3, "valid")
    assert np.isnan(averages[:2]).all()
    np.testing.assert_allclose(averages[2:], expected, rtol=1e-12)
    before = [row[2] for row in recorder.seen]
    np.testing.assert_array_equal(before[1:], averages[:-1])
    assert [row[3] for row in recorder.seen][1:] == (np.diff(prices) > 1e-10).tolist()


def test_the_account_is_there_in_pines_words() -> None:
    seen: list[dict[str, Any]] = []

    class Watcher(Recorder):
        def on_bar(self, now: Now) -> None:
            super().on_bar(now)
            names = ("position_size", "netprofit", "wintrades", "losstrades", "eventrades")
            seen.append({name: getattr(now, name) for name in names})
            seen[-1] |= {"open": len(now.opentrades), "closed": len(now.closedtrades)}
            seen[-1]["sum"] = now.initial_capital + now.netprofit + now.openprofit - now.equity

    result = backtest_script(Watcher(), random_dataset(1), TERMS)
    assert [row["position_size"] for row in seen[5:10]] == [0.0, 1.0, 1.0, 1.0, 0.0]
    assert [(row["open"], row["closed"]) for row in seen[8:10]] == [(1, 0), (0, 1)]
    assert max(abs(row["sum"]) for row in seen) < 1e-6
    assert seen[-1]["wintrades"] + seen[-1]["losstrades"] == 1
    assert seen[-1]["netprofit"] == pytest.approx(result.trades["pnl"].sum())


def test_trades_are_named_by_their_orders() -> None:
    result = backtest_script(Breakout(length=10), random_dataset(2), TERMS)
    assert set(result.trades["entry_signal"]) == {"L"}
    assert set(result.trades["exit_signal"]) <= {"atr", "Open"}
    assert all(len(name) == 36 for name in result.fills["order_id"])


def test_the_name_of_a_run_follows_source_and_parameters() -> None:
    one, other = Breakout(), Breakout(length=21)
    assert one.digest == other.digest == load_event_strategy(str(FILE))().digest
    dataset = random_dataset(2)
    first, again, changed = (
        backtest_script(each, dataset, TERMS) for each in (one, Breakout(), other)
    )
    assert first.spec.digest == again.spec.digest != changed.spec.digest
    assert first.ledger_digest == again.ledger_digest


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"parameter of Breakout.*speed.*length, risk"):
        Breakout(speed=3)

    class Asks(Recorder):
        def on_bar(self, now: Now) -> None:
            now[sma(close, 99)]

    with pytest.raises(InvalidInput, match="after setup"):
        backtest_script(Asks(), random_dataset(1), TERMS)

    class Peeks(Recorder):
        def on_bar(self, now: Now) -> None:
            now[self.average, -1]

    with pytest.raises(InvalidInput, match="what comes is not known"):
        backtest_script(Peeks(), random_dataset(1), TERMS)

    class Misspells(Recorder):
        def on_bar(self, now: Now) -> None:
            now.entry("L", "long", stopp=3.0)

    with pytest.raises(InvalidInput, match=r"argument of entry.*stopp"):
        backtest_script(Misspells(), random_dataset(1), TERMS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "a subclass of EventStrategy"),
        ("import nothing_like_this\n", "ModuleNotFoundError"),
        ("def broken(:\n", "SyntaxError"),
    ],
)
def test_a_file_that_does_not_serve_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        load_event_strategy(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="a Python file that exists"):
        load_event_strategy(str(tmp_path / "none.py"))
    with pytest.raises(InvalidInput, match="the project's own"):
        load_event_strategy(str(tmp_path / "engines.py"))
    with pytest.raises(InvalidInput, match=r"class of .*one of Breakout"):
        load_event_strategy(f"{FILE}:Other")


def test_one_bar_is_enough() -> None:
    bars = random_dataset(1).bars
    alone = Bars.from_columns(bars.series, {name: c[:1] for name, c in bars.columns().items()})
    result = backtest_script(Breakout(), Dataset(alone), TERMS)
    assert len(result.fills["bar"]) == 0
    assert result.statistics["trades"] == 0
