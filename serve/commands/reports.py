"""What does a report of a run or a sweep say? Its content, out of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cluster.settings import Settings
from engines.batch.summary import STATISTICS
from serve.commands.backtests import Backtested, Run, run_chart
from serve.commands.invocation import command_of
from serve.commands.markets import Charts
from serve.commands.planning import Planned
from serve.commands.requests import BacktestRequest
from serve.commands.run_pages import currency_of, hold, run_page
from serve.commands.swept import Swept
from serve.reports import content
from serve.reports.figures import number, percent, setting
from serve.reports.page import write_report
from strategies.backtest import Terms
from strategies.graph.python_code import python_code
from strategies.graph.strategy import Strategy
from strategies.moments import moment_text
from strategies.scripting import EventStrategy
from tune.chunk import PARAM, TEST, TRAIN, parameters_of
from tune.front import front_rows
from tune.graphs import settings_of
from tune.landscape import rank_correlation, surfaces
from tune.ranking import stopped_rows
from tune.sweep_spec import SweepWindow

_BEST_ROWS: Final = 20
_DRAWN_POINTS: Final = 3000
_SHOWN: Final = ("total_return", "sharpe", "max_drawdown", "profit_factor", "trades")
_SEED: Final = 7


def backtest_report(backtested: Backtested, now_ms: int) -> content.Report:
    """The report of a backtest: a tab for each chart."""
    runs = backtested.runs
    first = runs[0].result
    held = hold(runs[0].material)
    earned = percent(first.statistics["total_return"], signed=True)
    kept = percent(float(held[-1] / first.spec.broker.initial_cash - 1.0), signed=True)
    sentence = (
        f"{backtested.strategy.name} on {runs[0].chart.name} returned {earned} in "
        f"{first.statistics['trades']:,.0f} trades; buying and holding returned {kept}."
    )
    digests = [content.Fact(f"Run {run.chart.name}", run.result.spec.digest) for run in runs]
    digests += [content.Fact(f"Ledger {run.chart.name}", run.result.ledger_digest) for run in runs]
    return content.Report(
        title=f"{backtested.strategy.name} · {_names(backtested.charts)}",
        sentence=sentence,
        created=created(now_ms),
        source=_source(backtested.charts),
        facts=_facts(backtested.strategy, backtested.request, runs),
        digests=(content.Fact("Strategy", backtested.strategy.digest), *digests),
        command=command_of("backtest", backtested.request),
        code=_code(backtested.strategy),
        runs=tuple(run_page(run, backtested.values, ()) for run in runs),
        notes=(*backtested.charts.notes, *_notes(runs)),
    )


def sweep_report(swept: Swept, now_ms: int) -> content.Report:
    """The report of a sweep: its rows, and the best row of each chart as a backtest."""
    planned = swept.planned
    table = pq.read_table(swept.finished.table)
    # What was judged on a part of the history stands beside nothing.
    table = table.filter(pa.array(~stopped_rows(table)))
    best = swept.finished.best
    runs = tuple(_best_run(planned, number, table) for number in range(len(planned.spec.windows)))
    order = _order_of_charts(planned, best)
    tabs = tuple(runs[number] for number in order)
    return content.Report(
        title=f"{planned.strategy.name} · sweep of {_names(planned.charts)}",
        sentence=_sweep_sentence(planned, best, tabs[0][1]),
        created=created(now_ms),
        source=_source(planned.charts),
        facts=_facts(planned.strategy, planned.request, [run for run, _ in tabs]),
        digests=_sweep_digests(swept, [run for run, _ in tabs]),
        command=command_of("sweep", planned.request),
        code=python_code(planned.spec.family.own(parameters_of(best[0]))[0]),
        runs=tuple(page for _, page in tabs),
        notes=(*planned.charts.notes, *_sweep_notes(planned), *_notes([run for run, _ in tabs])),
        sweep=_sweep(planned, table, best),
        verdict=swept.verdict,
    )


def write_backtest_report(
    backtested: Backtested, settings: Settings, now_ms: int, path: Path | None = None
) -> Path:
    """Write the page to `path`, or under its run's digest into the reports folder."""
    name = f"backtest-{backtested.runs[0].result.spec.digest[:12]}.html"
    target = path or settings.reports_folder / name
    write_report(backtest_report(backtested, now_ms), target)
    return target


def write_sweep_report(
    swept: Swept, settings: Settings, now_ms: int, path: Path | None = None
) -> Path:
    """Write the page to `path`, or under the sweep's digest into the reports folder."""
    target = path or settings.reports_folder / f"sweep-{swept.digest[:12]}.html"
    write_report(sweep_report(swept, now_ms), target)
    return target


def _best_run(planned: Planned, number: int, table: pa.Table) -> tuple[Run, content.Run]:
    """The best row of one chart, run again with everything kept."""
    window, chart = planned.spec.windows[number], planned.charts.charts[number]
    row = _best_row(planned, table, window)
    values = parameters_of(row)
    terms = Terms(chart.instrument, planned.spec.broker, window.funding)
    start_ms = planned.request.data.start
    strategy, own = planned.spec.family.own(values)
    run = run_chart(strategy, own, planned.charts, chart, terms, start_ms)
    periods = tuple(
        content.Period(name, _figures(row, prefix))
        for name, prefix in (("In sample", TRAIN), ("Out of sample", TEST))
        if window.split_ms is not None or prefix == TRAIN
    )
    return run, run_page(run, values, periods, window.split_ms)


def _best_row(planned: Planned, table: pa.Table, window: SweepWindow) -> dict[str, Any]:
    symbol, interval = (table.column(name).to_numpy() for name in ("symbol", "interval"))
    own = np.flatnonzero((symbol == window.series.symbol) & (interval == window.series.interval))
    scores = np.nan_to_num(planned.request.wanted.scores(table)[own], nan=-np.inf)
    found: dict[str, Any] = table.slice(int(own[np.argmax(scores)]), 1).to_pylist()[0]
    return found


def _sweep(planned: Planned, table: pa.Table, best: Sequence[Mapping[str, Any]]) -> content.Sweep:
    objective, wanted = planned.request.objective, planned.request.wanted
    statistics = tuple(dict.fromkeys((*wanted.objectives, *_SHOWN)))
    several = len(planned.spec.windows) > 1

    def ranked(rows: Sequence[Mapping[str, Any]]) -> tuple[content.RankedRow, ...]:
        return tuple(
            content.RankedRow(
                rank,
                settings_of(row),
                {name: row[f"{TRAIN}{name}"] for name in statistics},
                {name: row[f"{TEST}{name}"] for name in statistics if f"{TEST}{name}" in row},
                f"{row['symbol']} {row['interval']}" if several else "",
            )
            for rank, row in enumerate(rows, 1)
        )

    return content.Sweep(
        rows_tried=planned.spec.total_rows,
        statistics=statistics,
        best=ranked(best[:_BEST_ROWS]),
        front=ranked(front_rows(table, wanted)),
        quote=content.Currency(planned.spec.windows[0].instrument.quote or "USDT"),
        scatter=_scatter(objective, table, best),
        surfaces=_surfaces(planned, table, best[0]),
    )


def _scatter(
    objective: str, table: pa.Table, best: Sequence[Mapping[str, Any]]
) -> content.Scatter | None:
    if f"{TEST}{objective}" not in table.column_names:
        return None
    first, second = (table.column(f"{kind}{objective}").to_numpy() for kind in (TRAIN, TEST))
    rows = np.arange(len(first))
    if len(rows) > _DRAWN_POINTS:
        drawn = np.random.default_rng(_SEED).choice(rows, _DRAWN_POINTS, replace=False)
        rows = np.sort(drawn)
    shown = best[:_BEST_ROWS]
    marks = np.array([[row[f"{kind}{objective}"] for row in shown] for kind in (TRAIN, TEST)])
    return content.Scatter(
        objective,
        np.concatenate([marks[0], first[rows]]),
        np.concatenate([marks[1], second[rows]]),
        tuple(range(len(shown))),
        len(first),
        rank_correlation(first, second),
    )


def _surfaces(
    planned: Planned, table: pa.Table, best: Mapping[str, Any]
) -> tuple[content.Surface, ...]:
    """Surfaces of the chart that holds the best row."""
    objective = planned.request.objective
    own = (table.column("symbol").to_numpy() == best["symbol"]) & (
        table.column("interval").to_numpy() == best["interval"]
    )
    varied = {
        axis.name: table.column(f"{PARAM}{axis.name}").to_numpy()[own]
        for axis in planned.spec.space.axes
    }
    scores = table.column(f"{TRAIN}{objective}").to_numpy()[own]
    chart = f"{best['symbol']} {best['interval']}"
    found = []
    for one in surfaces(varied, scores):
        others = [name for name in varied if name not in (one.x_name, one.y_name)]
        over = f"median over {' and '.join(others)}" if others else "one row a cell"
        place = tuple(
            int(np.argmin(np.abs(values - best[f"{PARAM}{name}"])))
            for name, values in ((one.y_name, one.y_values), (one.x_name, one.x_values))
        )
        found.append(
            content.Surface(
                objective,
                one.x_name,
                tuple(map(float, one.x_values)),
                one.y_name,
                tuple(map(float, one.y_values)),
                one.values,
                f"{chart}, in sample, {over}",
                (place[0], place[1]),
            )
        )
    return tuple(found)


def _sweep_sentence(planned: Planned, best: Sequence[Mapping[str, Any]], shown: content.Run) -> str:
    top = best[0]
    row = " · ".join(f"{name} {setting(value)}" for name, value in settings_of(top).items())
    inside = percent(top[f"{TRAIN}total_return"], signed=True)
    text = f"The best of {planned.spec.total_rows:,} rows ({row}"
    text += f", {top['symbol']} {top['interval']}) returned {inside} in sample"
    if f"{TEST}total_return" in top:
        outside = percent(top[f"{TEST}total_return"], signed=True)
        text += f" and {outside} on the bars it had not seen"
    if shown.hold is not None:
        held = percent(float(shown.hold[-1] / shown.initial_cash - 1.0), signed=True)
        text += f"; buying and holding over all of them returned {held}"
    return f"{text}."


def _figures(row: Mapping[str, Any], prefix: str) -> dict[str, float]:
    return {name: row[f"{prefix}{name}"] for name in STATISTICS}


def _order_of_charts(planned: Planned, best: Sequence[Mapping[str, Any]]) -> list[int]:
    """Charts by their best rows, those without a row among the best last."""
    names = [(one.series.symbol, one.series.interval) for one in planned.spec.windows]
    ranked = [names.index((row["symbol"], row["interval"])) for row in best]
    return list(dict.fromkeys([*ranked, *range(len(names))]))


def _sweep_notes(planned: Planned) -> list[str]:
    if planned.spec.windows[0].split_ms is None:
        return ["Every bar was searched over: nothing says how the best row does on others."]
    early = []
    if planned.spec.halving is not None:
        early = [
            "All rows were judged on the first part of the history, and only the best on all of "
            "it: those are shown. The verdict counts every row."
        ]
    return [
        *early,
        "Rows are ranked by their in-sample part alone. Each part starts flat and with all its "
        "cash; the chart below runs through both.",
    ]


def _notes(runs: Sequence[Run]) -> list[str]:
    notes = []
    broker = runs[0].result.spec.broker
    if any(run.chart.instrument.category != "spot" for run in runs):
        if broker.funding == "none":
            notes.append("No funding was paid: `--funding history` pays the symbol's own.")
        if broker.margin_mode == "none":
            notes.append("Nothing is liquidated as on Bybit: `--margin-mode` isolated or cross is.")
        elif broker.mark_price == "last":
            notes.append(
                "Positions were marked at the last price: `--mark-price history` takes the venue's."
            )
    if any(run.chart.dataset.finer is None for run in runs):
        notes.append("Inside a bar an assumed path decided which exit came first.")
    return notes + [told for run in runs if (told := _doubt(run))]


def _doubt(run: Run) -> str:
    """How much hangs on the order inside bars, if anything does."""
    said, money = run.result.statistics, currency_of(run)
    exits = said.get("ambiguous_exits", 0.0)
    if not exits > 0.0:
        return ""
    low, high = (
        number(said[name], money.digits) for name in ("pessimistic_profit", "optimistic_profit")
    )
    return (
        f"{run.chart.name}: {exits:,.0f} of {said['trades']:,.0f} exits hang on the unknown order "
        f"of prices inside a bar: the net profit lies between {low} and {high} {money.code}."
    )


def _sweep_digests(swept: Swept, runs: Sequence[Run]) -> tuple[content.Fact, ...]:
    bars = [
        content.Fact(f"Bars {one.series.symbol} {one.series.interval}", one.dataset_digest)
        for one in swept.planned.spec.windows
    ]
    ledgers = [content.Fact(f"Ledger {run.chart.name}", run.result.ledger_digest) for run in runs]
    strategy = content.Fact("Strategy", swept.planned.strategy.digest)
    return (content.Fact("Sweep", swept.digest), strategy, *bars, *ledgers)


def _code(strategy: Strategy | EventStrategy) -> str:
    return strategy.source if isinstance(strategy, EventStrategy) else python_code(strategy)


def _facts(
    strategy: Strategy | EventStrategy, request: BacktestRequest, runs: Sequence[Run]
) -> tuple[content.Fact, ...]:
    broker = runs[0].result.spec.broker
    chart = runs[0].chart
    finer = chart.dataset.finer
    taker = broker.taker_fee_rate
    fee = float(chart.instrument.taker_fee_rate) if taker is None else taker
    spec = runs[0].result.spec
    inside = "an assumed path" if finer is None else f"bars of {finer} min"
    return (
        content.Fact("Strategy", strategy.description or strategy.name),
        content.Fact("Charts", ", ".join(run.chart.name for run in runs)),
        content.Fact("Range", f"{moment_text(spec.start_ms)} to {moment_text(spec.end_ms)}"),
        content.Fact("Fills", f"market orders at the {broker.fill_at.replace('_', ' ')}"),
        content.Fact("Inside a bar", inside),
        content.Fact("Rules", broker.profile),
        content.Fact("Initial cash", f"{broker.initial_cash:,.2f}"),
        content.Fact("Leverage", f"{broker.leverage:g}"),
        content.Fact("Taker fee", percent(fee, 3)),
        content.Fact("Slippage", f"{broker.slippage_ticks:g} ticks"),
        content.Fact(
            "Tick, lot", f"{chart.instrument.tick or 'none'}, {chart.instrument.lot or 'none'}"
        ),
        content.Fact("Engine", f"semantics {spec.semantics}, {spec.path} kernel"),
    )


def _source(charts: Charts) -> content.Source:
    return content.Source(f"{charts.source[:1].upper()}{charts.source[1:]}.", charts.synthetic)


def _names(charts: Charts) -> str:
    names = [chart.name for chart in charts.charts]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def created(now_ms: int) -> str:
    """When a page was made, in words."""
    return f"Made on {datetime.fromtimestamp(now_ms / 1000, UTC):%d %B %Y, %H:%M}"
