"""What is a sweep that ran to its end? Its plan, its table, and what that is worth."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from serve.commands.planning import Planned
from serve.commands.verdicts import Judged, fold_content
from tune.chunk import parameters_of
from tune.estimate import Estimate
from tune.front import front_rows
from tune.graphs import FOLDER
from tune.sweep import Finished
from tune.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Swept:
    """A sweep that ran to its end."""

    planned: Planned
    finished: Finished
    estimate: Estimate | None
    judged: Judged

    @property
    def verdict(self) -> Verdict:
        """Is the best row an edge, or luck?"""
        return self.judged.verdict

    @property
    def folds(self) -> list[dict[str, Any]]:
        """The rolling walk-forward as JSON values, test by test."""
        return [fold_content(self.planned, one) for one in self.judged.folds]

    @property
    def anew(self) -> list[dict[str, Any]]:
        """As `folds`, the space searched anew before each test; empty if that was not asked."""
        return [fold_content(self.planned, one) for one in self.judged.anew]

    @property
    def digest(self) -> str:
        """The sweep's name."""
        return self.planned.spec.digest


def best_graph(swept: Swept) -> dict[str, Any]:
    """Under `graph`: what the best row changed, and how it is run; empty where all are one."""
    planned = swept.planned
    if not planned.spec.family.genes:
        return {}
    values = parameters_of(swept.finished.best[0])
    strategy, own = planned.spec.family.own(values)
    file = planned.folder / FOLDER / f"{strategy.digest}.json"
    said = [part for name, value in own.items() for part in ("--set", f"{name}={value:.12g}")]
    changes = planned.spec.family.graph(values).told
    command = shlex.join(["bst", "backtest", str(file), *said])
    return {"graph": {"file": str(file), "changes": changes, "command": command}}


def pareto_front(swept: Swept) -> list[dict[str, Any]]:
    """Rows that no other beats in every objective; empty with one objective."""
    wanted = swept.planned.request.wanted
    return front_rows(pq.read_table(swept.finished.table), wanted) if wanted.several else []
