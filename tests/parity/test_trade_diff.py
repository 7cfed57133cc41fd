"""TradingView's recorded cases agree in every closed trade through the command that users type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from serve.cli import run
from tests.parity.ported import PORTED

pytestmark = pytest.mark.shared
SOURCE = Path(__file__).with_name("ported.py")
FIELDS = {
    "entry_ms", "exit_ms", "entry_price", "exit_price", "qty", "entry_signal", "exit_signal", "pnl",
}  # fmt: skip


def options(folder: Path) -> Iterator[object]:
    """What a user says of a case: its files, its symbol and the script's properties."""
    meta = json.loads((folder / "case.json").read_text())
    said = meta["settings"]
    bars = folder / "bars.csv"
    if not bars.exists():
        bars = folder / (folder / "bars.path").read_text().strip()
    yield from ("--strategy", f"{SOURCE}:{PORTED[folder.name].__name__}", "--bars", bars)
    yield from ("--tick", format(meta["mintick"], "f"), "--lot", f"{meta['qty_step']:f}")
    yield from ("--contract-value", meta["pointvalue"], "--initial-cash", said["initial_capital"])
    yield from ("--slippage-ticks", said["slippage"])
    for kind in ("taker", "maker"):
        yield from (f"--{kind}-fee-percent", said["commission_value"])
    if said["use_bar_magnifier"]:
        yield from ("--finer", folder / "bars_60m.csv")
    if folder.name == "pyne_futures_qm":
        # Its averages meet within 1e-14, and it took that for a crossing.
        yield from ("--compare-tolerance", 0)


@pytest.mark.parametrize("name", PORTED)
def test_every_closed_trade_agrees(
    name: str, shared: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared / "tv_cases" / name
    words = [str(one) for one in options(folder)]
    code = run(["tradingview", "diff", str(folder / "trades.csv"), *words, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["differences"] == []
    assert code == 0
    assert said["agreeing"] == json.loads((folder / "case.json").read_text())["trades_closed"]
    assert set(said["fields"]) == FIELDS
