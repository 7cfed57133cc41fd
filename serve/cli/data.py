"""`bst data`: fetch, import, list, check and export bars."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, get_args

import click

from actors.market_data.importers.normalise import VolumeUnit
from actors.market_data.layout import check_market
from actors.market_data.merging import ON_CONFLICT
from actors.market_data.quality import Verified
from actors.market_data.ranges import Coverage, utc_text
from cluster.settings import settings_from
from engines.bars import CATEGORIES, KINDS, Series
from engines.intervals import parse_interval
from serve.cli.console import say, show_json, show_table, wait_for
from serve.cli.options import json_option
from serve.commands.data import (
    SyncDone,
    source_holding,
    start_export,
    start_import,
    start_sync,
    start_verify,
    stored_bars,
)
from serve.commands.requests import moment_ms
from serve.tables import TextTable

_SHOWN_GAPS: Final = 5
_category = click.option(
    "--category", type=click.Choice(CATEGORIES), default="linear", show_default=True
)


@click.group("data")
def data_group() -> None:
    """Fetch, import, list, check and export bars."""


@data_group.command("sync")
@click.argument("symbols", nargs=-1, required=True)
@click.option("--interval", "intervals", multiple=True, default=("1",), show_default=True)
@_category
@click.option("--kind", type=click.Choice(KINDS), default="last", show_default=True)
@click.option("--start", required=True, help="First day or moment, UTC.")
@click.option("--end", help="End, UTC, exclusive; now if left out.")
@click.option("--funding", is_flag=True, help="Funding rates as well.")
@json_option
def sync_command(
    *,
    symbols: tuple[str, ...],
    intervals: tuple[str, ...],
    start: str,
    end: str | None,
    funding: bool,
    as_json: bool,
    **kept: Any,
) -> None:
    """Fetch what is missing of SYMBOLS from the venue (BST_VENUE); interrupted, it goes on.

    \b
    bst data sync BTCUSDT ETHUSDT --start 2025-01-01 --end 2026-01-01
    BST_VENUE=mainnet bst data sync BTCUSDT --interval 15 --interval 60 --start 2024-01-01
    """
    series = [
        Series(kept["category"], symbol, parse_interval(interval), kept["kind"])
        for symbol in symbols
        for interval in intervals
    ]
    end_ms = None if end is None else moment_ms("end", end)
    job = start_sync(series, moment_ms("start", start), end_ms, settings_from(), funding=funding)
    done: SyncDone = wait_for(job)
    if as_json:
        show_json(asdict(done))
        return
    say(f"{done.venue}: {done.bars.fetched:,} bars fetched, {done.bars.added:,} of them new")
    if funding:
        say(f"{done.funding:,} funding rates fetched")


@data_group.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--symbol", help="If the file does not tell, or tells wrongly.")
@click.option("--category", type=click.Choice(CATEGORIES))
@click.option("--interval")
@click.option("--kind", type=click.Choice(KINDS))
@click.option("--volume", type=click.Choice(get_args(VolumeUnit)), default="base")
@click.option("--on-conflict", type=click.Choice(ON_CONFLICT), default="stop", show_default=True)
@json_option
def import_command(*, path: Path, as_json: bool, interval: str | None, **given: Any) -> None:
    """Store the bars and funding rates of a file, folder or archive; its layout is recognised."""
    given["interval"] = None if interval is None else parse_interval(interval)
    done = wait_for(start_import(path, settings_from(), **given))
    if as_json:
        show_json(asdict(done))
        return
    say(f"{path}: {', '.join(done.formats)}, {done.rows_read:,} rows")
    for remark in done.remarks:
        say(f"  {remark}")
    say(f"  {', '.join(done.series)}")
    stored = done.stored
    duplicates = done.duplicates_in_file + stored.exact_duplicates
    conflicts = done.conflicts_in_file + stored.conflicts
    text = f"  {stored.added:,} new rows, {duplicates:,} duplicates, {conflicts:,} conflicts"
    say(text + (f", {done.unfinished} unfinished bar dropped" if done.unfinished else ""))


@data_group.command("list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List what is stored, with the gaps between bars."""
    found = stored_bars(settings_from())
    if as_json:
        show_json([{"source": source, **_coverage(one)} for source, one in found])
    elif not found:
        say("Nothing is stored yet: bst data sync, or bst data import.")
    else:
        heads = ("series", "source", "bars", "from", "to", "gaps", "bars missing")
        show_table(TextTable("", heads, tuple(_line(source, one) for source, one in found)))


@data_group.command("verify")
@click.argument("symbols", nargs=-1)
@json_option
def verify_command(*, symbols: tuple[str, ...], as_json: bool) -> int:
    """Read everything that is stored of SYMBOLS, or of all, and tell what is wrong with it.

    The exit code is 1 when something is.
    """
    found = wait_for(start_verify(symbols, settings_from()))
    if as_json:
        show_json([{"source": source, **_verified(one)} for source, one in found])
    else:
        for source, one in found:
            _tell(source, one)
    return 0 if all(one.sound for _, one in found) else 1


@data_group.command("export")
@click.argument("symbol")
@click.option("--interval", default="1", show_default=True)
@_category
@click.option("--kind", type=click.Choice(KINDS), default="last", show_default=True)
@click.option("--source", help="imported or a venue; the one that has the symbol if left out.")
@click.option("--start", help="UTC.")
@click.option("--end", help="UTC, exclusive.")
@click.option("--to", "path", type=click.Path(path_type=Path), required=True)
@json_option
def export_command(
    *, symbol: str, interval: str, path: Path, as_json: bool, source: str | None, **given: Any
) -> None:
    """Write bars of SYMBOL into a .csv, .parquet or .feather file; coarser ones are made."""
    settings = settings_from()
    market = check_market(given["category"], symbol)
    series = Series(market.category, symbol, parse_interval(interval), given["kind"])
    bounds = [None if given[k] is None else moment_ms(k, given[k]) for k in ("start", "end")]
    held = source or source_holding(market, settings)
    n_bars = wait_for(start_export(series, held, bounds[0], bounds[1], path, settings))
    if as_json:
        show_json({"series": str(series), "source": held, "bars": n_bars, "path": str(path)})
    else:
        say(f"{n_bars:,} bars of {series} ({held}): {path}")


def _line(source: str, one: Coverage) -> tuple[str, ...]:
    missing = sum(gap.missing_bars for gap in one.gaps)
    first, last = one.ranges[0].start_ms, one.ranges[-1].end_ms
    bounds = [utc_text(first), utc_text(last)]
    return str(one.series), source, f"{one.n_bars:,}", *bounds, str(len(one.gaps)), f"{missing:,}"


def _coverage(one: Coverage) -> dict[str, Any]:
    return {
        "series": str(one.series),
        "bars": one.n_bars,
        "ranges": [list(part) for part in one.ranges],
        "gaps": [gap._asdict() for gap in one.gaps],
    }


def _verified(one: Verified) -> dict[str, Any]:
    gaps = [gap._asdict() for gap in one.gaps]
    return {**asdict(one), "series": str(one.series), "gaps": gaps, "sound": one.sound}


def _tell(source: str, one: Verified) -> None:
    verdict = "sound" if one.sound else "NOT SOUND"
    say(f"{one.series} ({source}): {one.n_bars:,} bars, {verdict}")
    for gap in one.gaps[:_SHOWN_GAPS]:
        asked = ", the venue has none" if gap.asked else ""
        span = f"{utc_text(gap.start_ms)} to {utc_text(gap.end_ms)}"
        say(f"  gap of {gap.missing_bars:,} bars: {span}{asked}")
    if len(one.gaps) > _SHOWN_GAPS:
        say(f"  and {len(one.gaps) - _SHOWN_GAPS:,} gaps more (--json lists all)")
