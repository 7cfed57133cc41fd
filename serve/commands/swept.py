"""What is a sweep that ran to its end? Its plan, its table, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from serve.commands.planning import Planned
from serve.commands.verdicts import Judged, fold_content
from tune.estimate import Estimate
from tune.front import front_rows
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
    def digest(self) -> str:
        """The sweep's name."""
        return self.planned.spec.digest


def pareto_front(swept: Swept) -> list[dict[str, Any]]:
    """Rows that no other beats in every objective; empty with one objective."""
    wanted = swept.planned.request.wanted
    return front_rows(pq.read_table(swept.finished.table), wanted) if wanted.several else []
