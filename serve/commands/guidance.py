"""What guides a sweep's search? Objectives, batches, and the best rows of sweeps before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from cluster.settings import Settings
from engines.errors import InvalidInput
from serve.commands.recorded_sweeps import recorded_sweep
from serve.commands.requests import SweepRequest
from strategies.graph.strategy import Strategy
from tune.chunk import PARAM
from tune.parts import WHOLE
from tune.ranking import Wanted
from tune.search.asking import best_rows
from tune.search.guidance import LIBRARY_OF, Guidance, batch_for
from tune.space import Space

if TYPE_CHECKING:
    from serve.commands.planning import Planned
    from tune.sweep import Finished

# Rows that each earlier sweep gives.
_GIVEN_ROWS: Final = 10


def resolved_request(request: SweepRequest, settings: Settings) -> SweepRequest:
    """The request with earlier sweeps named in full: "last" is another one tomorrow."""
    names = tuple(recorded_sweep(name, settings).digest for name in request.start_from)
    return request.model_copy(update={"start_from": names}) if names else request


def guidance_of(
    request: SweepRequest, strategy: Strategy, space: Space, n_rows: int, settings: Settings
) -> Guidance | None:
    """How the rows of a guided search follow; None for the others.

    Raises InvalidInput for an earlier sweep that has not ended or had other parameters.
    """
    if request.search not in LIBRARY_OF:
        return None
    # A genetic search begins with the strategy as it is.
    start = [_as_it_is(space, strategy)] if request.search == "genetic" else []
    start += [
        row
        for name in request.start_from
        for row in _rows_of(name, space, request.wanted, settings)
    ]
    batch = min(request.batch or batch_for(n_rows), n_rows)
    wanted = request.wanted
    first = tuple(dict.fromkeys(start))
    return Guidance(request.search, wanted.objectives, batch, first, wanted.require)


def _as_it_is(space: Space, strategy: Strategy) -> tuple[float, ...]:
    defaults = {one.name: float(one.default) for one in strategy.params}
    return tuple(defaults.get(axis.name, 0.0) for axis in space.axes)


def answered(planned: Planned, finished: Finished) -> Planned:
    """A plan whose rows are those of the finished table, where only the search knew them."""
    if planned.spec.guidance is None:
        return planned
    names = [f"{PARAM}{name}" for name in planned.rows]
    table = pq.read_table(finished.table, columns=names).slice(0, planned.spec.n_rows)
    rows = {name: table.column(f"{PARAM}{name}").to_numpy() for name in planned.rows}
    return replace(planned, rows=rows)


def _rows_of(
    name: str, space: Space, wanted: Wanted, settings: Settings
) -> list[tuple[float, ...]]:
    path = Path(recorded_sweep(name, settings).folder) / WHOLE
    if not path.exists():
        raise InvalidInput("start_from", name, "a sweep that ran to its end")
    table = pq.read_table(path)
    axes = [axis.name for axis in space.axes]
    missing = [axis for axis in axes if f"{PARAM}{axis}" not in table.column_names]
    if missing:
        raise InvalidInput("start_from", name, f"a sweep with {', '.join(missing)}")
    return best_rows(table, axes, wanted, _GIVEN_ROWS)
