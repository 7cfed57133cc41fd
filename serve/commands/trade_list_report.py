"""What does the page of an exported list of trades say? That of a backtest, as far as it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from cluster.settings import Settings
from engines.batch.summary import STATISTICS
from engines.metrics.material import Material, Trades
from engines.metrics.position import everything
from engines.result import Table
from serve.commands.invocation import trade_list_command
from serve.commands.reports import created
from serve.commands.run_pages import hold, with_tables
from serve.commands.trade_list import TradesMeasured
from serve.reports import content
from serve.reports.figures import percent
from serve.reports.page import write_report
from strategies.moments import moment_text
from strategies.tradingview.material import signals_of_export

_SAME: Final = ("exit_price", "entry_price", "qty", "pnl", "mfe", "mae", "side", "reason")
# Statistics of a run that the metrics have under other names.
_NAMES: Final = {"sharpe": "bar_sharpe", "sortino": "bar_sortino"}


def trade_list_report(measured: TradesMeasured, now_ms: int) -> content.Report:
    """The report of an export."""
    figures, request = measured.metrics, measured.request
    earned = percent(figures["total_return"], signed=True)
    kept = percent(figures["buy_and_hold_return"], signed=True)
    return content.Report(
        title=f"{request.trades.stem} · {measured.name}",
        sentence=(
            f"The {figures['trades']:,.0f} closed trades of {request.trades.name} on "
            f"{measured.name} returned {earned}; buying and holding returned {kept}."
        ),
        created=created(now_ms),
        source=content.Source(
            f"Trades of the file {request.trades.name}, bars of {request.bars.name}."
        ),
        facts=_facts(measured),
        digests=(
            content.Fact("Trades", measured.trades_digest),
            content.Fact("Bars", measured.bars.digest),
        ),
        command=trade_list_command(request),
        code="",
        runs=(_run(measured),),
        notes=(measured.zone,),
    )


def write_trade_list_report(
    measured: TradesMeasured, settings: Settings, now_ms: int, path: Path | None = None
) -> Path:
    """Write the page to `path`, or under the export's digest into the reports folder."""
    target = path or settings.reports_folder / f"trades-{measured.trades_digest[:12]}.html"
    write_report(trade_list_report(measured, now_ms), target)
    return target


def trade_table(measured: TradesMeasured) -> Table:
    """The trades as those of a `Result`: closed ones by their exits, then what is still open."""
    material = measured.material
    trades = everything(material)
    bars = (
        np.searchsorted(material.open_ms, times, side="right") - 1
        for times in (trades.entry_ms, trades.exit_ms)
    )
    return {
        **{name: getattr(trades, name) for name in (*_SAME, "entry_ms", "exit_ms", "funding")},
        **dict(zip(("entry_bar", "exit_bar"), bars, strict=True)),
        **_excursions(trades),
        "number": np.arange(1, len(trades) + 1),
        "entry_fee": trades.entry_fee,
        "exit_fee": trades.fees - trades.entry_fee,
        "pnl_fraction": trades.pnl / _value(material, trades),
        **signals_of_export(measured.listed),
    }


def _excursions(trades: Trades) -> Table:
    """What the export does not tell of a trade's best and worst moment is shown as nothing."""
    return {"mfe": trades.mfe, "mae": trades.mae}


def _value(material: Material, trades: Trades) -> np.typing.NDArray[np.float64]:
    return trades.entry_price * trades.qty * material.value


def _run(measured: TradesMeasured) -> content.Run:
    material, figures = measured.material, measured.metrics
    said = {name: figures.get(_NAMES.get(name, name)) for name in STATISTICS}
    page = content.Run(
        name=measured.name,
        periods=(content.Period("Whole range", {k: v for k, v in said.items() if v is not None}),),
        initial_cash=material.initial_cash,
        open_ms=material.open_ms,
        equity=material.equity,
        trades=trade_table(measured),
        refusals={"reason": np.zeros(0, dtype=np.int64)},
        costs=content.Costs(
            fees=figures["fees"],
            turnover=figures["turnover"],
            gross_profit=figures["gross_profit"],
            funding=float("nan"),
        ),
        hold=hold(material),
        bars=material.bars,
        quote=content.Currency(measured.currency),
    )
    return with_tables(page, material)


def _facts(measured: TradesMeasured) -> tuple[content.Fact, ...]:
    request, bars, material = measured.request, measured.bars, measured.material
    return (
        content.Fact("Trades", f"{len(material.closed):,} closed, {len(material.open):,} open"),
        content.Fact("Chart", measured.name),
        content.Fact("Range", f"{moment_text(bars.start_ms)} to {moment_text(bars.end_ms)}"),
        content.Fact("Initial cash", f"{request.initial_cash:,.2f} {measured.currency}"),
        content.Fact("Leverage", f"{request.leverage:g}"),
        content.Fact("Contract value", f"{material.value:g}"),
    )
