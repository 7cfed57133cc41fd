"""What does a portfolio's report say? The account, each leg, and what they were to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from cluster.settings import Settings
from serve.commands.job import Job, Ticket
from serve.commands.portfolio_requests import PortfolioRequest
from serve.commands.portfolios import PortfolioRun, run_portfolio, spec_text
from serve.commands.reports import created
from serve.commands.requests import request_from
from serve.commands.run_pages import run_page
from serve.reports import content
from serve.reports.figures import percent
from serve.reports.page import write_report
from strategies.moments import moment_text

_LAST: Final = 60


def portfolio_report(run: PortfolioRun, now_ms: int) -> content.Report:
    """The report of a portfolio: its section, a tab of the account and one of each leg."""
    whole, names = run.result.whole, list(run.result.legs)
    whole_page = run_page(run.together, {}, ())
    metrics = run.together.metrics
    tabs = [replace(whole_page, name="Together", bars=None, metrics=metrics)]
    for name, one in run.legs.items():
        tabs.append(run_page(one, run.values[name], ()))
    digests = [content.Fact("Run", whole.spec.digest), content.Fact("Ledger", whole.ledger_digest)]
    return content.Report(
        title=f"{run.request.name} · {', '.join(names)}",
        sentence=_sentence(run),
        created=created(now_ms),
        source=content.Source(f"{run.source[:1].upper()}{run.source[1:]}.", run.synthetic),
        facts=_facts(run),
        digests=tuple(digests),
        command="bst portfolio portfolio.yaml",
        code=spec_text(run),
        runs=tuple(tabs),
        notes=run.notes,
        portfolio=_portfolio(run),
    )


def write_portfolio_report(
    run: PortfolioRun, settings: Settings, now_ms: int, path: Path | None = None
) -> Path:
    """Write the page to `path`, or under its run's digest into the reports folder."""
    name = f"portfolio-{run.result.whole.spec.digest[:12]}.html"
    target = path or settings.reports_folder / name
    write_report(portfolio_report(run, now_ms), target)
    return target


def again(
    fields: Mapping[str, Any], settings: Settings, now_ms: int, path: Path | None
) -> Job[Path]:
    """Begin to run a recorded portfolio again and to write its page."""
    request = request_from(PortfolioRequest, fields)

    def work(ticket: Ticket) -> Path:
        done = run_portfolio(request, settings, ticket)
        return write_portfolio_report(done, settings, now_ms, path)

    return Job(work)


def _sentence(run: PortfolioRun) -> str:
    whole = run.result.whole
    held = float(run.result.bars.close[-1] / run.result.bars.open[0] - 1.0)
    earned = percent(whole.statistics["total_return"], signed=True)
    count = len(run.result.legs)
    symbols = "one symbol" if count == 1 else f"{count} symbols"
    return (
        f"{run.request.name} on {symbols} and one account returned {earned} in "
        f"{whole.statistics['trades']:,.0f} trades; buying and holding them in equal parts "
        f"returned {percent(held, signed=True)}."
    )


def _portfolio(run: PortfolioRun) -> content.Portfolio:
    result = run.result
    legs = list(result.legs.values())
    strategies = [
        "allocation" if one is None else one.name
        for one in (run.strategies[name] for name in result.legs)
    ]
    held = tuple(
        content.Held(moment_text(one.time_ms), one.cause, one.weights, one.notes)
        for one in result.rebalances[-_LAST:]
    )
    return content.Portfolio(
        symbols=tuple(result.legs),
        strategies=tuple(strategies),
        brought=result.contributions[-1],
        fees=np.array([leg.statistics["fees"] for leg in legs]),
        funding=np.array([float(leg.fills["funding"].sum()) for leg in legs]),
        trades=tuple(int(leg.statistics["trades"]) for leg in legs),
        markets=result.market_correlation,
        profits=result.profit_correlation,
        initial_cash=result.whole.spec.broker.initial_cash,
        quote=content.Currency(result.whole.spec.instrument.quote or "USDT"),
        rebalanced=len(result.rebalances),
        held=held,
    )


def _facts(run: PortfolioRun) -> tuple[content.Fact, ...]:
    spec, request = run.result.whole.spec, run.request
    broker = spec.broker
    facts = [
        content.Fact("Charts", ", ".join(one.chart.name for one in run.legs.values())),
        content.Fact("Range", f"{moment_text(spec.start_ms)} to {moment_text(spec.end_ms)}"),
        content.Fact("Rules", broker.profile),
        content.Fact("Initial cash", f"{broker.initial_cash:,.2f}"),
        content.Fact("Leverage", f"{broker.leverage:g}"),
        content.Fact("Margin", _margin(broker.margin_mode)),
        content.Fact("Funding", "the symbols' own" if broker.funding == "history" else "not paid"),
    ]
    if request.allocation is not None:
        plan = request.allocation
        drift = f", at {plan.threshold_percent:g} % drift" if plan.threshold_percent else ""
        facts.append(content.Fact("Weights", f"{plan.method}, {plan.rebalance}{drift}"))
    limits = request.limits.model_dump(exclude_defaults=True)
    if limits:
        said = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in limits.items())
        facts.append(content.Fact("Limits", said))
    facts.append(content.Fact("Engine", f"semantics {spec.semantics}, {spec.path}"))
    return tuple(facts)


def _margin(mode: str) -> str:
    return {
        "none": "positions up to equity × leverage",
        "isolated": "isolated, every position for itself",
        "cross": "cross, the account for all positions",
    }[mode]
