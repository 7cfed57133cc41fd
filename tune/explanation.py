"""How will a sweep be computed? The kernel, why that one, and how its rows trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.kernel import layout as at
from strategies.backtest import bar_range
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.paths import path_of
from tune.chunk import prepare_bare
from tune.graphs import graph_sums
from tune.sweep_spec import SweepSpec

# Rows that are run to say how often a row trades, spread evenly.
_SAMPLED: Final = 5
_OF_LOOKUP: Final = (
    "Where each exit of each signal comes is searched for once, and every row goes from trade to",
    "trade by looking it up; a row with a trade that lasts very long is the bracket kernel's.",
)


@dataclass(frozen=True)
class Explanation:
    """How a sweep's rows are computed.

    `because` says what asks for the kernel, `stops_at` which bars it looks at one by one. Of the
    sampled rows over the first window: bars a closed trade (NaN without one), and the share of
    bars with a position.
    """

    rows: int
    chunks: int
    kernel: str
    because: tuple[str, ...]
    stops_at: tuple[str, ...]
    sampled_rows: int
    sampled_over: str
    bars: int
    bars_per_trade: float
    share_held: float
    changes: tuple[str, ...]
    stages: tuple[str, ...]


def explain(spec: SweepSpec, rows: Mapping[str, Floats], dataset: Dataset) -> Explanation:
    """Say how the rows are computed, with a few of them run over the first window."""
    path = path_of(spec.strategy, spec.broker, spec.alike)
    over, terms = spec.windows[0], spec.terms(0)
    chosen = np.unique(np.linspace(0, spec.n_rows - 1, _SAMPLED).astype(int))
    some = {name: values[chosen] for name, values in rows.items()}
    ready, span_ms = prepare_bare(dataset, terms), (over.start_ms, over.end_ms)
    (sums,) = graph_sums(ready, spec.family, some, terms, [span_ms])
    span = bar_range(dataset.bars, *span_ms)
    bars, trades, held = sums[:, [at.STAT_BARS, at.STAT_TRADES, at.STAT_BARS_HELD]].sum(axis=0)
    return Explanation(
        rows=spec.total_rows,
        chunks=len(spec.chunks()),
        kernel=path.kernel,
        because=path.because,
        stops_at=path.stops_at,
        sampled_rows=len(chosen),
        sampled_over=f"{over.series.symbol} {over.series.interval}",
        bars=span[1] - span[0],
        bars_per_trade=float(bars / trades) if trades else float("nan"),
        share_held=float(held / bars),
        changes=_changes(spec),
        stages=_stages(spec),
    )


def _changes(spec: SweepSpec) -> tuple[str, ...]:
    genes = spec.family.genes
    return tuple(f"{name}: none, or one of {count}" for name, count in genes.items())


def _stages(spec: SweepSpec) -> tuple[str, ...]:
    return tuple(
        f"{one.last - one.first:,} rows on "
        + ("all of it" if one.whole else f"{one.share:.0%} of the in-sample history")
        for one in (spec.halving.stages(spec.n_rows) if spec.halving else [])
    )


def _of_events(found: Explanation) -> list[str]:
    return [
        "It goes from event to event and looks one by one at the bars with",
        *(f"  - {one}" for one in found.stops_at),
        "Between them flat bars cost nothing and held bars are marked eight at a time.",
    ]


def explanation_text(found: Explanation) -> str:
    """How a sweep is computed, for people."""
    trades = "no trade"
    if found.bars_per_trade == found.bars_per_trade:
        trades = f"a trade every {found.bars_per_trade:,.0f} bars"
    lines = [
        f"{found.rows:,} rows in {found.chunks:,} chunks, on the {found.kernel} kernel:",
        *(f"  - {one}" for one in found.because),
        *(_of_events(found) if found.stops_at else _OF_LOOKUP),
        f"{found.sampled_rows} rows over {found.bars:,} bars of {found.sampled_over}: {trades}, "
        f"a position in {found.share_held:.0%} of them.",
    ]
    if found.changes:
        lines += ["Rows change the graph as well, which asks for no other kernel:"]
        lines += [f"  - {one}" for one in found.changes]
    if found.stages:
        lines += ["Rows are stopped early:", *(f"  - {one}" for one in found.stages)]
    return "\n".join(lines)
