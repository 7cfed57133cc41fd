"""The page on portfolios works as it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from serve.commands.portfolio_requests import PortfolioRequest
from serve.commands.requests import request_from
from serve.reports.payload import payload

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "portfolios.md"


def test_the_guide_runs_from_top_to_bottom(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(block, names)  # noqa: S102 (the project's own page)
    assert names["held"].rebalances().height == 7
    assert names["held"].correlation().columns == ["symbol", "BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert set(names["fills"]["symbol"]) == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}
    equity = names["held"].equity()
    brought = equity.select("BTCUSDT", "ETHUSDT", "SOLUSDT").sum_horizontal()
    assert (equity["equity"] - brought - 10_000.0).abs().max() == pytest.approx(0.0, abs=1e-6)
    assert names["traded"].trades().height > 5
    assert sum(names["alone"].values()) == pytest.approx(names["together"], abs=1e-9)
    assert (tmp_path / "majors.html").stat().st_size > 100_000
    assert "<table>" in names["traded"]._repr_html_()
    tabs = payload(names["traded"].plot().report)["runs"]
    # The account's list of trades tells whose each is; a leg's need not.
    account, leg = tabs[0]["trades"], tabs[1]["trades"]
    assert account["symbols"] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    assert len(account["symbol"]) == len(account["number"]) > len(leg["number"])
    assert "symbols" not in leg


def test_the_file_of_the_guide_says_the_same() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {"portfolio": lambda fields: fields}
    said = re.findall(r"majors = \{.*?\n\}", text, re.DOTALL)[0]
    exec(said, names)  # noqa: S102
    assert request_from(PortfolioRequest, yaml.safe_load(block)) == request_from(
        PortfolioRequest, names["majors"]
    )
