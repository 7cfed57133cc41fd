"""The notebook page works as it is written, and results show themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from cluster.settings import Settings
from engines.errors import InvalidInput
from serve.notebook import backtest, sweep

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "notebook.md"


@pytest.mark.ray
def test_the_guide_runs_from_top_to_bottom(
    home: Path, local_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        exec(block, names)  # noqa: S102 (the project's own page)
    assert names["trades"].height > 3
    assert names["by_side"].height == 2
    assert names["equity"].height == 31 * 96
    assert names["rows"].height == 9
    assert names["arrow"].num_rows == 9
    assert "param fast was 100000" in names["message"]
    for page in ("backtest.html", "sweep.html"):
        assert (tmp_path / page).stat().st_size > 100_000


def test_a_result_shows_itself_and_converts(
    settings: Settings, bars_file: Callable[..., Path]
) -> None:
    result = backtest("sma_cross", {"fast": 10}, settings, file=bars_file(), leverage=2)
    shown = result._repr_html_()
    assert "<table>" in shown
    assert "Sharpe ratio" in shown
    assert result.to_polars().height == 1
    assert isinstance(result.to_arrow(), pa.Table)
    trades = result.trades()
    assert trades.schema["entry_time"] == pl.Datetime("ms", "UTC")
    closed = trades.filter(pl.col("exit_time") > pl.col("entry_time"))
    assert closed["pnl"].sum() == pytest.approx(
        result.statistics["net_profit"] + trades.tail(1)["pnl"][0], rel=1e-6
    )
    frame = result.plot()._repr_html_()
    assert frame.startswith("<iframe")
    assert "&lt;!doctype html&gt;" in frame


@pytest.mark.ray
def test_a_sweep_shows_itself(
    settings: Settings, bars_file: Callable[..., Path], local_ray: None
) -> None:
    space = {"fast": [5, 10], "slow": [20, 40], "stop": 2}
    swept = sweep("sma_cross", space, settings, file=bars_file())
    assert "best of 4 rows" in swept._repr_html_()
    assert swept.to_polars()["param_fast"].to_list() == [5.0, 5.0, 10.0, 10.0]
    assert len(swept.digest) == 64


def test_an_unknown_option_is_named(settings: Settings) -> None:
    with pytest.raises(InvalidInput, match=r"option was 'levrage'.*leverage"):
        backtest("sma_cross", settings=settings, levrage=2)
