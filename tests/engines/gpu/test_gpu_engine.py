"""The GPU engine runs the CPU's kernel: same ledgers, same sums, however rows are divided."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from engines.batch import gpu, gpu_memory
from engines.errors import InvalidInput
from tests.engines.golden.corpus import case
from tests.engines.golden.record import FILE


@pytest.fixture(scope="module")
def simulated() -> dict[str, Any]:
    """What runs in numba's CUDA simulator, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.engines.gpu.simulated"],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_thread_writes_the_ledgers_that_are_recorded_for_the_cpu(
    simulated: dict[str, Any],
) -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))["ledgers"]
    assert simulated["golden"] == golden[: len(simulated["golden"])]


def test_the_variant_with_every_rule_writes_the_ledgers_of_the_cpu(
    simulated: dict[str, Any],
) -> None:
    assert len(simulated["full"]) > 5
    assert all(here == there for here, there in simulated["full"])


def test_rows_over_spans_have_the_sums_of_the_cpu_to_the_bit(simulated: dict[str, Any]) -> None:
    assert all(one["trades"] > 10 and one["sums"] for one in simulated["sweeps"])


def test_sums_do_not_depend_on_how_memory_divided_the_rows(simulated: dict[str, Any]) -> None:
    assert all(one["divided"] for one in simulated["sweeps"])


def test_without_a_gpu_it_says_so_and_computes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "available", lambda: False)
    one = case(0)
    for run in (gpu.run_statistics, gpu.run_recorded):
        with pytest.raises(InvalidInput, match=r"engine.*no CUDA GPU"):
            run(one.ready, one.table, one.market, one.start, len(one.bars))


def test_memory_that_ends_halves_a_launch_until_it_fits() -> None:
    taken: list[tuple[int, int]] = []

    def run(first: int, last: int) -> None:
        if last - first > 3:
            raise MemoryError
        taken.append((first, last))

    gpu_memory.in_parts(run, 20, 16, lambda error: isinstance(error, MemoryError))
    assert [row for first, last in taken for row in range(first, last)] == list(range(20))


def test_a_row_that_never_fits_is_refused_and_other_errors_pass() -> None:
    def full(first: int, last: int) -> None:
        raise MemoryError

    def broken(first: int, last: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(InvalidInput, match="one row"):
        gpu_memory.in_parts(full, 8, 8, lambda error: isinstance(error, MemoryError))
    with pytest.raises(ZeroDivisionError):
        gpu_memory.in_parts(broken, 8, 8, lambda error: isinstance(error, MemoryError))


def test_the_budget_counts_what_a_launch_allocates() -> None:
    one = case(1)
    row = gpu_memory.row_bytes(one.ready, one.table, 2, capacity=5, curve=7)
    shapes = gpu_memory.room_shapes(one.ready, one.table, 6, capacity=5, curve=7)
    written = sum(8 * _size(shape) for shape, _ in shapes.values())
    read = one.table.params.nbytes + one.table.choices.nbytes
    assert 3 * row == written + 3 * read
    assert gpu_memory.rows_at_once(row, 1000, 0) == 1
    assert gpu_memory.rows_at_once(row, 1000, 10 * row + 1250) == 8


def _size(shape: tuple[int, ...]) -> int:
    whole = 1
    for length in shape:
        whole *= length
    return whole
