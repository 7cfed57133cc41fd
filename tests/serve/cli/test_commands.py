"""What a user types, and what comes back: real commands on real input."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import yaml

from strategies.library import LIBRARY
from tests.serve.cli.conftest import Bst

SEARCH = ["--axis", "fast=5,10", "--axis", "slow=20:40:10", "--set", "stop=2"]


def test_help_names_every_command_and_exit_code(bst: Bst) -> None:
    told = bst("--help")
    assert told.code == 0
    for word in ("backtest", "sweep", "report", "strategies", "data", "tour", "Exit codes"):
        assert word in told.out


@pytest.mark.parametrize("group", [[], ["data"], ["jobs"], ["tradingview"]])
def test_every_command_explains_itself(bst: Bst, group: list[str]) -> None:
    listed = bst(*group, "--help").out.split("Commands:")[1].split("Exit codes")[0]
    for name in re.findall(r"^  (\w+)", listed, re.MULTILINE):
        told = bst(*group, name, "--help")
        assert told.code == 0
        assert "--json" in told.out or name in ("data", "jobs", "logs", "tradingview")


def test_an_option_that_does_not_exist(bst: Bst) -> None:
    told = bst("sweep", "--turbo")
    assert told.code == 2
    assert "--turbo" in told.err


def test_a_backtest_of_a_file(bst: Bst, bars_file: Callable[..., Path], home: Path) -> None:
    told = bst("backtest", "sma_cross", "--file", bars_file(), "--set", "fast=10", "--json")
    assert told.code == 0, told.err
    said = json.loads(told.out)
    assert said["parameters"] == {"fast": 10, "slow": 50, "stop": 2}
    assert said["synthetic"] is False
    assert said["runs"][0]["statistics"]["trades"] > 3
    assert "sma_cross" in Path(said["report"]).read_text()
    again = bst("report", said["runs"][0]["digest"][:10], "--to", home / "again.html")
    assert again.code == 0, again.err
    assert (home / "again.html").stat().st_size > 100_000


def test_every_strategy_of_the_library_runs(bst: Bst, bars_file: Callable[..., Path]) -> None:
    path = bars_file(2_000)
    for name in LIBRARY:
        told = bst("backtest", name, "--file", path)
        assert told.code == 0, told.err
        assert "Net profit" in told.out


@pytest.mark.ray
def test_a_sweep_from_a_spec_file_and_options(
    bst: Bst, bars_file: Callable[..., Path], tmp_path: Path, local_ray: None
) -> None:
    spec = tmp_path / "sweep.yaml"
    spec.write_text(
        f"strategy: sma_cross\ndata: {{file: {bars_file()}}}\n"
        "space: {fast: [5, 10], slow: {low: 20, high: 40, step: 10}}\nparameters: {stop: 2}\n"
    )
    told = bst("sweep", "--spec", spec, "--objective", "total_return", "--json")
    assert told.code == 0, told.err
    said = json.loads(told.out)
    assert (said["rows"], said["computed"]) == (6, 6)
    same = bst("sweep", "sma_cross", "--file", bars_file(), *SEARCH, "--json")
    assert json.loads(same.out)["digest"] == said["digest"]
    assert json.loads(same.out)["computed"] == 0
    table = pl.read_parquet(said["table"])
    best = table.sort("train_total_return", descending=True).row(0, named=True)
    assert best["row"] == said["best"][0]["row"]


@pytest.mark.ray
def test_the_report_tells_a_command_that_gives_the_same_sweep(
    bst: Bst, bars_file: Callable[..., Path], local_ray: None
) -> None:
    options = ["--file", bars_file(), *SEARCH, "--slippage-ticks", "2", "--tick", "0.5"]
    first = json.loads(bst("sweep", "sma_cross", *options, "--no-fetch", "--json").out)
    page = Path(first["report"]).read_text()
    found = re.search(r"bst sweep sma_cross[^<\"]*", page)
    assert found is not None
    import html

    words = shlex.split(html.unescape(found.group()))
    again = json.loads(bst(*words[1:], "--json").out)
    assert again["digest"] == first["digest"]


@pytest.mark.ray
def test_an_estimate_runs_nothing(
    bst: Bst, bars_file: Callable[..., Path], home: Path, local_ray: None
) -> None:
    told = bst("sweep", "sma_cross", "--file", bars_file(), *SEARCH, "--estimate", "--json")
    assert json.loads(told.out)["rows"] == 6
    assert not (home / "results").exists()
    prices = Path(__file__).parents[3] / "deploy" / "prices.yaml"
    asked = ("sweep", "sma_cross", "--file", bars_file(), *SEARCH, "--estimate")
    told = bst(*asked, "--prices", prices, "--deadline-hours", 1, "--json")
    plans = json.loads(told.out)["plans"]
    assert {one["kind"] for one in plans} == {
        one["name"] for one in yaml.safe_load(prices.read_text())
    }
    assert all(one["in_time"] and one["nodes"] == 1 for one in plans)


def test_a_sweep_says_how_it_would_be_computed_and_runs_nothing(
    bst: Bst, bars_file: Callable[..., Path], home: Path
) -> None:
    asked = ("sweep", "sma_cross", "--file", bars_file(), *SEARCH, "--explain")
    found = json.loads(bst(*asked, "--json").out)
    assert (found["rows"], found["kernel"]) == (6, "bracket")
    assert found["because"] == ["stop loss rests in the market"]
    assert "a price that an exit waits for" in found["stops_at"]
    assert found["bars_per_trade"] > 1.0
    assert 0.0 < found["share_held"] < 1.0
    told = bst(*asked).out
    assert "on the bracket kernel:\n  - stop loss rests in the market" in told
    assert not (home / "results").exists()


def test_a_price_list_that_cannot_be_read_names_the_field(bst: Bst, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("- {name: one, cores: 0, price: 1}")
    told = bst("sweep", "sma_cross", "--estimate", "--prices", prices)
    assert (told.code, "kinds.0.cores was 0" in told.err) == (2, True), told.err
    told = bst("sweep", "sma_cross", "--prices", prices)
    assert (told.code, "--prices" in told.err) == (2, True), told.err


def test_strategies_are_listed_shown_and_run_from_their_json(
    bst: Bst, bars_file: Callable[..., Path], tmp_path: Path
) -> None:
    listed = json.loads(bst("strategies", "--json").out)
    assert {one["name"] for one in listed} == set(LIBRARY)
    saved = tmp_path / "mine.json"
    saved.write_text(bst("strategies", "supertrend", "--json").out)
    assert "strategy = Strategy(" in bst("strategies", "supertrend", "--code").out
    told = bst("backtest", saved, "--file", bars_file(), "--json")
    assert told.code == 0, told.err
    assert json.loads(told.out)["strategy_digest"] == LIBRARY["supertrend"]().digest


def test_bars_are_imported_listed_verified_exported_and_used(
    bst: Bst, bars_file: Callable[..., Path], tmp_path: Path
) -> None:
    assert "Nothing is stored" in bst("data", "list").out
    told = bst("data", "import", bars_file(1_000, 1), "--category", "linear")
    assert "1,000 new rows" in told.out
    (listed,) = json.loads(bst("data", "list", "--json").out)
    assert (listed["series"], listed["bars"]) == ("linear/BTCUSDT/1/last", 1_000)
    assert "linear/BTCUSDT/1/last" in bst("data", "list").out
    assert bst("data", "verify").code == 0
    to = tmp_path / "out.csv"
    told = bst("data", "export", "BTCUSDT", "--interval", "15", "--to", to)
    assert told.code == 0, told.err
    assert pl.read_csv(to).height == 1_000 // 15
    used = bst("backtest", "sma_cross", "--interval", "5", "--json")
    assert used.code == 0, used.err
    assert json.loads(used.out)["source"] == "imported files"


def test_a_damaged_file_makes_verify_fail(
    bst: Bst, bars_file: Callable[..., Path], home: Path
) -> None:
    bst("data", "import", bars_file(1_000, 1), "--category", "linear")
    (month,) = home.rglob("*.parquet")
    month.write_bytes(month.read_bytes()[:-30])
    told = bst("data", "verify")
    assert told.code == 1
    assert "NOT SOUND" in told.out


def test_what_is_not_stored_is_missing_data(bst: Bst) -> None:
    assert bst("data", "verify", "ETHUSDT").code == 3
    assert bst("backtest", "sma_cross", "--symbol", "ETHUSDT").code == 3
    assert bst("data", "export", "ETHUSDT", "--to", "x.csv").code == 3


EVENT_STRATEGY = Path(__file__).parents[2] / "strategies" / "scripting" / "breakout.py"


def test_a_backtest_of_an_event_strategy(
    bst: Bst, bars_file: Callable[..., Path], home: Path
) -> None:
    told = bst("backtest", EVENT_STRATEGY, "--file", bars_file(), "--set", "length=10", "--json")
    assert told.code == 0, told.err
    said = json.loads(told.out)
    assert said["strategy"] == "Breakout"
    assert said["parameters"] == {"length": 10, "risk": 2.0}
    assert said["runs"][0]["statistics"]["trades"] > 3
    page = Path(said["report"]).read_text()
    assert "Buys the break of a channel" in page
    assert "on_bar" in page
    again = bst("report", said["runs"][0]["digest"][:10], "--to", home / "again.html")
    assert again.code == 0, again.err


def test_an_event_strategy_has_no_rows_to_sweep(bst: Bst, bars_file: Callable[..., Path]) -> None:
    told = bst("sweep", EVENT_STRATEGY, "--file", bars_file())
    assert told.code == 2
    assert "runs by `bst backtest`" in told.err


def test_the_guides_event_strategy_runs(
    bst: Bst, bars_file: Callable[..., Path], tmp_path: Path
) -> None:
    guide = Path(__file__).parents[3] / "docs" / "guides" / "pine.md"
    code = guide.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    (tmp_path / "breakout.py").write_text(code)
    told = bst("backtest", tmp_path / "breakout.py", "--file", bars_file(), "--json")
    assert told.code == 0, told.err


LEVERED = '''
from engines.commands import Properties
from strategies.scripting import EventStrategy, Now


class Levered(EventStrategy):
    """Buys once and holds."""

    properties = Properties(qty_type="percent_of_equity", qty_value=90)

    def on_bar(self, now: Now) -> None:
        if now.bar_index == 0:
            now.entry("L", "long")
'''


def test_an_event_strategy_pays_funding_and_is_liquidated(
    bst: Bst, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "levered.py").write_text(LEVERED)
    given = ["--symbol", "ETHUSDT", "--interval", "60", "--start", "2025-01-01"]
    told = bst(
        "backtest",
        tmp_path / "levered.py",
        *given,
        *("--end", "2025-01-11", "--leverage", "50", "--margin-mode", "isolated"),
        *("--funding", "history", "--json"),
    )
    assert told.code == 0, told.err
    said = json.loads(told.out)
    # It never sells by itself: what closed was taken away.
    assert said["runs"][0]["statistics"]["trades"] == 1
    assert said["runs"][0]["statistics"]["net_profit"] < -1_000
    free = bst("backtest", tmp_path / "levered.py", *given, "--end", "2025-01-11", "--json")
    assert json.loads(free.out)["runs"][0]["digest"] != said["runs"][0]["digest"]
    paying = [*given, "--end", "2025-01-11", "--funding", "history"]
    graph = bst("backtest", "sma_cross", *paying)
    assert graph.code == 0, graph.err
    swept = bst("sweep", "sma_cross", *paying, *SEARCH, "--json")
    assert swept.code == 0, swept.err
    unpaid = bst("sweep", "sma_cross", *paying[:-2], *SEARCH, "--json")
    assert json.loads(unpaid.out)["digest"] != json.loads(swept.out)["digest"]
    refused = bst("sweep", "sma_cross", *paying, *SEARCH, "--margin-mode", "isolated")
    assert refused.code == 2
    assert "broker.margin_mode" in refused.err


def test_an_inverse_contract_is_traded_in_its_coin(bst: Bst, home: Path, tmp_path: Path) -> None:
    (tmp_path / "levered.py").write_text(LEVERED)
    given = ["--symbol", "BTCUSD", "--category", "inverse", "--interval", "60"]
    given += ["--start", "2025-01-01", "--end", "2025-01-04"]
    page = tmp_path / "page.html"
    told = bst("backtest", tmp_path / "levered.py", *given, "--json", "--report", page)
    assert told.code == 0, told.err
    run = json.loads(told.out)["runs"][0]
    # 90 % of one coin, bought and held: what it is worth in dollars cancels out.
    assert abs(run["statistics"]["net_profit"]) < 0.5
    assert 0.0004 < run["statistics"]["fees"] < 0.0006
    assert '"BTC"' in page.read_text()
    graph = bst("backtest", "sma_cross", *given, "--json", "--report", page)
    assert graph.code == 0, graph.err
    refused = bst("backtest", "sma_cross", *given, "--engine", "cpu")
    assert refused.code == 2
    assert "auto or event: no other engine" in refused.err
    linear = bst("backtest", tmp_path / "levered.py", *given, "--profile", "bybit_linear")
    assert linear.code == 2
    assert "bybit_inverse or tradingview for BTCUSD, which is inverse" in linear.err


def test_every_engine_gives_the_same_trades(bst: Bst, bars_file: Callable[..., Path]) -> None:
    given = ["backtest", "sma_cross", "--file", bars_file(), "--tick", "0.01", "--lot", "0.001"]
    runs = {}
    for engine in ("auto", "cpu", "event", "reference"):
        told = bst(*given, "--engine", engine, "--json")
        assert told.code == 0, told.err
        runs[engine] = json.loads(told.out)["runs"][0]
    assert runs["auto"]["digest"] == runs["cpu"]["digest"]
    assert runs["event"]["digest"] != runs["cpu"]["digest"]
    assert runs["event"]["ledger_digest"] == runs["cpu"]["ledger_digest"]
    cpu, oracle = runs["cpu"]["statistics"], runs["reference"]["statistics"]
    assert oracle["trades"] == cpu["trades"] > 3
    assert oracle["net_profit"] == pytest.approx(cpu["net_profit"], rel=1e-9)
    # The page of an engine's run offers the command that makes it again.
    page = Path(json.loads(bst(*given, "--engine", "event", "--json").out)["report"])
    assert "--engine event" in page.read_text()


@pytest.mark.parametrize(
    ("command", "engine", "expected"),
    [
        (
            "backtest",
            "gpu",
            "engine was 'gpu', should be cpu or auto: this machine has no CUDA GPU",
        ),
        ("backtest", "numba", "engine"),
        ("sweep", "event", "auto, cpu or gpu for a sweep"),
    ],
)
def test_an_engine_that_cannot(
    bst: Bst, bars_file: Callable[..., Path], command: str, engine: str, expected: str
) -> None:
    told = bst(command, "sma_cross", "--file", bars_file(), "--engine", engine)
    assert told.code == 2
    assert expected in told.err


HEDGED = '''
from engines.commands import Properties
from strategies.scripting import EventStrategy, Now


class Hedged(EventStrategy):
    """Buys once, and sells half of it short beside."""

    properties = Properties(qty_type="percent_of_equity", qty_value=45)

    def on_bar(self, now: Now) -> None:
        if now.bar_index == 0:
            now.entry("L", "long")
        if now.bar_index == 3 and now.short_size == 0:
            now.entry("S", "short", qty=now.long_size / 2)
'''


def test_both_sides_are_held_and_marked_at_the_venues_price(
    bst: Bst, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "hedged.py").write_text(HEDGED)
    given = ["--symbol", "ETHUSDT", "--interval", "60", "--start", "2025-01-01"]
    given += ["--end", "2025-01-03", "--leverage", "10", "--margin-mode", "cross", "--json"]
    last = bst("backtest", tmp_path / "hedged.py", *given, "--position-mode", "hedge")
    assert last.code == 0, last.err
    said = json.loads(last.out)["runs"][0]
    assert said["statistics"]["entries"] == 2
    # Both are still open: nothing was reversed.
    assert said["statistics"]["trades"] == 0
    mode = ("--position-mode", "hedge", "--mark-price", "history")
    marked = bst("backtest", tmp_path / "hedged.py", *given, *mode)
    assert marked.code == 0, marked.err
    assert json.loads(marked.out)["runs"][0]["digest"] != said["digest"]
    graph = bst("backtest", "sma_cross", *given, "--position-mode", "hedge")
    assert graph.code == 2
    assert "broker.position_mode" in graph.err


def test_coins_are_bought_on_spot(bst: Bst, home: Path, tmp_path: Path) -> None:
    (tmp_path / "levered.py").write_text(LEVERED)
    given = ["--symbol", "BTCUSDT", "--category", "spot", "--interval", "60"]
    given += ["--start", "2025-01-01", "--end", "2025-01-03"]
    told = bst("backtest", tmp_path / "levered.py", *given, "--json")
    assert told.code == 0, told.err
    run = json.loads(told.out)["runs"][0]
    # 0.1 % of 90 % of 10,000.
    assert 8.5 < run["statistics"]["fees"] < 9.0
    refused = bst("backtest", tmp_path / "levered.py", *given, "--leverage", "2")
    assert refused.code == 2
    assert "1 on spot" in refused.err
