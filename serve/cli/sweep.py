"""`bst sweep`: many rows of parameters over every chart, on Ray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from actors.clock import SystemClock
from cluster.settings import Settings, settings_from
from engines.errors import InvalidInput
from serve.cli.console import say, show_json, show_table, wait_for
from serve.cli.options import budget_options, fields_from, request_options
from serve.cli.verdict import show_light
from serve.commands.job import Cancelled, Job
from serve.commands.prices import read_prices
from serve.commands.reports import write_sweep_report
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import (
    estimate_text,
    explanation_text,
    resume_sweep,
    start_estimate,
    start_explanation,
    start_sweep,
)
from serve.commands.swept import Swept, best_graph, pareto_front
from serve.tables import FRONT, best_rows_table, best_title, node_plan_table
from tune.budget import Budget
from tune.node_plan import node_plans

_PRINTED_ROWS: Final = 5


@click.command("sweep")
@request_options
@click.option(
    "--axis",
    "axes",
    multiple=True,
    metavar="NAME=LOW:HIGH[:STEP][:log] or NAME=A,B,C",
    help="Values to search; parameters without one are searched over their own ranges.",
)
@click.option(
    "--search",
    help="grid; random, latin or sobol samples; or guided: tpe, cmaes, nsga2, nsga3, gp, refine, "
    "genetic.",
)
@click.option("--rows", type=int, help="Rows of a search that samples or is guided.")
@click.option("--seed", type=int, help="Of a search that samples or is guided.")
@click.option("--batch", type=int, help="Rows between two looks of a guided search.")
@click.option(
    "--start-from", multiple=True, metavar="DIGEST", help="Begin with that sweep's best rows."
)
@click.option("--swaps", type=int, help="Rows take other indicators for so many, at most.")
@click.option("--filters", type=int, help="Rows put so many filters before the entries, at most.")
@click.option("--drops", type=int, help="1: rows may leave out a condition of the entries.")
@click.option(
    "--stop-at-percent",
    type=float,
    multiple=True,
    help="Judge rows on so much of the in-sample bars; the best go on. May be repeated.",
)
@click.option("--keep-percent", type=float, help="With it: how many go on each time, 33.")
@click.option("--train-percent", type=float, help="Share of the bars in-sample, 70 by default.")
@click.option("--objective", help="Statistic that ranks the rows, sharpe by default.")
@click.option("--trade-off", multiple=True, help="A further statistic, for a Pareto front of all.")
@click.option("--where", multiple=True, help='Rows have to keep it: "fast * 2 < slow".')
@click.option("--require", multiple=True, help='In sample: "max_drawdown < 20%", "trades >= 30".')
@budget_options
@click.option("--resume", metavar="DIGEST", help='Go on with a sweep; "last" is the newest.')
@click.option("--estimate", "only_estimate", is_flag=True, help="Tell what it would need.")
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    help="With --estimate: a list of machines and what they cost; adds cost and a node plan.",
)
@click.option("--deadline-hours", type=float, help="With --prices: when it has to be done.")
@click.option("--explain", "only_explain", is_flag=True, help="Tell which kernel computes it, why.")
def sweep_command(*, as_json: bool, report: Any, **given: Any) -> None:
    """Sweep STRATEGY's parameters over symbols and intervals, and write a report.

    Asked again for the same, it computes only what is missing.

    \b
    bst sweep sma_cross --symbol BTCUSDT --symbol ETHUSDT --start 2025-01-01 --end 2026-01-01
    bst sweep rsi_reversion --axis length=7:21:7 --axis oversold=20,25,30 --file bars.csv
    bst sweep --resume last
    """
    settings = settings_from()
    if given["only_estimate"]:
        _show_estimate(given, settings, as_json)
        return
    if given["only_explain"]:
        found = wait_for(start_explanation(_request(given), settings))
        show_json(asdict(found)) if as_json else say(explanation_text(found))
        return
    for name in ("prices", "deadline_hours"):
        if given[name] is not None:
            option = f"--{name.replace('_', '-')}"
            raise InvalidInput(option, given[name], "used with --estimate only")
    swept = _finished(_job(given, settings))
    path = write_sweep_report(swept, settings, SystemClock().now_ms(), report)
    content = sweep_content(swept, path)
    show_json(content) if as_json else show_sweep(content)


def _show_estimate(given: dict[str, Any], settings: Settings, as_json: bool) -> None:
    kinds = () if given["prices"] is None else read_prices(given["prices"])
    if not kinds and given["deadline_hours"] is not None:
        raise InvalidInput("--deadline-hours", given["deadline_hours"], "used with --prices only")
    needs = wait_for(start_estimate(_request(given), settings))
    plans = node_plans(needs, kinds, given["deadline_hours"])
    if as_json:
        found = {**asdict(needs), "cpu_hours": needs.cpu_hours}
        show_json({**found, "plans": [asdict(one) for one in plans]} if plans else found)
        return
    say(estimate_text(needs))
    if plans:
        show_table(node_plan_table(plans))


def _request(given: dict[str, Any]) -> SweepRequest:
    return request_from(SweepRequest, fields_from(given))


def budget_from(given: Mapping[str, Any]) -> Budget:
    """The limits that the options of `budget_options` set."""
    names = ("budget_hours", "budget_money", "core_hour_price", "budget_rows")
    return Budget(*(given[name] for name in names))


def _job(given: dict[str, Any], settings: Settings) -> Job[Swept]:
    if not given["resume"]:
        priority, budget = given["priority"] or 1.0, budget_from(given)
        return start_sweep(_request(given), settings, priority, budget)
    said = {name for name, value in given.items() if value not in (None, (), False)}
    if said != {"resume"}:
        others = ", ".join(sorted(said - {"resume"}))
        raise InvalidInput("--resume", f"with {others}", "alone: the sweep knows what was asked")
    return resume_sweep(given["resume"], settings)


def _finished(job: Job[Swept]) -> Swept:
    try:
        return wait_for(job)
    except Cancelled:
        raise Cancelled("Stopped; finished parts are kept: bst sweep --resume last") from None


def sweep_content(swept: Swept, report: Path) -> dict[str, Any]:
    """A finished sweep and its report as JSON values."""
    finished, planned = swept.finished, swept.planned
    return {
        "digest": swept.digest,
        "strategy": planned.strategy.name,
        "strategy_digest": planned.strategy.digest,
        "source": planned.charts.source,
        "synthetic": planned.charts.synthetic,
        "objectives": planned.request.wanted.objectives,
        "rows": finished.rows,
        "computed": finished.computed,
        "failed": [{"row": one.row, "reason": one.reason} for one in finished.failed],
        "seconds": round(finished.seconds, 3),
        "table": str(finished.table),
        "best": finished.best[:_PRINTED_ROWS],
        "front": pareto_front(swept),
        "verdict": swept.verdict.canonical(),
        "walk_forward": swept.folds,
        **best_graph(swept),
        "report": str(report),
    }


def show_sweep(content: Mapping[str, Any]) -> None:
    """Print a finished sweep: its best rows, the verdict, where its bars and its files are."""
    there = content["rows"] - content["computed"]
    title = best_title(content["strategy"], content["rows"], there)
    show_table(best_rows_table(title, content["best"], content["objectives"]))
    if content["front"]:
        show_table(best_rows_table(FRONT, content["front"], content["objectives"]))
    for one in content["failed"]:
        say(f"Row {one['row']} could not be computed: {one['reason']}")
    show_light(content["verdict"]["light"], content["verdict"]["sentence"])
    if "graph" in content:
        say(f"Graph:  {content['graph']['changes'] or 'as it was'}")
        say(f"        {content['graph']['command']}")
    if content["synthetic"]:
        say(f"Synthetic data: {content['source']}.")
    say(f"Table:  {content['table']}")
    say(f"Report: {content['report']}")
