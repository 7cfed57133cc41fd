"""How are rows of different graphs computed? Graph by graph, each row in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from engines.bars import Floats
from engines.kernel.layout import N_STATS
from strategies.backtest import Means, Terms
from strategies.evaluation.plan import default_rows
from strategies.graph.strategy import Strategy
from strategies.graph.writing import to_json
from strategies.variation.family import PREFIX, Family
from tune.chunk import Prepared, failed_table, parameters_of, row_sums, spans_of, table_of
from tune.sweep_spec import SweepWindow
from tune.whole_files import write_text

FOLDER: Final = "graphs"
# Columns of a table whose rows are graphs.
GRAPH: Final = "graph"
CHANGES: Final = "changes"


def graphs_table(
    prepared: Prepared,
    family: Family,
    rows: Mapping[str, Floats],
    terms: Terms,
    over: SweepWindow,
    first: int,
    means: Means = "cpu",
) -> pa.Table:
    """Parameters and statistics of `rows`, with the graph of each where it is not always one."""
    sums = graph_sums(prepared, family, rows, terms, spans_of(over), first, means)
    return _with_graphs(table_of(sums, rows, terms, over, first), family, rows)


def failed_graphs(
    family: Family, rows: Mapping[str, Floats], terms: Terms, over: SweepWindow, first: int
) -> pa.Table:
    """As `failed_table`, with the graphs of the rows."""
    return _with_graphs(failed_table(rows, terms, over, first), family, rows)


def graph_sums(
    prepared: Prepared,
    family: Family,
    rows: Mapping[str, Floats],
    terms: Terms,
    spans_ms: Sequence[tuple[int, int]],
    first: int = 0,
    means: Means = "cpu",
) -> list[Floats]:
    """Sums of the rows over each span, (n_rows, N_STATS) each."""
    n_rows = len(next(iter(rows.values())))
    whole = [np.zeros((n_rows, N_STATS)) for _ in spans_ms]
    for graph, places in family.split(rows):
        own = own_rows(graph.strategy, rows, places)
        found = row_sums(prepared, graph.strategy, own, terms, spans_ms, first, means)
        for all_rows, some in zip(whole, found, strict=True):
            all_rows[places] = some
    return whole


def own_rows(
    strategy: Strategy, rows: Mapping[str, Floats], places: np.typing.NDArray[np.int64]
) -> dict[str, Floats]:
    """Some rows as rows of one graph: parameters that only it has take their defaults."""
    some = {name: values[places] for name, values in rows.items()}
    return {**some, **default_rows(strategy, some)}


def settings_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of the table was run with, for people: changes of the graph in words."""
    own = {name: value for name, value in parameters_of(row).items() if not name.startswith(PREFIX)}
    return {**own, CHANGES: row[CHANGES]} if CHANGES in row else own


def write_graphs(folder: Path, family: Family, rows: Mapping[str, Floats]) -> None:
    """Keep every graph of the rows as JSON, named by its digest. Raises DiskFull."""
    if not family.genes:
        return
    (folder / FOLDER).mkdir(exist_ok=True)
    for graph, _ in family.split(rows):
        path = folder / FOLDER / f"{graph.strategy.digest}.json"
        if not path.exists():
            write_text(path, json.dumps(to_json(graph.strategy), indent=1))


def _with_graphs(table: pa.Table, family: Family, rows: Mapping[str, Floats]) -> pa.Table:
    if not family.genes:
        return table
    digests, told = [""] * table.num_rows, [""] * table.num_rows
    for graph, places in family.split(rows):
        for place in places.tolist():
            digests[place], told[place] = graph.strategy.digest, graph.told
    for name, column in ((CHANGES, told), (GRAPH, digests)):
        table = table.add_column(3, name, pa.array(column, pa.string()))
    return table
