"""Does a run trade as TradingView did? The export brought to UTC, aligned, compared, explained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC

from engines.errors import InvalidInput
from engines.intervals import interval_ms
from engines.result import Result
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.tradingview.alignment import align
from strategies.tradingview.diagnosis import Diagnosis, diagnose
from strategies.tradingview.evidence import Evidence
from strategies.tradingview.fields import comparable, differing, precision_of
from strategies.tradingview.ours import our_trades
from strategies.tradingview.trades import TradeList
from strategies.tradingview.zone import Zone, find_zone, fit_of, in_utc, zone_named


@dataclass(frozen=True)
class Clocked:
    """An export in UTC: the zone it was read in, and the one that fits the bars best."""

    listed: TradeList
    used: Zone
    best: Zone


def clocked(listed: TradeList, dataset: Dataset, terms: Terms, zone: str | None) -> Clocked:
    """The export in UTC, by the zone that is given or by the one that the bars tell.

    Raises InvalidInput for a zone that does not exist, or that is given for times in UTC.
    """
    tick = float(terms.instrument.tick)
    slack = (terms.broker.slippage_ticks + 1.0) * tick
    best = find_zone(listed, dataset.bars, slack)
    if not listed.wall_clock:
        if zone is not None:
            raise InvalidInput("time zone", zone, "left out: the export tells its offsets")
        return Clocked(listed, replace(fit_of(listed, UTC, dataset.bars, slack), name="UTC"), best)
    if zone is not None:
        found = zone_named(zone)
        used = replace(fit_of(listed, found, dataset.bars, slack), name=zone)
        return Clocked(in_utc(listed, found), used, best)
    return Clocked(in_utc(listed, zone_named(best.name)), best, best)


def within(listed: TradeList, start_ms: int | None, end_ms: int | None) -> TradeList:
    """The trades entered in `[start_ms, end_ms)`; those that ended later count as open."""
    kept = []
    for one in listed.trades:
        if start_ms is not None and one.entry_ms < start_ms:
            continue
        if end_ms is not None and one.entry_ms >= end_ms:
            continue
        later = end_ms is not None and one.exit_ms is not None and one.exit_ms >= end_ms
        kept.append(replace(one, is_open=True) if later else one)
    return replace(listed, trades=tuple(kept))


def compare(export: Clocked, result: Result, dataset: Dataset, terms: Terms) -> Diagnosis:
    """Every difference between an export and a run, each with its cause."""
    instrument, bars = terms.instrument, dataset.bars
    listed = export.listed
    precision = precision_of(listed, float(instrument.tick), float(instrument.lot))
    fields = comparable(listed, named="entry_signal" in result.trades)
    pairs = align(listed.trades, our_trades(result), interval_ms(bars.series.interval))
    # What is open at the end of both is no trade yet.
    pairs = [
        pair
        for pair in pairs
        if pair.theirs is not None or pair.ours is None or not pair.ours.is_open
    ]
    evidence = Evidence(
        listed=listed,
        pairs=pairs,
        fields=[differing(pair, fields, precision) for pair in pairs],
        precision=precision,
        bars=bars,
        has_finer=dataset.finer is not None,
        instrument=instrument,
        broker=terms.broker,
        result=result,
        used=export.used,
        best=export.best,
    )
    return diagnose(evidence, fields)
