"""Is a sweep's best row an edge? Its trials looked at day by day, stressed, and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from actors.market_data.datasets import load_dataset
from actors.market_data.store import Catalog
from cluster.settings import Settings
from cluster.storage.store import Store
from engines.bars import Floats
from engines.intervals import DAY_MS
from serve.commands.job import Ticket
from strategies.evaluation.dataset import Dataset
from strategies.moments import day_text
from tune.errors import NoneFits
from tune.evidence import Evidence, evidence_of
from tune.neighbours import beside
from tune.parts import WHOLE
from tune.robustness import Row
from tune.sweep import Finished
from tune.trials import Days, Sample, Trials, days_of, joined, picked, sample_of
from tune.verdict import LEAST_DAYS, Verdict, judge

if TYPE_CHECKING:
    from serve.commands.planning import Planned


class TestedFold(NamedTuple):
    """One test of the walk-forward: the row chosen before it, and both Sharpe ratios."""

    start_ms: int
    end_ms: int
    window: int
    row: int
    parameters: Mapping[str, Any]
    train_sharpe: float
    test_sharpe: float


class Tests(NamedTuple):
    """Tests in turn, and the daily returns of all of them, (n_tested_days,)."""

    folds: tuple[TestedFold, ...]
    returns: Floats


class Judged(NamedTuple):
    """A sweep's verdict, and the rolling walk-forward under it; no folds on too few days.

    `anew` are its tests if the space was searched anew before each.
    """

    verdict: Verdict
    folds: tuple[TestedFold, ...]
    anew: tuple[TestedFold, ...] = ()


Search = Callable[[Trials], Tests]


def fold_content(planned: Planned, fold: TestedFold) -> dict[str, Any]:
    """A fold as JSON values; a ratio that is not finite becomes null."""
    ratios = {"train_sharpe": fold.train_sharpe, "test_sharpe": fold.test_sharpe}
    series = planned.spec.windows[fold.window].series
    return {
        "test_start": day_text(fold.start_ms),
        "test_end": day_text(fold.end_ms),
        "symbol": series.symbol,
        "interval": series.interval,
        "row": fold.row,
        "parameters": dict(fold.parameters),
        **{name: value if np.isfinite(value) else None for name, value in ratios.items()},
    }


def row_values(planned: Planned, row: int) -> dict[str, Any]:
    """The parameters of a row."""
    return {name: column[row].item() for name, column in planned.rows.items()}


class Ranked(NamedTuple):
    """A sweep's table as it is ranked, (n_trials,) each: more is better in `scores`, NaN worst."""

    windows: np.typing.NDArray[np.int64]
    rows: np.typing.NDArray[np.int64]
    scores: np.typing.NDArray[np.float64]


def judged(
    planned: Planned,
    finished: Finished,
    settings: Settings,
    ticket: Ticket,
    search: Search | None = None,
) -> Judged:
    """Judge a sweep's best row, with all trials of its strategy's lineage in the store.

    `search` finds a row anew before each test of the walk-forward.
    """
    ticket.report(0, 3, "looking at the trials day by day")
    table = pq.read_table(finished.table)
    ranked = Ranked(
        _windows_of(planned, table), table.column("row").to_numpy(), _scores(planned, table)
    )
    sample = sample_of(ranked.windows, ranked.rows, ranked.scores)
    number, row = int(sample.windows[0]), int(sample.rows[0])
    winner = _dataset(planned, number)
    trials = _trials(planned, sample, winner)
    enough = len(trials.returns) >= LEAST_DAYS
    anew = search(trials) if search is not None and enough else None
    ticket.report(1, 3, "running the best row under stress")
    evidence = evidence_of(
        _row(planned, number, row, winner),
        trials,
        planned.spec.windows[number].split_ms,
        _beside(planned, ranked, number, row),
        max(_trials_of(planned, settings) - trials.rows, 0),
        anew=None if anew is None else anew.returns,
    )
    ticket.report(2, 3, "judging")
    folds = tuple(_folds(planned, evidence, sample))
    return Judged(judge(evidence), folds, () if anew is None else anew.folds)


def _folds(planned: Planned, evidence: Evidence, sample: Sample) -> Iterator[TestedFold]:
    if len(evidence.trials.returns) < LEAST_DAYS:
        return
    first = evidence.trials.first_day
    for fold in evidence.rolling.folds:
        window, row = int(sample.windows[fold.trial]), int(sample.rows[fold.trial])
        start_ms, end_ms = (first + fold.first_day) * DAY_MS, (first + fold.last_day + 1) * DAY_MS
        values = row_values(planned, row)
        ratios = fold.train_sharpe, fold.test_sharpe
        yield TestedFold(start_ms, end_ms, window, row, values, *ratios)


def _trials_of(planned: Planned, settings: Settings) -> int:
    store = Store(settings.store_url)
    counted = store.trials_of(planned.strategy.lineage)
    store.close()
    return counted


def _trials(planned: Planned, sample: Sample, winner: Dataset) -> Trials:
    """The trials that stand for the sweep; `winner` are the bars of the best of them."""
    parts: dict[int, Days] = {}
    for number in np.unique(sample.windows).tolist():
        rows = picked(planned.rows, sample.rows[sample.windows == number])
        terms, over = planned.spec.terms(number), planned.spec.windows[number]
        dataset = winner if number == sample.windows[0] else _dataset(planned, number)
        parts[number] = days_of(planned.spec.family, dataset, rows, terms, over)
    return joined(sample, parts)


def _windows_of(planned: Planned, table: pa.Table) -> np.typing.NDArray[np.int64]:
    """Which window each row of the table belongs to."""
    names = [f"{one.series.symbol} {one.series.interval}" for one in planned.spec.windows]
    symbols, intervals = (table.column(name).to_pylist() for name in ("symbol", "interval"))
    place = {name: number for number, name in enumerate(names)}
    pairs = zip(symbols, intervals, strict=True)
    return np.array([place[f"{symbol} {interval}"] for symbol, interval in pairs], dtype=np.int64)


def _scores(planned: Planned, table: pa.Table) -> np.typing.NDArray[np.float64]:
    wanted = planned.request.wanted
    if wanted.require and not (wanted.breach(table) == 0.0).any():
        asked = " and ".join(one.text for one in wanted.require)
        table_at = planned.folder / WHOLE
        raise NoneFits(f"None of {table.num_rows:,} rows has {asked}; all are in {table_at}")
    return wanted.scores(table)


def _dataset(planned: Planned, number: int) -> Dataset:
    catalog = Catalog(planned.charts.catalog_root)
    return load_dataset(catalog, planned.charts.charts[number].dataset)


def _row(planned: Planned, number: int, row: int, dataset: Dataset) -> Row:
    over = planned.spec.windows[number]
    terms = planned.spec.terms(number)
    strategy, values = planned.spec.family.own(row_values(planned, row))
    return Row(strategy, values, dataset, terms, over.start_ms, over.end_ms)


def _beside(
    planned: Planned, ranked: Ranked, number: int, row: int
) -> np.typing.NDArray[np.float64]:
    own = ranked.windows == number
    rows = ranked.rows[own]
    params = picked(planned.rows, rows)
    return beside(params, ranked.scores[own], int(np.flatnonzero(rows == row)[0]))
