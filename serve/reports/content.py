"""What does a report say? Values and words, without any HTML.

Whoever fills these types passes what it has at full length: reducing it to what a page can show
is the page's work. Fractions stay fractions (0.12 is shown as 12%), times are UTC milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engines.bars import Bars, Floats
from engines.batch.summary import STATISTICS
from engines.errors import InvalidInput
from engines.intervals import Times
from engines.result import Table
from engines.spec import Value
from tune.verdict import Verdict

# Statistics by their names in `engines.batch.summary.STATISTICS`; NaN and infinity are allowed.
Figures = Mapping[str, float]

TRADE_COLUMNS = (
    "number",
    "side",
    "entry_ms",
    "entry_price",
    "exit_ms",
    "exit_price",
    "qty",
    "entry_fee",
    "exit_fee",
    "funding",
    "pnl",
    "pnl_fraction",
    "mfe",
    "mae",
    "entry_bar",
    "exit_bar",
    "reason",
)


@dataclass(frozen=True)
class Fact:
    """A label and what stands behind it."""

    label: str
    value: str


@dataclass(frozen=True)
class Source:
    """Where the bars came from; a synthetic source is shown so that nobody overlooks it."""

    text: str
    synthetic: bool = False


@dataclass(frozen=True)
class Currency:
    """What money is counted in, and how many decimals are worth showing."""

    code: str = "USDT"
    digits: int = 2


@dataclass(frozen=True)
class Period:
    """Statistics of one stretch of a run: in sample, out of sample, or all of it."""

    name: str
    figures: Figures

    def __post_init__(self) -> None:
        check_names(f"figures of {self.name}", self.figures)


@dataclass(frozen=True)
class RankedRow:
    """One of the best rows of a sweep. Without a split, `out_of_sample` is empty.

    `market` tells symbol and interval where a sweep has several.
    """

    rank: int
    parameters: Mapping[str, Value]
    in_sample: Figures
    out_of_sample: Figures = field(default_factory=dict)
    market: str = ""

    def __post_init__(self) -> None:
        check_names(f"in_sample of rank {self.rank}", self.in_sample)
        check_names(f"out_of_sample of rank {self.rank}", self.out_of_sample)


@dataclass(frozen=True, eq=False)
class Scatter:
    """A statistic of many rows, in sample against out of sample, both (n_points,).

    Rows where either is NaN or infinite are not drawn. `best` are the points of the best rows,
    first rank first. The points may be a sample of `n_rows` rows; `rank_correlation` (Spearman,
    NaN if undefined) is that of all rows.
    """

    statistic: str
    in_sample: Floats
    out_of_sample: Floats
    best: tuple[int, ...]
    n_rows: int
    rank_correlation: float

    def __post_init__(self) -> None:
        check_names("scatter", [self.statistic])
        n_points = len(self.in_sample)
        if len(self.out_of_sample) != n_points:
            found = f"{len(self.out_of_sample)} points"
            raise InvalidInput("out_of_sample", found, f"{n_points}, as many as in_sample")
        if not all(0 <= point < n_points for point in self.best):
            raise InvalidInput("best", self.best, f"points from 0 to {n_points - 1}")


@dataclass(frozen=True, eq=False)
class Surface:
    """A statistic over two parameters: `values` (n_y, n_x), NaN where no row was tried.

    `aggregation` says what became of the other parameters ("median over stop and target").
    `best` is (row, column) of the cell to mark.
    """

    statistic: str
    x_name: str
    x_values: tuple[Value, ...]
    y_name: str
    y_values: tuple[Value, ...]
    values: Floats
    aggregation: str
    best: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        check_names("surface", [self.statistic])
        shape = (len(self.y_values), len(self.x_values))
        name = f"surface of {self.x_name} and {self.y_name}"
        if self.values.shape != shape:
            raise InvalidInput(name, f"shape {self.values.shape}", f"shape {shape}, (n_y, n_x)")
        if self.best and not (0 <= self.best[0] < shape[0] and 0 <= self.best[1] < shape[1]):
            raise InvalidInput(f"best of {name}", self.best, f"a (row, column) within {shape}")


@dataclass(frozen=True)
class Sweep:
    """What the rows of a sweep did. `statistics` are those that its tables of rows show.

    `front` are the rows that no other beats in every objective, empty with one objective.
    """

    rows_tried: int
    statistics: tuple[str, ...]
    best: tuple[RankedRow, ...]
    front: tuple[RankedRow, ...] = ()
    quote: Currency = Currency()
    scatter: Scatter | None = None
    surfaces: tuple[Surface, ...] = ()

    def __post_init__(self) -> None:
        check_names("statistics", self.statistics)


@dataclass(frozen=True)
class Costs:
    """What trading cost, in quote currency. Funding is positive when paid; NaN is unknown."""

    fees: float
    turnover: float
    gross_profit: float
    funding: float = 0.0
    slippage: float = float("nan")


@dataclass(frozen=True, eq=False)
class Run:
    """One backtest, a tab of the page.

    `equity` (n_bars,) is marked at the close of the bars that open at `open_ms`; `hold` is that
    of buying and holding, or None. `trades` and `refusals` are those of an
    `engines.result.Result`. `bars` are the candles to draw; None leaves the price chart out.
    `metrics` are those of `engines.metrics.registry`, `months`, `years`, `falls` and `rolling` the
    columns of `engines.metrics.periods`; without any their tables are left out. `value` is money
    per point and unit of quantity. From `split_ms` on the run is out of sample. Raises
    InvalidInput for columns that do not fit together and for equity that is not finite.
    """

    name: str
    periods: tuple[Period, ...]
    initial_cash: float
    open_ms: Times
    equity: Floats
    trades: Table
    refusals: Table
    costs: Costs
    hold: Floats | None = None
    bars: Bars | None = None
    split_ms: int | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    quote: Currency = Currency()
    metrics: Mapping[str, float] = field(default_factory=dict)
    months: Table = field(default_factory=dict)
    years: Table = field(default_factory=dict)
    falls: Table = field(default_factory=dict)
    rolling: Table = field(default_factory=dict)
    value: float = 1.0

    def __post_init__(self) -> None:
        for name, column in (("equity", self.equity), ("hold", self.hold)):
            if column is not None:
                self._check_line(name, column)
        missing = [name for name in TRADE_COLUMNS if name not in self.trades]
        if missing:
            raise InvalidInput(f"trades of {self.name}", f"no {missing}", "every trade column")
        if "reason" not in self.refusals:
            raise InvalidInput(f"refusals of {self.name}", "no reason", "a column of reasons")
        if not self.periods:
            raise InvalidInput(f"periods of {self.name}", (), "at least one")

    def _check_line(self, name: str, column: Floats) -> None:
        if len(column) != len(self.open_ms):
            expected = f"{len(self.open_ms)}, as many as open_ms"
            raise InvalidInput(f"{name} of {self.name}", f"{len(column)} values", expected)
        if not np.isfinite(column).all():
            raise InvalidInput(f"{name} of {self.name}", "NaN or infinite", "finite money")


@dataclass(frozen=True)
class Held:
    """One rebalancing of a portfolio: when, why, and the weights aimed at by symbol."""

    time: str
    cause: str
    weights: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Portfolio:
    """What the legs of one account brought, and how they moved together.

    `brought` (n_legs,) in quote currency at the end, after the `fees` and `funding` of each leg;
    the correlations are (n_legs, n_legs), NaN where one does not vary. `rebalanced` is how often
    weights were put right, `held` the last of those times.
    """

    symbols: tuple[str, ...]
    strategies: tuple[str, ...]
    brought: Floats
    fees: Floats
    funding: Floats
    trades: tuple[int, ...]
    markets: Floats
    profits: Floats
    initial_cash: float
    quote: Currency = Currency()
    rebalanced: int = 0
    held: tuple[Held, ...] = ()


@dataclass(frozen=True)
class Report:
    """A whole page. Without `sweep` it is the report of one backtest, or of several.

    `sentence` is the result in words a trader understands; `command` reproduces it; `code` is
    the strategy as Python; `verdict` is that of the sweep.
    """

    title: str
    sentence: str
    created: str
    source: Source
    facts: tuple[Fact, ...]
    digests: tuple[Fact, ...]
    command: str
    code: str
    runs: tuple[Run, ...]
    notes: tuple[str, ...] = ()
    sweep: Sweep | None = None
    verdict: Verdict | None = None
    portfolio: Portfolio | None = None


def check_names(field_name: str, names: Mapping[str, float] | tuple[str, ...] | list[str]) -> None:
    """Raise InvalidInput when a name is none of the statistics."""
    unknown = [name for name in names if name not in STATISTICS]
    if unknown:
        raise InvalidInput(field_name, unknown, f"names of statistics: {', '.join(STATISTICS)}")
