"""`bst backtest --csv` and `bst metrics`: what is written as TradingView writes it is read back."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actors.trade_lists import load_trade_list
from engines.bars import Bars
from engines.metrics.registry import METRICS
from engines.metrics.tradingview import SHEETS
from tests.serve.cli.bracket import Bracket
from tests.serve.cli.chart import OPTIONS, chart, write_bars, write_trades
from tests.serve.cli.conftest import Bst

SCRIPT = Path(__file__).with_name("bracket.py")
# Profits in the list are printed to the cent; these are no sums or means of them.
NOT_PRINTED = ("slippage", "ambiguous", "pessimistic", "optimistic", "doubt")


@dataclass(frozen=True)
class Exported:
    """A backtest on a file of bars, its own figures, and the files it wrote."""

    bars: Path
    folder: Path
    metrics: dict[str, float | None]


@pytest.fixture
def exported(tmp_path: Path, bst: Bst) -> Exported:
    bars = write_bars(tmp_path / "bars.csv", chart().bars)
    folder = tmp_path / "tv"
    said = (
        "--file",
        bars,
        "--symbol",
        "CHART",
        "--interval",
        "60",
        "--profile",
        "tradingview",
        "--taker-fee-percent",
        "0.05",
        "--maker-fee-percent",
        "0.05",
        *OPTIONS,
    )
    told = bst("backtest", f"{SCRIPT}:Bracket", *said, "--csv", folder, "--json")
    assert told.code == 0, told.err
    answer = json.loads(told.out)
    assert answer["csv"] == [
        str(folder / name) for name in ("list-of-trades.csv", "performance.csv")
    ]
    return Exported(bars, folder, answer["runs"][0]["metrics"])


def measure(bst: Bst, exported: Exported, *options: object) -> Any:
    trades = exported.folder / "list-of-trades.csv"
    cash = ("--initial-cash", "100000")
    told = bst("metrics", trades, "--bars", exported.bars, *cash, "--json", *options)
    assert told.code == 0, told.err
    return json.loads(told.out)


def test_the_list_of_a_backtest_has_the_figures_of_the_backtest(
    exported: Exported, bst: Bst
) -> None:
    again = measure(bst, exported)
    assert again["time_zone"].startswith("The export's times are UTC")
    assert again["trades"] > 80
    assert set(again["metrics"]) == set(METRICS)
    for name, value in again["metrics"].items():
        if name.startswith(NOT_PRINTED):
            continue
        expected = exported.metrics[name]
        if expected is None or value is None:
            assert value is expected, name
        else:
            assert value == pytest.approx(expected, rel=2e-3, abs=0.02), name


def test_the_page_of_a_list_has_the_tabs_of_a_run(
    exported: Exported, bst: Bst, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    measure(bst, exported, "--report", page)
    text = page.read_text()
    for title in ("Overview", "Performance", "Trades analysis", "Ratios", "List of trades"):
        assert f">{title}" in text
    assert "bst metrics" in text


def test_a_list_written_again_is_the_same_list(
    exported: Exported, bst: Bst, tmp_path: Path
) -> None:
    first = exported.folder / "list-of-trades.csv"
    measure(bst, exported, "--csv", tmp_path / "again", "--currency", "USDT")
    ours, theirs = (
        load_trade_list(tmp_path / "again" / "list-of-trades.csv"),
        load_trade_list(first),
    )
    assert len(ours.trades) == len(theirs.trades)
    for one, other in zip(ours.trades, theirs.trades, strict=True):
        for name in ("side", "entry_ms", "exit_ms", "entry_price", "qty", "entry_signal", "pnl"):
            if not one.is_open:
                assert getattr(one, name) == getattr(other, name), name


def test_the_summary_has_tradingviews_rows_and_columns(exported: Exported) -> None:
    rows = list(csv.reader((exported.folder / "performance.csv").read_text().splitlines()))
    assert rows[0] == ["", "All USDT", "All %", "Long USDT", "Long %", "Short USDT", "Short %"]
    labels = [row.label for sheet in SHEETS.values() for row in sheet]
    assert [row[0] for row in rows[1:]] == labels
    by_label = {row[0]: row[1:] for row in rows[1:]}
    net = exported.metrics["net_profit"]
    assert net is not None
    assert [float(cell) for cell in by_label["Net profit"][:2]] == [
        pytest.approx(net, abs=0.005),
        pytest.approx(net / 1e3, abs=0.005),
    ]
    # Losses are positive there; what TradingView leaves empty for a side is empty.
    assert float(by_label["Gross loss"][0]) > 0.0
    assert by_label["Sharpe ratio"][1:] == [""] * 5
    assert float(by_label["Profit factor"][2]) > 0.0


def test_the_time_zone_of_a_list_is_found(tmp_path: Path, bst: Bst) -> None:
    made = chart()
    trades = write_trades(tmp_path / "trades.csv", made.trades(Bracket()), "America/New_York")
    bars = write_bars(tmp_path / "bars.csv", made.bars)
    told = bst("metrics", trades, "--bars", bars, "--initial-cash", "100000")
    assert told.code == 0, told.err
    assert "America/New_York" in told.out
    assert "Net profit" in told.out
    assert "Return of max equity drawdown" in told.out


def test_a_contract_value_that_the_profits_contradict_is_refused(
    exported: Exported, bst: Bst
) -> None:
    trades = exported.folder / "list-of-trades.csv"
    told = bst("metrics", trades, "--bars", exported.bars, "--contract-value", "50")
    assert told.code == 2
    assert "contract value" in told.err


def test_bars_that_do_not_hold_the_trades_are_refused(
    exported: Exported, bst: Bst, tmp_path: Path
) -> None:
    trades = exported.folder / "list-of-trades.csv"
    few = write_bars(tmp_path / "few.csv", chart().bars.rows(0, 300))
    told = bst("metrics", trades, "--bars", few)
    assert told.code == 2
    assert "inside a bar" in told.err


def test_the_page_says_how_much_hangs_on_the_order_inside_bars(tmp_path: Path, bst: Bst) -> None:
    made = chart().bars
    wide = {**made.columns(), "high": made.high + 400.0, "low": made.low - 400.0}
    bars = write_bars(tmp_path / "bars.csv", Bars.from_columns(made.series, wide))
    page = tmp_path / "page.html"
    said = ("--file", bars, "--symbol", "CHART", "--interval", "60", "--finer", "none", *OPTIONS)
    narrow = ("--set", "stop=0.5", "--set", "target=1")
    told = bst("backtest", "macd", *said, *narrow, "--report", page, "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)["runs"][0]["statistics"]
    assert found["ambiguous_exits"] > 0.0
    assert f"{found['ambiguous_exits']:,.0f} of {found['trades']:,.0f} exits hang on" in (
        page.read_text()
    )
