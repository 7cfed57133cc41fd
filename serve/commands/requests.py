"""What may be asked for? Requests as types, read from YAML, JSON, options or keywords.

The published schema (docs/reference) is made from these models. Percent appears only here, in
fields whose name says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from engines.bars import Category
from engines.batch.summary import STATISTICS
from engines.broker import (
    PROFILE_OF,
    PROFILES,
    Broker,
    ExitsFrom,
    FillAt,
    FundingFrom,
    MarginMode,
    MarkFrom,
    PositionMode,
    Profile,
    SizeAt,
)
from engines.errors import InvalidInput
from engines.intervals import Interval, parse_interval
from strategies.running import Engine
from strategies.variation.family import Limits
from tune.conditions import condition_of
from tune.halving import Halving
from tune.ranking import Wanted
from tune.search.guidance import LIBRARY_OF, check_guidance
from tune.space import Kind

Request = TypeVar("Request", bound="Model")


def _interval(value: object) -> object:
    if not isinstance(value, (str, int)):
        return value
    try:
        return parse_interval(str(value))
    except InvalidInput as error:
        raise ValueError(error.expected) from None


def _finer(value: object) -> object:
    return value if value in ("auto", "none") else _interval(value)


def _moment_ms(value: object) -> object:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
    if isinstance(value, date):
        return _moment_ms(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, str) and not value.isdigit():
        try:
            return _moment_ms(datetime.fromisoformat(value))
        except ValueError:
            raise ValueError("a date like 2025-01-31, a time like 2025-01-31T12:00Z") from None
    return value


IntervalCode = Annotated[Interval, BeforeValidator(_interval)]
FinerCode = Annotated[Interval | Literal["auto", "none"], BeforeValidator(_finer)]
MomentMs = Annotated[
    int,
    BeforeValidator(_moment_ms),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
]
Number = int | float
SourceName = Literal["auto", "imported", "sandbox", "mainnet", "testnet", "demo"]


class Model(BaseModel):
    """Base of all requests: unknown fields are errors, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BrokerRequest(Model):
    """Under whose rules orders fill. Fields left out come from the profile."""

    profile: Profile | None = Field(
        default=None, description="left out: Bybit's for the category of the data"
    )
    initial_cash: float | None = Field(
        default=None, gt=0, description="quote currency; of an inverse contract its coin"
    )
    leverage: float | None = Field(default=None, gt=0, le=1000)
    taker_fee_percent: float | None = Field(
        default=None, ge=-10, le=50, description="of the notional"
    )
    maker_fee_percent: float | None = Field(
        default=None, ge=-10, le=50, description="of the notional"
    )
    fee_per_contract: float | None = Field(default=None, ge=0)
    fee_per_order: float | None = Field(default=None, ge=0)
    slippage_ticks: float | None = Field(default=None, ge=0)
    fill_at: FillAt | None = None
    size_at: SizeAt | None = None
    exits_from: ExitsFrom | None = None
    compare_tolerance: float | None = Field(default=None, ge=0, le=1)
    margin_mode: MarginMode | None = Field(
        default=None, description="liquidate as Bybit does; single backtests only"
    )
    position_mode: PositionMode | None = Field(
        default=None, description="hedge holds a long and a short at once; event strategies only"
    )
    mark_price: MarkFrom | None = Field(
        default=None, description="history liquidates and funds by the venue's mark price"
    )
    funding: FundingFrom | None = Field(
        default=None, description="history pays the rates of the symbol at their own times"
    )

    def broker(self, category: Category) -> Broker:
        """The engine's settings for markets of a category."""
        given = self.model_dump(exclude_none=True, exclude={"profile"})
        for name in ("taker_fee", "maker_fee"):
            if f"{name}_percent" in given:
                given[f"{name}_rate"] = given.pop(f"{name}_percent") / 100.0
        return replace(PROFILES[self.profile or PROFILE_OF[category]], **given)


class InstrumentRequest(Model):
    """Grid of an instrument that no catalog knows, as decimal text; 0 means unrounded."""

    tick: str = Field(default="0", pattern=r"^\d+(\.\d+)?$")
    lot: str = Field(default="0", pattern=r"^\d+(\.\d+)?$")
    min_notional: str = Field(default="0", pattern=r"^\d+(\.\d+)?$")
    contract_value: str = Field(default="1", pattern=r"^\d+(\.\d+)?$")
    timezone: str = Field(default="UTC", description="IANA name of the exchange's time zone")
    day_start: str = Field(default="00:00", description="when its day begins, such as 17:00")


class DataRequest(Model):
    """Which bars: symbols of a catalog (fetched when missing), or a file."""

    symbols: tuple[str, ...] = Field(default=("BTCUSDT",), min_length=1)
    category: Literal["linear", "inverse", "spot"] = "linear"
    intervals: tuple[IntervalCode, ...] = Field(default=("15",), min_length=1)
    start: MomentMs | None = Field(default=None, description="UTC; date, time or milliseconds")
    end: MomentMs | None = Field(default=None, description="UTC, exclusive")
    finer: FinerCode = Field(
        default="auto", description="interval of the bars that fills walk through inside each bar"
    )
    source: SourceName = Field(
        default="auto",
        description="auto: imported bars of the symbol if there are any, else those of BST_VENUE",
    )
    fetch: bool = Field(default=True, description="fetch from the venue what is missing")
    file: Path | None = Field(default=None, description="bars in any layout that can be imported")
    rates: Path | None = Field(
        default=None,
        description="bars of the quote currency in account_currency; event strategies only",
    )
    account_currency: str = Field(
        default="", description="what the account is kept in, where it is not the quote currency"
    )
    warm_up_days: float = Field(
        default=0, ge=0, description="bars before start that indicators see"
    )


class BacktestRequest(Model):
    """One run per symbol and interval."""

    strategy: str | dict[str, Any] = Field(
        description="library name, JSON file, Python file of an event strategy, or a graph"
    )
    parameters: dict[str, Number] = Field(default_factory=dict)
    data: DataRequest = DataRequest()
    broker: BrokerRequest = BrokerRequest()
    instrument: InstrumentRequest | None = None
    engine: Engine = Field(
        default="auto",
        description="auto: the kernel, or the event engine for rules that the kernel lacks; "
        "gpu: the kernel on a CUDA GPU, never chosen by itself",
    )


class AxisRequest(Model):
    """A parameter's range; without a step a grid takes about ten values."""

    low: float
    high: float
    step: float | None = Field(default=None, gt=0)
    log: bool = False


class VaryRequest(Model):
    """How far rows may change the graph: changes of each kind, at most."""

    swaps: int = Field(default=2, ge=0, le=4, description="indicators taken for others")
    filters: int = Field(default=2, ge=0, le=4, description="conditions put before the entries")
    drops: int = Field(default=1, ge=0, le=1, description="conditions of the entries left out")


class EarlyStopRequest(Model):
    """Rows that are judged on the first part of the history; only the best see more of it."""

    at_percent: tuple[Annotated[float, Field(gt=0, lt=100)], ...] = Field(
        default=(25, 50), min_length=1, description="of the in-sample bars, in rising order"
    )
    keep_percent: float = Field(
        default=33, gt=0, lt=100, description="of the rows, that go on each time"
    )


class SweepRequest(BacktestRequest):
    """Many rows of parameters over every symbol and interval."""

    space: dict[str, AxisRequest | list[Number] | Number] = Field(
        default_factory=dict,
        description="axes; parameters left out are searched over their own ranges",
    )
    search: Kind = Field(
        default="grid",
        description="grid; random, latin or sobol samples; or guided by what came out: tpe, cmaes, "
        "nsga2, nsga3, gp, refine, genetic",
    )
    rows: int | None = Field(default=None, ge=1, description="rows of a search that samples")
    seed: int = Field(default=0, ge=0)
    batch: int | None = Field(
        default=None, ge=1, description="rows between two looks of a guided search"
    )
    where: tuple[str, ...] = Field(
        default=(), description="relations that rows have to keep, such as fast * 2 < slow"
    )
    require: tuple[str, ...] = Field(
        default=(),
        description="what statistics have to be in sample: max_drawdown < 20%, trades >= 30",
    )
    start_from: tuple[str, ...] = Field(
        default=(), description="sweeps whose best rows a guided search begins with, by digest"
    )
    vary: VaryRequest | None = Field(
        default=None,
        description="rows change the graph as well; a genetic search does unless this says 0",
    )
    early_stop: EarlyStopRequest | None = Field(
        default=None, description="judge rows on a part of the history first; not if guided"
    )
    train_percent: float = Field(
        default=70, gt=0, le=100, description="share of the bars in-sample"
    )
    objective: str = Field(default="sharpe", description="statistic that ranks the rows")
    trade_off: tuple[str, ...] = Field(
        default=(),
        description="further statistics: rows that no other beats in all are the Pareto front",
    )

    def check(self) -> None:
        """Raise InvalidInput for what one field alone cannot tell."""
        for name, given in (
            ("objective", self.objective),
            *(("trade_off", x) for x in self.trade_off),
        ):
            if given not in STATISTICS:
                raise InvalidInput(name, given, f"one of {', '.join(STATISTICS)}")
        if self.engine not in ("auto", "cpu", "gpu"):
            raise InvalidInput("engine", self.engine, "auto, cpu or gpu for a sweep")
        for text in self.require:
            condition_of("require", text, STATISTICS)
        if self.data.rates is not None or self.data.account_currency:
            expected = "left out: only an event strategy's account has a currency of its own"
            raise InvalidInput("data.account_currency", self.data.account_currency, expected)
        if self.engine == "gpu" and self.limits is not None:
            raise InvalidInput("engine", "gpu", "auto or cpu: graphs of a few rows fill no GPU")
        self._check_early_stop()
        if self.search != "grid" and self.rows is None:
            raise InvalidInput("rows", None, f"a number for a {self.search} search")
        self._check_guidance()

    @property
    def limits(self) -> Limits | None:
        """How far rows may change the graph, None for not at all."""
        vary = self.vary
        if vary is None and self.search == "genetic":
            vary = VaryRequest()
        return None if vary is None else Limits(vary.swaps, vary.filters, vary.drops)

    @property
    def halving(self) -> Halving | None:
        """When rows are stopped early, None for never."""
        stop = self.early_stop
        if stop is None:
            return None
        at = tuple(share / 100.0 for share in stop.at_percent)
        return Halving(at, stop.keep_percent / 100.0, self.objective)

    @property
    def wanted(self) -> Wanted:
        """What is looked for: the objective that ranks, those beside it, what is required."""
        objectives = tuple(dict.fromkeys((self.objective, *self.trade_off)))
        require = [condition_of("require", text, STATISTICS) for text in self.require]
        return Wanted(objectives, tuple(require))

    def _check_early_stop(self) -> None:
        if self.early_stop is None:
            return
        at = self.early_stop.at_percent
        if list(at) != sorted(set(at)):
            raise InvalidInput("early_stop.at_percent", at, "rising, such as 25, 50")
        if self.search in LIBRARY_OF:
            expected = "left out: a guided search compares rows that saw the same history"
            raise InvalidInput("early_stop", self.search, expected)

    def _check_guidance(self) -> None:
        if self.search in LIBRARY_OF:
            check_guidance(self.search, self.rows or 0, self.wanted.objectives)
            return
        for name in ("batch", "start_from"):
            if getattr(self, name):
                expected = f"left out, or one of the searches {', '.join(LIBRARY_OF)}"
                raise InvalidInput(name, getattr(self, name), expected)


def request_from(kind: type[Request], fields: Mapping[str, Any]) -> Request:
    """A request from plain values. Raises InvalidInput naming the first field that is wrong."""
    try:
        request = kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "request"
        raise InvalidInput(place, first["input"], _expected(first["msg"])) from error
    if isinstance(request, SweepRequest):
        request.check()
    return request


def moment_ms(field_name: str, text: str) -> int:
    """UTC milliseconds of a date, time or number of milliseconds. Raises InvalidInput."""
    try:
        found = _moment_ms(text)
        return int(str(found))
    except ValueError:
        expected = "a date like 2025-01-31, a time like 2025-01-31T12:00Z"
        raise InvalidInput(field_name, text, expected) from None


def read_request(path: Path) -> dict[str, Any]:
    """The fields of a YAML or JSON file. Raises InvalidInput for anything but a mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidInput("spec file", str(path), "a file that exists") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise InvalidInput("spec file", str(path), "a YAML or JSON text file") from None
    try:
        fields = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise InvalidInput("spec file", str(path), f"YAML or JSON ({error})") from None
    if not isinstance(fields, dict):
        raise InvalidInput("spec file", str(path), "a mapping of fields")
    return fields


def _expected(message: str) -> str:
    if message == "Extra inputs are not permitted":
        return "left out: there is no such field"
    if message.startswith("String should match pattern"):
        return "a plain decimal number such as 0.01"
    return message.removeprefix("Value error, ").removeprefix("Input should be ")
