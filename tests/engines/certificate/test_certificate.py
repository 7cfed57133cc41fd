"""A GPU is certified against the CPU with the engines alone, and a difference is found."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.batch import cpu, gpu
from engines.batch.cpu import Recorded, window
from engines.certificate.__main__ import main
from engines.certificate.certify import MISSING, certificate, same_bits, with_rows
from engines.certificate.check import file_name
from engines.certificate.corpus import case
from engines.certificate.rules import ruled_case
from engines.certificate.workloads import (
    WINDOWS,
    bars_of,
    closes,
    crossing_averages,
    stopped_strength,
)
from engines.kernel import layout as at
from engines.orders import Reason, Refusal
from strategies.backtest import sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from tests.benchmarks.workloads import UNROUNDED, crossing

# A machine for GPUs has no Ray, tables or network: the module must not ask for them.
ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from engines.certificate import check, __main__
sys.exit(check.main(["--simulator", "--out", sys.argv[1]]))
"""
ABSENT = {
    "ray", "polars", "pyarrow", "requests", "pybit", "sqlalchemy", "fastapi", "starlette", "click",
    "pydantic", "scipy", "talib", "sklearn", "skfolio", "arch", "pandas",
    "strategies", "cluster", "actors", "tune", "serve", "tests",
}  # fmt: skip


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of `make gpu-check` at tiny sizes, written with nothing but the engines."""
    folder = tmp_path_factory.mktemp("record")
    done = subprocess.run(  # noqa: S603 (this Python, and the text above)
        [sys.executable, "-c", ALONE.replace("{absent}", repr(ABSENT)), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = folder.iterdir()
    assert file.name == "gpu-numba-cuda-simulator-no-gpu.json"
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_record_says_what_ran_and_that_all_agreed(checked: dict[str, Any]) -> None:
    certified = checked["certificate"]
    assert checked["passed"] is certified["passed"] is certified["simulated"] is True
    assert checked["tiny"] is True
    assert certified["corpus"]["rows"] == 8 * certified["corpus"]["seeds"] == 48
    assert min(certified["corpus"]["rows_by_kernel"].values()) > 0
    assert certified["corpus"]["fills"] > 100
    assert certified["different"] == 0
    assert {"semantics", "engine_sources", "numba", "python"} <= set(certified["versions"])


def test_the_figures_are_of_trading_rows_whose_sums_are_the_cpus(
    checked: dict[str, Any],
) -> None:
    figures = checked["figures"]
    assert set(figures) == {"w2_sparse", "w2_dense", "w3"}
    for one in figures.values():
        assert one["equal_to_cpu"] is True
        assert one["trades"] > 0
        assert one["bar_rows_per_second"] > 0


def test_the_corpus_reaches_what_only_the_kernel_with_every_rule_knows() -> None:
    reasons: set[int] = set()
    refusals: set[int] = set()
    funded = 0.0
    for seed in range(2, 150, 3):
        one = ruled_case(seed)
        run = cpu.run_recorded(one.ready, one.table, one.market, one.start, len(one.bars))
        reasons |= set(run.tape.fill_marks[:, at.FILL_REASON].tolist())
        refusals |= set(run.tape.refusals[:, at.REFUSAL_REASON].tolist())
        funded += abs(run.stats[at.STAT_FUNDING])
    wanted = {Reason.SAFETY_ORDER, Reason.MAX_DRAWDOWN, Reason.DAILY_LOSS, Reason.CLOCK_EXIT}
    assert wanted <= reasons
    assert len(refusals) > 3
    assert {Refusal(one) for one in refusals}
    assert funded > 0.0


def test_one_bit_of_one_ledger_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU stands in for the GPU, and once its last cash is the next double."""
    asked = iter(range(10_000))

    def recorded(ready: Any, table: Any, market: Any, start: int, stop: int) -> list[Recorded]:
        runs = [
            cpu.run_recorded(ready, table, market, start, stop, row) for row in range(len(table))
        ]
        if next(asked) == 1:
            cash = runs[3].tape.fills
            cash[-1, at.FILL_CASH] = np.nextafter(cash[-1, at.FILL_CASH], np.inf)
        return runs

    def spans(ready: Any, table: Any, market: Any, wanted: Any) -> Any:
        return [cpu.run_statistics(ready, table, market, *span) for span in wanted]

    monkeypatch.setattr(gpu, "available", lambda: True)
    monkeypatch.setattr(gpu, "about_device", lambda: {"device": "the CPU"})
    monkeypatch.setattr(gpu, "run_recorded", recorded)
    monkeypatch.setattr(gpu, "run_spans", spans)
    found = certificate(range(4))
    assert not found["passed"]
    assert [(one["seed"], one["row"]) for one in found["differences"]] == [(1, 3)]
    clean = certificate(range(4))
    assert clean["passed"]
    assert clean["corpus"] == found["corpus"]


def test_w2_is_the_rule_of_the_benchmarks() -> None:
    bars = bars_of(closes(400))
    work = crossing_averages(bars, "dense", 4)
    lengths = np.array(list(itertools.combinations(WINDOWS["dense"][:4], 2)), dtype=float)
    rows = {"fast": lengths[:, 0], "slow": lengths[:, 1]}
    plan = Plan(crossing(), Dataset(bars), rows, 0.0).prepare()
    ready = window(bars, 0.0)
    (theirs,) = sums_of(plan, ready, UNROUNDED, [(0, 400)], 0, len(lengths))
    ours = cpu.run_statistics(work.ready, work.table, work.market, 0, 400)
    assert same_bits(ours, theirs)
    assert ours[:, at.STAT_TRADES].min() > 5


def test_w3_trades_less_the_wider_its_exits_are() -> None:
    work = stopped_strength(bars_of(closes(2_000)), steps=3, trails=1)
    trades = cpu.run_statistics(work.ready, work.table, work.market, 0, 2_000)[:, at.STAT_TRADES]
    assert len(trades) == 9
    assert trades[0] > trades[-1] > 0


def test_the_rows_of_a_case_differ() -> None:
    for one in (case(0), case(7), ruled_case(2)):
        table = with_rows(one, 0)
        rows = zip(table.params, table.choices, strict=True)
        assert len({params.tobytes() + choices.tobytes() for params, choices in rows}) > 4


def test_without_a_gpu_nothing_is_certified(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "available", lambda: False)
    assert main(["--out", str(tmp_path / "none.json")]) == 2
    assert MISSING in capsys.readouterr().err
    assert not (tmp_path / "none.json").exists()


def test_a_record_is_named_by_its_device() -> None:
    assert file_name("NVIDIA H100 80GB HBM3") == "gpu-nvidia-h100-80gb-hbm3.json"
