"""What the GPU engine gives in numba's CUDA simulator, as JSON on standard output.

Run in a process of its own, since numba reads NUMBA_ENABLE_CUDASIM once:
python -m tests.engines.gpu.simulated
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from engines.batch import cpu, gpu, gpu_memory
from engines.batch.ledger import result_of
from engines.decisions import DecisionTable
from engines.kernel import layout as at
from tests.engines.golden.corpus import Case, case, random_table

GOLDEN = 60
SWEEPS = 6
ROWS = 7


def golden_digests(cases: int = GOLDEN) -> list[str]:
    """Ledgers of the golden corpus."""
    found = []
    for seed in range(cases):
        one = case(seed)
        recorded = gpu.run_recorded(one.ready, one.table, one.market, one.start, len(one.bars))[0]
        spec, open_ms = one.spec, one.bars.open_ms
        result = result_of(spec, recorded, one.market, open_ms, one.start, "15")
        found.append(result.ledger_digest[:16])
    return found


def full_digests() -> list[list[str]]:
    """Ledgers of the variant with every rule, here and on the CPU."""
    found = []
    for seed in range(0, GOLDEN, 6):
        one = case(seed)
        table = replace(one.table, full=True)
        run = (one.ready, table, one.market, one.start, len(one.bars))
        both = (gpu.run_recorded(*run)[0], cpu.run_recorded(*run))
        results = [
            result_of(one.spec, recorded, one.market, one.bars.open_ms, one.start, "15")
            for recorded in both
        ]
        found.append([result.ledger_digest for result in results])
    return found


def many_rows(one: Case, seed: int) -> DecisionTable:
    """Rows of different exits over a case's signals."""
    rng = np.random.default_rng(seed)
    rows = [_over(one, random_table(rng, one.bars, has_exits=True)) for _ in range(ROWS)]
    params = np.concatenate([row.params for row in rows])
    choices = np.concatenate([row.choices for row in rows])
    return replace(one.table, params=params, choices=choices, has_exits=True)


def _over(one: Case, row: DecisionTable) -> DecisionTable:
    row.choices[:, at.ENTER_LONG : at.EXIT_SHORT + 1] = [1, 2, 3, 4]
    return row


def sweeps() -> list[dict[str, Any]]:
    """Whether many rows over several spans have the CPU's sums, to the bit, however divided."""
    found = []
    for seed in range(SWEEPS):
        one = case(seed)
        table, n_bars = many_rows(one, seed), len(one.bars)
        spans = [(0, n_bars), (3, n_bars // 2), (n_bars // 2, n_bars)]
        here = gpu.run_spans(one.ready, table, one.market, spans)
        there = [cpu.run_statistics(one.ready, table, one.market, *span) for span in spans]
        parts = _divided(one, table, spans)
        found.append(
            {
                "sums": all(map(_same_bits, here, there)),
                "divided": all(map(_same_bits, parts, there)),
                "trades": float(sum(stats[:, at.STAT_TRADES].sum() for stats in there)),
            }
        )
    return found


def _divided(
    one: Case, table: DecisionTable, spans: list[tuple[int, int]]
) -> list[np.typing.NDArray[np.float64]]:
    """The same where memory holds two rows at a time, and once not even those."""
    from engines import compile_cuda

    row = gpu_memory.row_bytes(one.ready, table, len(spans))
    free = (2 * row + gpu_memory.shared_bytes(one.ready, table)) / 0.8 + 1
    launch = compile_cuda.DeviceKernel.launch
    failures = iter([True])

    def scarce(kernel: Any, n_threads: int, inputs: Any, room: Any) -> None:
        assert n_threads <= 2 * len(spans)
        if next(failures, False):
            raise MemoryError
        launch(kernel, n_threads, inputs, room)

    with (
        patch.object(compile_cuda, "free_memory", lambda: int(free)),
        patch.object(compile_cuda.DeviceKernel, "launch", scarce),
    ):
        return gpu.run_spans(one.ready, table, one.market, spans)


def _same_bits(first: Any, second: Any) -> bool:
    return bool(np.array_equal(first.view(np.uint64), second.view(np.uint64)))


if __name__ == "__main__":
    found = {"golden": golden_digests(), "full": full_digests(), "sweeps": sweeps()}
    json.dump(found, sys.stdout)
