"""How is a strategy held against TradingView's list of trades? Read, run, compared."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from pydantic import Field

from actors.market_data.datasets import load_dataset
from actors.market_data.store import Catalog
from actors.trade_lists import load_trade_list
from cluster.settings import Settings, settings_from
from engines.errors import InvalidInput
from engines.instrument import Instrument, unrounded
from serve.commands.chart_files import dataset_of_files, on_grid
from serve.commands.job import Job, Ticket
from serve.commands.markets import resolve
from serve.commands.requests import BacktestRequest, BrokerRequest
from serve.commands.strategies import any_strategy_from
from strategies.backtest import Terms, checked_values
from strategies.evaluation.dataset import Dataset
from strategies.graph.strategy import Strategy
from strategies.running import run_strategy
from strategies.scripting import EventStrategy
from strategies.tradingview.comparison import Clocked, clocked, compare, within
from strategies.tradingview.diagnosis import Diagnosis
from strategies.tradingview.trades import TradeList

_TRADINGVIEW: Final = BrokerRequest(profile="tradingview")


class TradeDiffRequest(BacktestRequest):
    """A backtest, and the exported list of trades that it is held against."""

    trades: Path = Field(description="TradingView's list of trades, CSV or XLSX")
    finer_file: Path | None = Field(default=None, description="finer bars, for the bar magnifier")
    time_zone: str | None = Field(
        default=None, description="of the export's times; found from the bars if left out"
    )
    broker: BrokerRequest = _TRADINGVIEW


@dataclass(frozen=True, eq=False)
class TradesDiffered:
    """A comparison that ran: what was asked for, the export as it was read, and what differs."""

    request: TradeDiffRequest
    strategy: Strategy | EventStrategy
    export: TradeList
    clocked: Clocked
    dataset: Dataset
    diagnosis: Diagnosis
    source: str
    notes: tuple[str, ...]


def start_trade_diff(
    request: TradeDiffRequest, settings: Settings | None = None
) -> Job[TradesDiffered]:
    """Begin a comparison; its job gives the result."""
    known = settings or settings_from()
    return Job(lambda ticket: run_trade_diff(request, known, ticket))


def run_trade_diff(request: TradeDiffRequest, settings: Settings, ticket: Ticket) -> TradesDiffered:
    """Read the export, run the strategy on the bars, and explain every difference.

    Raises InvalidInput for what cannot be read, and what a backtest raises.
    """
    export = load_trade_list(request.trades)
    ticket.report(0, 3, "bars")
    strategy = any_strategy_from(request.strategy, request.parameters)
    dataset, instrument, source, notes = _bars(request, strategy, settings, ticket)
    terms = Terms(instrument, request.broker.broker(request.data.category))
    found = clocked(export, dataset, terms, request.time_zone)
    listed = within(found.listed, request.data.start, request.data.end)
    if not listed.trades:
        raise InvalidInput("list of trades", "no trade in the range", "a range with some of them")
    dataset, ended = _until_the_end_of(listed, dataset)
    ticket.report(1, 3, "backtest")
    values = (
        strategy.values
        if isinstance(strategy, EventStrategy)
        else checked_values(strategy, request.parameters)
    )
    start_ms = request.data.start
    result = run_strategy(strategy, values, dataset, terms, start_ms, engine=request.engine)
    ticket.report(2, 3, "comparison")
    diagnosis = compare(Clocked(listed, found.used, found.best), result, dataset, terms)
    told = (*notes, *ended, found.used.sentence)
    return TradesDiffered(request, strategy, export, found, dataset, diagnosis, source, told)


def _bars(
    request: TradeDiffRequest,
    strategy: Strategy | EventStrategy,
    settings: Settings,
    ticket: Ticket,
) -> tuple[Dataset, Instrument, str, tuple[str, ...]]:
    """The bars and the instrument, where they are from, and remarks."""
    data = request.data
    if data.file is not None:
        instrument = _instrument(request)
        dataset = dataset_of_files(data, request.finer_file, float(instrument.tick))
        return dataset, instrument, f"the file {data.file.name}", _unrounded(instrument)
    if "symbols" not in data.model_fields_set:
        expected = "a file (--bars), or the symbol and interval of stored bars"
        raise InvalidInput("bars", None, expected)
    if request.finer_file is not None:
        raise InvalidInput("finer", str(request.finer_file), "an interval, as bars have no file")
    # TradingView's bars are walked through only where its bar magnifier is on.
    finer = "none" if data.finer == "auto" else data.finer
    asked = request.model_copy(update={"data": data.model_copy(update={"finer": finer})})
    charts = resolve(asked, strategy, settings, ticket)
    if len(charts.charts) != 1:
        names = ", ".join(chart.name for chart in charts.charts)
        raise InvalidInput("symbols and intervals", names, "one symbol and one interval")
    chart = charts.charts[0]
    dataset = load_dataset(Catalog(charts.catalog_root), chart.dataset)
    bars = on_grid(dataset.bars, float(chart.instrument.tick))
    return (
        Dataset(bars, dataset.finer, dataset.others),
        chart.instrument,
        charts.source,
        (*charts.notes, *_unrounded(chart.instrument)),
    )


def _instrument(request: TradeDiffRequest) -> Instrument:
    said, data = request.instrument, request.data
    if said is None:
        return unrounded(data.symbols[0], data.category)
    return Instrument(
        data.category,
        data.symbols[0],
        tick=Decimal(said.tick),
        lot=Decimal(said.lot),
        min_notional=Decimal(said.min_notional),
        contract_value=Decimal(said.contract_value),
    )


def _unrounded(instrument: Instrument) -> tuple[str, ...]:
    unknown = [name for name in ("tick", "lot") if getattr(instrument, name) == 0]
    if not unknown:
        return ()
    options = " and ".join(f"--{name}" for name in unknown)
    return (f"Nothing is rounded to a {' and a '.join(unknown)}: TradingView does, say {options}.",)


def _until_the_end_of(listed: TradeList, dataset: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """The bars up to the last of the chart, which a trade that is still open tells (A8)."""
    ends = [one.exit_ms for one in listed.trades if one.is_open and one.exit_ms is not None]
    bars = dataset.bars
    if not ends or max(ends) + 1 >= bars.end_ms or max(ends) < bars.start_ms:
        return dataset, ()
    cut = bars.between(bars.start_ms, max(ends) + 1)
    left_out = len(bars) - len(cut)
    if not left_out:
        return dataset, ()
    remark = f"{left_out:,} bars after the end of TradingView's chart were left out."
    return Dataset(cut, dataset.finer, dataset.others), (remark,)
