"""Which options ask for what? The fields of the requests as options of the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from engines.errors import InvalidInput
from serve.commands.requests import read_request

Command = TypeVar("Command", bound=Callable[..., Any])

_DATA: Final = ("symbol", "interval", "category", "start", "end", "finer", "source", "fetch")
_LISTED: Final = {
    "symbol": "symbols",
    "interval": "intervals",
    "stop_at_percent": "at_percent",
}
_BROKER: Final = (
    "profile",
    "initial_cash",
    "leverage",
    "taker_fee_percent",
    "maker_fee_percent",
    "fee_per_contract",
    "fee_per_order",
    "slippage_ticks",
    "fill_at",
    "size_at",
    "exits_from",
    "compare_tolerance",
    "margin_mode",
    "position_mode",
    "mark_price",
    "funding",
)
_INSTRUMENT: Final = ("tick", "lot", "min_notional", "contract_value", "timezone", "day_start")
_STOP: Final = ("stop_at_percent", "keep_percent")
_VARY: Final = ("swaps", "filters", "drops")
_SEARCH: Final = ("search", "rows", "seed", "batch", "train_percent", "objective")
# Options that may be given more than once.
_SEARCH_LISTS: Final = ("where", "require", "start_from", "trade_off")

csv_option = click.option(
    "--csv",
    type=click.Path(path_type=Path),
    help="Folder for the list of trades and the summary as TradingView writes them.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


_RUN: Final = (
    click.option(
        "--spec",
        type=click.Path(path_type=Path),
        help="YAML or JSON file; options here overrule it.",
    ),
    click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Fix a parameter."),
    click.option("--symbol", multiple=True, help="For example BTCUSDT; may be repeated."),
    click.option("--interval", multiple=True, help="1, 5, 15, 60, 240, D …; may be repeated."),
    click.option("--category", help="linear, inverse or spot."),
    click.option("--start", help="First day or moment, UTC."),
    click.option("--end", help="End, UTC, exclusive."),
    click.option("--finer", help="Bars that fills walk through: auto, none or an interval."),
    click.option("--source", help="auto, imported, sandbox, mainnet, testnet or demo."),
    click.option("--fetch/--no-fetch", default=None, help="Fetch bars that are missing."),
    click.option("--warm-up-days", type=float, help="Days before start for indicators."),
    click.option("--profile", help="bybit_linear, bybit_inverse, bybit_spot or tradingview."),
    click.option("--initial-cash", type=float, help="Quote currency; coin of an inverse contract."),
    click.option("--leverage", type=float),
    click.option("--taker-fee-percent", type=float, help="Percent of the notional."),
    click.option("--maker-fee-percent", type=float, help="Percent of the notional."),
    click.option("--fee-per-contract", type=float),
    click.option("--fee-per-order", type=float),
    click.option("--slippage-ticks", type=float),
    click.option("--fill-at", help="next_open or close."),
    click.option("--size-at", help="signal or fill."),
    click.option("--exits-from", help="fill or next_bar."),
    click.option("--compare-tolerance", type=float, help="Numbers this close are equal."),
    click.option("--margin-mode", help="none, isolated or cross: liquidate as Bybit does."),
    click.option("--position-mode", help="one_way, or hedge: long and short side by side."),
    click.option("--mark-price", help="last, or history: the venue's own marks positions."),
    click.option("--funding", help="none, or history: pay the symbol's own."),
    click.option("--engine", help="auto, cpu, gpu, event or reference (the oracle)."),
    click.option("--tick", help="Price step, instead of the venue's."),
    click.option("--lot", help="Quantity step, instead of the venue's."),
    click.option("--min-notional", help="Smallest order, instead of the venue's."),
    click.option("--contract-value", help="Value of a point, instead of 1."),
    click.option("--timezone", help="The exchange's, with --tick and --lot: America/New_York."),
    click.option("--day-start", help="When the exchange's day begins, such as 17:00."),
    click.option("--account-currency", help="The account's, if not the quote currency."),
    click.option("--rates", type=click.Path(), help="Bars of the quote currency in it."),
)
_REQUEST: Final = (
    click.argument("strategy", required=False),
    *_RUN,
    click.option("--file", type=click.Path(), help="A file of bars to run on."),
    click.option("--report", type=click.Path(path_type=Path), help="Where the page goes."),
    json_option,
)
_BUDGET: Final = (
    click.option(
        "--priority", type=float, help="Share among sweeps at once on a cluster, 1 by default."
    ),
    click.option("--budget-hours", type=float, help="Stop after so long; finished parts are kept."),
    click.option("--budget-rows", type=int, help="Compute at most so many rows."),
    click.option("--budget-money", type=float, help="Spend at most so much, by --core-hour-price."),
    click.option("--core-hour-price", type=float, help="What a core costs an hour."),
)


def request_options(command: Command) -> Command:
    """Options that a backtest and a sweep share."""
    for option in reversed(_REQUEST):
        command = option(command)
    return command


def run_options(command: Command) -> Command:
    """The options that say how a strategy runs: not which one, nor on which file."""
    for option in reversed((*_RUN, json_option)):
        command = option(command)
    return command


def budget_options(command: Command) -> Command:
    """How much of a cluster a sweep may have."""
    for option in reversed(_BUDGET):
        command = option(command)
    return command


def fields_from(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a request: those of the spec file, overruled by the options that were given.

    Raises InvalidInput naming what cannot be read.
    """
    fields = read_request(given["spec"]) if given.get("spec") else {}
    if given.get("strategy"):
        fields["strategy"] = given["strategy"]
    if "strategy" not in fields:
        raise InvalidInput("strategy", "nothing", "a name of the library (bst strategies) or file")
    for part, names in (
        ("data", (*_DATA, "file", "warm_up_days", "rates", "account_currency")),
        ("broker", _BROKER),
    ):
        _overrule(fields, part, names, given)
    _overrule(fields, "instrument", _INSTRUMENT, given)
    _overrule(fields, "vary", _VARY, given)
    _overrule(fields, "early_stop", _STOP, given)
    for name in ("engine", *_SEARCH):
        if given.get(name) is not None:
            fields[name] = given[name]
    fields |= {name: list(given[name]) for name in _SEARCH_LISTS if given.get(name)}
    settings = dict(_setting(text) for text in given.get("settings", ()))
    if settings:
        fields["parameters"] = {**(fields.get("parameters") or {}), **settings}
    axes = dict(_axis(text) for text in given.get("axes", ()))
    if axes:
        fields["space"] = {**(fields.get("space") or {}), **axes}
    return fields


def _overrule(
    fields: dict[str, Any], part: str, names: tuple[str, ...], given: Mapping[str, Any]
) -> None:
    said = {
        _LISTED.get(name, name): list(given[name]) if name in _LISTED else given[name]
        for name in names
        if given.get(name) not in (None, ())
    }
    if said:
        before = fields.get(part) or {}
        if not isinstance(before, dict):
            raise InvalidInput(part, before, "a mapping of fields")
        fields[part] = {**before, **said}


def _setting(text: str) -> tuple[str, float]:
    name, separator, value = text.partition("=")
    if not separator:
        raise InvalidInput("--set", text, "name=value, for example fast=20")
    return name.strip(), number_from(f"--set {name}", value)


def _axis(text: str) -> tuple[str, Any]:
    name, separator, said = text.partition("=")
    field = f"--axis {name}"
    if not separator or not said:
        raise InvalidInput("--axis", text, "name=low:high[:step][:log] or name=a,b,c")
    if ":" not in said:
        return name, [number_from(field, value) for value in said.split(",")]
    parts = said.split(":")
    log = parts[-1] == "log"
    numbers = [number_from(field, value) for value in parts[: len(parts) - log]]
    if not 2 <= len(numbers) <= 3:
        raise InvalidInput(field, said, "low:high[:step][:log]")
    step = {"step": numbers[2]} if len(numbers) == 3 else {}
    return name, {"low": numbers[0], "high": numbers[1], "log": log, **step}


def number_from(field: str, text: str) -> float | int:
    """A number as a person writes it: 20, 1e-3. Raises InvalidInput naming the field."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(field, text, "a number") from None
