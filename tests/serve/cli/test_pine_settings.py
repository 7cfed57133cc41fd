"""What Pine's header and the exchange's clock say, said on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.serve.cli.conftest import Bst

DAY_MS = 86_400_000
START_MS = 1_735_689_600_000  # 2025-01-01

# In at every close, out at the next; two orders a day at most (J5).
TWICE_A_DAY = """
from engines.commands import Properties
from engines.risk_rules import RiskRules
from strategies.scripting import EventStrategy, Now


class TwiceADay(EventStrategy):
    properties = Properties(qty_value=1, risk=RiskRules(max_intraday_filled_orders=2))

    def on_bar(self, now: Now) -> None:
        if now.position_size == 0:
            now.entry("L", "long")
        else:
            now.close_entry("L")
"""
FREE = TWICE_A_DAY.replace(", risk=RiskRules(max_intraday_filled_orders=2)", "")
COSTS = ["--taker-fee-percent", 0, "--maker-fee-percent", 0, "--tick", "0.1", "--lot", "0.001"]
COSTS += ["--initial-cash", 1_000_000]


@pytest.fixture
def hourly(bars_file: Callable[..., Path]) -> Path:
    return bars_file(24 * 6, 60)


def rate_file(folder: Path, rate: float) -> Path:
    """Twenty days of EUR for one USDT, from ten days before the bars."""
    days = [START_MS + DAY_MS * day for day in range(-10, 10)]
    price = [rate] * len(days)
    table = {"time": days, **dict.fromkeys(("open", "high", "low", "close"), price)}
    path = folder / "USDTEUR-D.csv"
    pl.DataFrame(table | {"volume": [1.0] * len(days)}).write_csv(path)
    return path


def run(bst: Bst, script: Path, bars: Path, *given: object) -> dict[str, Any]:
    told = bst("backtest", script, "--file", bars, *COSTS, *given, "--json")
    assert told.code == 0, told.err
    found: dict[str, Any] = json.loads(told.out)["runs"][0]["statistics"]
    return found


def test_the_day_of_a_risk_rule_is_the_exchanges(bst: Bst, hourly: Path, tmp_path: Path) -> None:
    script = tmp_path / "twice.py"
    script.write_text(TWICE_A_DAY)
    # Six days of UTC; cut at noon there are seven, and New York's evening is near midnight UTC.
    assert run(bst, script, hourly)["trades"] == 6
    assert run(bst, script, hourly, "--day-start", "12:00")["trades"] == 7
    evening = ["--timezone", "America/New_York", "--day-start", "19:00"]
    assert run(bst, script, hourly, *evening)["trades"] == 6


def test_an_account_in_another_currency(bst: Bst, hourly: Path, tmp_path: Path) -> None:
    script = tmp_path / "free.py"
    script.write_text(FREE)
    plain = run(bst, script, hourly)
    rates = rate_file(tmp_path, 0.5)
    in_euro = run(bst, script, hourly, "--account-currency", "EUR", "--rates", rates)
    assert in_euro["trades"] == plain["trades"] > 10
    assert in_euro["net_profit"] == pytest.approx(0.5 * plain["net_profit"])


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["--account-currency", "EUR"], "data.rates"),
        (["--rates", "RATES"], "data.account_currency"),
        (["--timezone", "Mars/Olympus"], "timezone"),
        (["--day-start", "25:00"], "day_start"),
    ],
)
def test_half_of_it_is_refused_by_name(
    bst: Bst, hourly: Path, tmp_path: Path, given: list[str], named: str
) -> None:
    (tmp_path / "free.py").write_text(FREE)
    rates = str(rate_file(tmp_path, 0.5))
    asked = [rates if one == "RATES" else one for one in given]
    told = bst("backtest", tmp_path / "free.py", "--file", hourly, *COSTS, *asked)
    assert told.code == 2
    assert named in told.err


@pytest.mark.parametrize("command", ["backtest", "sweep"])
def test_a_graph_has_no_account_currency(
    bst: Bst, hourly: Path, tmp_path: Path, command: str
) -> None:
    rates = rate_file(tmp_path, 0.5)
    given = ["--account-currency", "EUR", "--rates", rates]
    told = bst(command, "sma_cross", "--file", hourly, *given)
    assert told.code == 2
    assert "account_currency" in told.err
    assert "event strategy" in told.err


def test_rates_that_begin_too_late_are_missing_data(
    bst: Bst, bars_file: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "free.py").write_text(FREE)
    late = pl.read_csv(rate_file(tmp_path, 0.5)).filter(pl.col("time") > START_MS)
    late.write_csv(tmp_path / "late-D.csv")
    given = ["--account-currency", "EUR", "--rates", tmp_path / "late-D.csv"]
    told = bst("backtest", tmp_path / "free.py", "--file", bars_file(48, 60), *COSTS, *given)
    assert told.code != 0
    assert "no rate of EUR is known" in told.err
