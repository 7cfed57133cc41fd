"""Do the ledgers of a GPU and the CPU agree? Over a fuzzed corpus, row by row, to the bit.

Each seed is another strategy, other bars, another instrument and broker; its rows are other
parameters. The same seeds give the same corpus on every machine.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from engines.bars import Floats
from engines.batch import cpu, gpu
from engines.batch.cpu import Recorded
from engines.batch.ledger import result_of
from engines.batch.variants import variant_of
from engines.certificate.corpus import Case, case, random_table
from engines.certificate.rules import ruled_case
from engines.compile import sources_digest
from engines.decisions import DecisionTable
from engines.errors import InvalidInput
from engines.kernel import layout as at
from engines.spec import ENGINE_SEMANTICS

SCHEMA: Final = 1
ROWS: Final = 8
# Differences that are written out; all are counted.
_MOST_SHOWN: Final = 20
MISSING: Final = "a CUDA GPU that numba-cuda can use, or --simulator for a small corpus"


@dataclass
class _Count:
    """What was compared so far."""

    rows: dict[str, int] = field(default_factory=lambda: {"plain": 0, "bracket": 0, "full": 0})
    fills: int = 0
    trades: int = 0
    spans: int = 0
    different: list[dict[str, Any]] = field(default_factory=list)
    ledgers: Any = field(default_factory=hashlib.sha256)


def certificate(
    seeds: range, told: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Run the corpus on both and tell what agreed; `told(done, total)` hears of the progress.

    Raises InvalidInput where there is neither a GPU nor the simulator.
    """
    check_device()
    started_s = time.perf_counter()
    count = _Count()
    for done, seed in enumerate(seeds):
        one = ruled_case(seed) if seed % 3 == 2 else case(seed)
        _compare(one, with_rows(one, seed), seed, count)
        told(done + 1, len(seeds))
    return {
        "kind": "certificate",
        "schema": SCHEMA,
        "passed": not count.different,
        "simulated": gpu.simulated(),
        "device": gpu.about_device(),
        "versions": versions(),
        "corpus": {
            "first_seed": seeds.start,
            "seeds": len(seeds),
            "rows": sum(count.rows.values()),
            "rows_by_kernel": count.rows,
            "spans": count.spans,
            "fills": count.fills,
            "trades": count.trades,
            # Over the CPU's ledger digests, in order: the same on every machine.
            "ledgers": count.ledgers.hexdigest(),
        },
        "different": len(count.different),
        "differences": count.different[:_MOST_SHOWN],
        "seconds": round(time.perf_counter() - started_s, 1),
    }


def check_device() -> None:
    """Raise InvalidInput where there is neither a GPU nor the simulator."""
    if not gpu.available():
        raise InvalidInput("device", "none", MISSING)


def versions() -> dict[str, str]:
    """What decides the figures, by name."""
    return {
        "semantics": str(ENGINE_SEMANTICS),
        "engine_sources": sources_digest()[:12],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": version("numba"),
        "llvmlite": version("llvmlite"),
    }


def with_rows(one: Case, seed: int) -> DecisionTable:
    """A case's own row, and others of random exits and sizes over the same signals."""
    rng = np.random.default_rng([seed, 2])
    table = one.table
    rows = [random_table(rng, one.bars, has_exits=table.has_exits) for _ in range(ROWS - 1)]
    params = np.concatenate([table.params, *(row.params for row in rows)])
    choices = np.concatenate([table.choices, *(row.choices for row in rows)])
    for row in choices[1:]:
        row[at.ENTER_LONG : at.EXIT_SHORT + 1] = rng.permutation([1, 2, 3, 4])
    if table.full:
        own = slice(at.ENTRY_TYPE, None)
        choices[1::2, own] = table.choices[0, own]
        params[1::2, at.ENTRY_DISTANCE :] = table.params[0, at.ENTRY_DISTANCE :]
    return replace(table, params=params, choices=choices)


def _compare(one: Case, table: DecisionTable, seed: int, count: _Count) -> None:
    n_bars = len(one.bars)
    run = (one.ready, table, one.market, one.start, n_bars)
    for row, here in enumerate(gpu.run_recorded(*run)):
        there = cpu.run_recorded(*run, row=row)
        digests = _ledger(one, here), _ledger(one, there)
        count.rows[variant_of(table, one.ready.funding)] += 1
        count.fills += len(there.tape.fills)
        count.trades += len(there.tape.trades)
        count.ledgers.update(digests[1].encode())
        if digests[0] != digests[1] or not same_bits(here.equity, there.equity):
            found = {"gpu": digests[0][:16], "cpu": digests[1][:16]}
            count.different.append({"seed": seed, "row": row, **found})
    spans = [(one.start, n_bars), (n_bars // 3, 2 * n_bars // 3)]
    for span, sums in zip(spans, gpu.run_spans(*run[:3], spans), strict=True):
        count.spans += 1
        if not same_bits(sums, cpu.run_statistics(*run[:3], *span)):
            count.different.append({"seed": seed, "span": list(span)})


def _ledger(one: Case, recorded: Recorded) -> str:
    result = result_of(one.spec, recorded, one.market, one.bars.open_ms, one.start, "15")
    return result.ledger_digest


def same_bits(first: Floats, second: Floats) -> bool:
    """Equal doubles of one shape, zeros of two signs apart; every NaN is the same.

    Processors disagree on the sign of a NaN that they make.
    """
    if first.shape != second.shape:
        return False
    equal = np.ascontiguousarray(first).view(np.uint64) == np.ascontiguousarray(second).view(
        np.uint64
    )
    return bool(np.all(equal | (np.isnan(first) & np.isnan(second))))
