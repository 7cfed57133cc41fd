"""What does the page say of one run? Its figures, tables and columns, out of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.bars import Floats
from engines.metrics import periods
from engines.metrics.account_figures import slippage
from engines.metrics.material import Material
from engines.metrics.registry import figures
from engines.spec import Value
from serve.commands.backtests import Backtested, Run
from serve.reports import content
from serve.tradingview_csv import list_of_trades, performance, write_tradingview


def run_page(
    run: Run,
    values: Mapping[str, Value],
    parts: tuple[content.Period, ...],
    split_ms: int | None = None,
) -> content.Run:
    """A run as the report shows it; `parts` are statistics of its stretches, if it has any."""
    result, material = run.result, run.material
    page = content.Run(
        name=run.chart.name,
        periods=(content.Period("Whole range", result.statistics), *parts),
        initial_cash=material.initial_cash,
        open_ms=result.open_ms,
        equity=result.equity,
        trades={**result.trades, "number": result.trades["number"] + 1},
        refusals=result.refusals,
        costs=_costs(run),
        hold=hold(material),
        bars=material.bars,
        split_ms=split_ms,
        parameters=dict(values),
        quote=currency_of(run),
    )
    return with_tables(page, material)


def with_tables(page: content.Run, material: Material) -> content.Run:
    """The page with its figures, months, years, falls and rolling figures."""
    return replace(
        page,
        metrics=figures(material),
        months=periods.months(material),
        years=periods.years(material),
        falls=periods.falls(material),
        rolling=periods.rolling(material),
        value=material.value,
    )


def currency_of(run: Run) -> content.Currency:
    """What the account is counted in: an inverse contract's money is its coin."""
    traded = run.chart.instrument
    if run.result.spec.broker.profile == "bybit_inverse":
        return content.Currency(traded.base or "coin", digits=8)
    return content.Currency(traded.quote or "USDT")


def hold(material: Material) -> Floats:
    """Equity of buying at the first traded open and holding, without costs, (n_bars,).

    Who counts in coins has the coin already: holding it earns none.
    """
    if material.payoff.inverse:
        return np.full(len(material.close), material.initial_cash)
    return np.asarray(material.initial_cash * material.close / material.first_price)


def _costs(run: Run) -> content.Costs:
    said = run.result.statistics
    paid = run.result.spec.broker.funding == "history"
    return content.Costs(
        fees=said["fees"],
        turnover=said["turnover"],
        gross_profit=said["gross_profit"],
        # Not 0 where none is paid: a perpetual costs it, the run left it out.
        funding=float(run.result.fills["funding"].sum()) if paid else float("nan"),
        slippage=slippage(run.material),
    )


def write_csv(backtested: Backtested, folder: Path) -> list[Path]:
    """Each run's list of trades and summary as TradingView writes them.

    Several charts have a folder each. Raises InvalidInput if the disk refuses.
    """
    paths = []
    for run in backtested.runs:
        material, money = run.material, currency_of(run).code
        files = (
            list_of_trades(run.result.trades, material.initial_cash, money, material.value),
            performance(run.metrics, money),
        )
        own = folder if len(backtested.runs) == 1 else folder / run.chart.name.replace(" ", "-")
        paths += write_tradingview(files, own)
    return paths
