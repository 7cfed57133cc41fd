"""Which command line asks for the same again? A request as `bst` options."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from serve.commands.requests import AxisRequest, BacktestRequest, Number, SweepRequest
from strategies.moments import moment_text

if TYPE_CHECKING:
    # It brings the readers of lists of trades, which are slow to import.
    from serve.commands.trade_list import TradeListRequest

_DAY_MS: Final = 86_400_000


def command_of(name: str, request: BacktestRequest) -> str:
    """`bst name …` with every option that differs from its default.

    A strategy given as a graph has no name: its place is taken by a file to save it to.
    """
    strategy = request.strategy if isinstance(request.strategy, str) else "strategy.json"
    words = ["bst", name, strategy, *_data(request), *_rest(request)]
    for parameter, value in request.parameters.items():
        words += ["--set", f"{parameter}={value:g}"]
    if isinstance(request, SweepRequest):
        words += _search(request)
    return shlex.join(words)


def trade_list_command(request: TradeListRequest) -> str:
    """`bst metrics …` with every option that differs from its default."""
    words = ["bst", "metrics", str(request.trades)]
    said = request.model_dump(mode="json", exclude_defaults=True, exclude={"trades"})
    for field, value in said.items():
        shown = _moment(value) if field in ("start", "end") else value
        words += _option(field, shown)
    return shlex.join(words)


def _data(request: BacktestRequest) -> Iterator[str]:
    data = request.data
    if data.file is not None:
        yield from ("--file", str(data.file))
    if data.file is None or "symbols" in data.model_fields_set:
        for symbol in data.symbols:
            yield from ("--symbol", symbol)
    for interval in data.intervals:
        yield from ("--interval", interval)
    for option, value in (("--start", data.start), ("--end", data.end)):
        if value is not None:
            yield from (option, _moment(value))


def _rest(request: BacktestRequest) -> Iterator[str]:
    parts = {
        "data": request.data.model_dump(
            mode="json",
            exclude_defaults=True,
            exclude={"symbols", "intervals", "start", "end", "file"},
        ),
        "broker": request.broker.model_dump(mode="json", exclude_defaults=True),
        "instrument": {}
        if request.instrument is None
        else request.instrument.model_dump(mode="json", exclude_defaults=True),
    }
    for fields in parts.values():
        for field, value in fields.items():
            yield from _option(field, value)
    if request.engine != "auto":
        yield from _option("engine", request.engine)


def _search(request: SweepRequest) -> Iterator[str]:
    for name, said in request.space.items():
        yield from ("--axis", f"{name}={_axis(said)}")
    dumped = request.model_dump(mode="json", exclude_defaults=True)
    for field in ("search", "rows", "seed", "batch", "train_percent", "objective"):
        if field in dumped:
            yield from _option(field, dumped[field])
    if request.vary is not None:
        for field, most in request.vary.model_dump().items():
            yield from _option(field, most)
    if request.early_stop is not None:
        for share in request.early_stop.at_percent:
            yield from _option("stop_at_percent", share)
        yield from _option("keep_percent", request.early_stop.keep_percent)
    for field in ("where", "require", "start_from", "trade_off"):
        for one in dumped.get(field, ()):
            yield from _option(field, one)


def _option(field: str, value: object) -> Iterator[str]:
    name = f"--{field.replace('_', '-')}"
    if isinstance(value, bool):
        yield name if value else f"--no-{field.replace('_', '-')}"
    else:
        yield from (name, value if isinstance(value, str) else json.dumps(value))


def _axis(said: AxisRequest | list[Number] | Number) -> str:
    if isinstance(said, AxisRequest):
        step = "" if said.step is None else f":{said.step:g}"
        return f"{said.low:g}:{said.high:g}{step}" + (":log" if said.log else "")
    listed = said if isinstance(said, list) else [said]
    return ",".join(f"{value:g}" for value in listed)


def _moment(time_ms: int) -> str:
    day, _, clock = moment_text(time_ms).partition(" ")
    return f"{day}T{clock}Z" if clock else day
