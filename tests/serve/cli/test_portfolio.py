"""`bst portfolio` on real files: what a user types, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.serve.cli.conftest import Bst

CROSS = '''
from engines.commands import Properties
from strategies.graph import close, sma
from strategies.scripting import EventStrategy, Now


class Cross(EventStrategy):
    """Long above an average, flat below."""

    parameters = {"length": 20}
    properties = Properties(qty_type="percent_of_equity", qty_value=90)

    def setup(self) -> None:
        self.average = sma(close, int(self["length"]))

    def on_bar(self, now: Now) -> None:
        if now.close > now[self.average]:
            now.entry("L", "long")
        else:
            now.close_entry("L")
'''

Files = Callable[..., Path]


@pytest.fixture
def legs(bars_file: Files) -> str:
    """Three symbols, each with bars of its own."""
    rows = []
    for number, symbol in enumerate(("AAAUSDT", "BBBUSDT", "CCCUSDT")):
        path = bars_file(1_000 + number, 60, symbol)
        rows.append(f"{{symbol: {symbol}, file: {path}}}")
    return f"[{', '.join(rows)}]"


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    path = tmp_path / "cross.py"
    path.write_text(CROSS)
    return path


def written(folder: Path, text: str) -> Path:
    path = folder / "portfolio.yaml"
    path.write_text(text)
    return path


def test_strategies_on_one_account(bst: Bst, legs: str, strategy: Path, tmp_path: Path) -> None:
    spec = written(tmp_path, f"name: crosses\nstrategy: {strategy}\nlegs: {legs}\n")
    told = bst("portfolio", spec, "--json", "--ledger", tmp_path / "fills.csv")
    assert told.code == 0, told.err
    said = json.loads(told.out)
    assert [leg["symbol"] for leg in said["legs"]] == ["AAAUSDT", "BBBUSDT", "CCCUSDT"]
    whole = said["together"]["statistics"]
    # Each wants 90 % of the whole account: two are never in together.
    assert said["together"]["refusals"]["NO_MARGIN"] > 10
    assert whole["trades"] == sum(leg["statistics"]["trades"] for leg in said["legs"]) > 20
    assert whole["fees"] == pytest.approx(sum(leg["statistics"]["fees"] for leg in said["legs"]))
    brought = sum(leg["contribution"] for leg in said["legs"])
    assert whole["total_return"] * 10_000 == pytest.approx(brought, abs=1e-6)
    assert said["together"]["metrics"]["total_return"] == pytest.approx(whole["total_return"])
    ledger = pl.read_csv(tmp_path / "fills.csv")
    assert set(ledger["symbol"]) == {"AAAUSDT", "BBBUSDT", "CCCUSDT"}
    assert set(ledger["leg"]) == {0, 1, 2}
    assert ledger["time"].is_sorted()
    page = Path(said["report"]).read_text()
    assert "What each leg brought" in page
    assert "As many symbols as allowed" not in page


def test_graphs_beside_an_event_strategy(
    bst: Bst, legs: str, strategy: Path, tmp_path: Path
) -> None:
    own = legs.replace("{symbol: AAAUSDT,", f"{{symbol: AAAUSDT, strategy: {strategy},")
    spec = written(tmp_path, f"strategy: sma_cross\nparameters: {{}}\nlegs: {own}\n")
    told = bst("portfolio", spec, "--json")
    assert told.code == 0, told.err
    said = json.loads(told.out)
    assert [leg["strategy"] for leg in said["legs"]] == ["Cross", "sma_cross", "sma_cross"]
    assert said["legs"][1]["parameters"] == {"fast": 20, "slow": 50, "stop": 2}
    assert said["together"]["statistics"]["entries"] > 5
    assert said["together"]["refusals"]["NO_MARGIN"] > 0


def test_a_recorded_portfolio_is_written_again(
    bst: Bst, legs: str, strategy: Path, tmp_path: Path, home: Path
) -> None:
    spec = written(tmp_path, f"strategy: {strategy}\nlegs: {legs}\n")
    said = json.loads(bst("portfolio", spec, "--json").out)
    again = bst("report", said["digest"][:12], "--to", home / "again.html")
    assert again.code == 0, again.err
    assert (home / "again.html").stat().st_size > 100_000


def test_weights_by_an_optimiser(bst: Bst, legs: str, tmp_path: Path) -> None:
    spec = written(
        tmp_path,
        f"legs: {legs}\nallocation: {{method: hrp, lookback_bars: 48, rebalance: weekly}}\n",
    )
    told = bst("portfolio", spec, "--start", "2025-01-06", "--json")
    assert told.code == 0, told.err
    said = json.loads(told.out)
    assert {one["cause"] for one in said["rebalances"]} == {"start", "weekly"}
    assert len(said["rebalances"]) == 6
    for one in said["rebalances"]:
        assert sum(one["weights"].values()) == pytest.approx(1.0, abs=1e-5)
    assert said["together"]["statistics"]["exposure"] > 0.9
    shown = bst("portfolio", spec)
    assert "Correlation of returns" in shown.out
    assert "Brought at the end" in shown.out


def test_limits_refuse_with_their_reasons(
    bst: Bst, legs: str, strategy: Path, tmp_path: Path
) -> None:
    # 15 % at five times: three of them have room.
    strategy.write_text(CROSS.replace("qty_value=90", "qty_value=15"))
    text = f"strategy: {strategy}\nlegs: {legs}\nbroker: {{leverage: 5}}\n"
    spec = written(tmp_path, text + "limits: {max_open_positions: 1}\n")
    said = json.loads(bst("portfolio", spec, "--json").out)
    assert said["together"]["refusals"]["OPEN_POSITIONS"] > 10
    assert "As many symbols as allowed" in Path(said["report"]).read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("legs: []", "legs was"),
        ("name: x", "legs was"),
        ("legs: [{symbol: A}, {symbol: A}]", "legs.symbol was 'A twice'"),
        ("legs: [{symbol: AAAUSDT, strategy: sma_crss}]", "strategy was 'sma_crss'"),
        (
            "legs: [{symbol: AAAUSDT, file: FILE, strategy: sma_cross, parameters: {quick: 1}}]",
            "parameter of sma_cross was 'quick'",
        ),
        ("legs: [{symbol: AAAUSDT, parameters: {a: 1}}]", "parameters of AAAUSDT"),
        ("legs: [{symbol: A}]\nallocation: {method: guess}", "allocation.method was 'guess'"),
        (
            "legs: [{symbol: AAAUSDT, file: FILE}]\n"
            "allocation: {method: fixed, weights_percent: {AAAUSDT: 70, BBBUSDT: 60}}",
            "allocation.weights was '1.3 in all'",
        ),
        (
            "legs: [{symbol: AAAUSDT, file: FILE}]\n"
            "allocation: {method: fixed, weights_percent: {BBBUSDT: 60}}",
            "allocation.weights was 'BBBUSDT'",
        ),
        ("legs: [{symbol: AAAUSDT, file: FILE}]", "allocation was None"),
        ("legs: [{symbol: AAAUSDT, speed: 1}]", "legs.0.speed"),
    ],
)
def test_what_cannot_be_is_named(
    bst: Bst, bars_file: Files, tmp_path: Path, text: str, message: str
) -> None:
    path = bars_file(200, 60, "AAAUSDT")
    told = bst("portfolio", written(tmp_path, text.replace("FILE", str(path))))
    assert told.code == 2
    assert message in told.err


def test_a_spec_that_is_not_there(bst: Bst) -> None:
    told = bst("portfolio", "nothing.yaml")
    assert told.code == 2
    assert "nothing.yaml" in told.err
