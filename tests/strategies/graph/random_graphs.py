"""Random strategies that use every kind of node, for round trips."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, get_args

from hypothesis import assume
from hypothesis import strategies as st

from engines.errors import InvalidInput
from engines.indicators.registry import INDICATORS
from engines.intervals import INTERVALS
from strategies.graph import (
    BreakEven,
    Cash,
    ClockExit,
    Condition,
    CoolDown,
    EntryOrder,
    Exit,
    ExternalColumn,
    FixedQty,
    Kelly,
    Ladder,
    LadderOrders,
    LimitEntry,
    Limits,
    OnlyInProfit,
    Param,
    PercentOfEquity,
    ReEntry,
    RiskPercent,
    SafetyClose,
    SafetyOrders,
    Scalar,
    Series,
    Session,
    SizeLimits,
    Sizing,
    Source,
    StopEntry,
    StopLoss,
    Strategy,
    TakeProfit,
    TimeExit,
    TrailingStop,
    VolatilityTarget,
    all_of,
    any_of,
    bars_since,
    constant,
    indicator,
    maximum,
    minimum,
    param,
    symbol,
)
from strategies.graph.exits import Anchor
from strategies.graph.ladders import Martingale
from strategies.graph.nodes import FIELDS
from strategies.graph.sessions import DAYS
from strategies.graph.strategy import EventStrategy
from strategies.graph.types import UNITS

PARAMS = (
    param("length", 14, low=2, high=200),
    param("close", 20, low=5, high=100, step=5),
    param("class", 3, choices=(1, 2, 3, 5)),
    param("bars", 2, low=0, high=10),
    param("factor", 2.0, low=0.5, high=8.0, step=0.25),
    param("level", 1e-7, low=1e-9, high=1e7, log=True),
    param("strategy", 0.1, low=-1.0, high=1.0),
)
MARKETS = (symbol("BTCUSDT"), symbol("ETHUSDT", "spot"), symbol("1000PEPEUSDT", kind="mark"))
anchors = st.sampled_from(get_args(Anchor))
FLOATS = st.floats(-1e9, 1e9, allow_nan=False)


@st.composite
def numbers(draw: st.DrawFn) -> Scalar:
    """A number or a parameter."""
    return draw(st.one_of(st.integers(-1000, 1000), FLOATS, st.sampled_from(PARAMS)))


@st.composite
def counts(draw: st.DrawFn, least: int = 1) -> Scalar:
    """A number of bars, or a parameter for one."""
    whole = [one for one in PARAMS if one.always_whole and one.low >= least]
    return draw(st.one_of(st.integers(least, 50), st.sampled_from(whole)))


@st.composite
def positives(draw: st.DrawFn) -> Scalar:
    """A positive number of at most 50, or a parameter for one."""
    small = [one for one in PARAMS if one.low > 0 and one.high <= 50]
    return draw(st.one_of(st.floats(1e-3, 50), st.integers(1, 50), st.sampled_from(small)))


@st.composite
def sources(draw: st.DrawFn) -> Series:
    """A column of the chart, another interval or another market."""
    field = draw(st.sampled_from(FIELDS))
    interval = draw(st.sampled_from((None, None, None, "60", "D", *INTERVALS)))
    market = draw(st.sampled_from((None, None, *MARKETS)))
    try:
        return Source(field, interval, market.ref if market else None)
    except InvalidInput:
        return Source("close", interval)


class Pool:
    """Series and conditions made so far; later ones are built from them, so parts are shared."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.series: list[Series] = [draw(sources()) for _ in range(3)]
        self.conditions: list[Condition] = []

    def one(self) -> Series:
        return self.draw(st.sampled_from(self.series))

    def condition(self) -> Condition:
        return self.draw(st.sampled_from(self.conditions))

    def operand(self) -> Any:
        return self.draw(numbers()) if self.draw(st.booleans()) else self.one()

    def indicator(self) -> Series:
        found = INDICATORS[self.draw(st.sampled_from(sorted(INDICATORS)))]
        inputs = {name: self.one() for name in found.inputs if name not in FIELDS}
        if self.draw(st.booleans()):
            inputs = {name: self.one() for name in found.inputs}
        fitting = {
            one.name: [p for p in PARAMS if p.low >= one.low and p.high <= one.high]
            for one in found.params
            if one.kind == "float"
        }
        values: dict[str, Scalar] = {
            one.name: self.draw(st.integers(int(one.low), min(int(one.high), 60)))
            for one in found.params
            if one.kind == "int"
        }
        for name, params in fitting.items():
            if len(params) > 0 and self.draw(st.booleans()):
                values[name] = self.draw(st.sampled_from(params))
        return indicator(found.name, inputs, values, self.draw(st.sampled_from(found.outputs)))

    def arithmetic(self) -> Series:
        a, b, kind = self.one(), self.operand(), self.draw(st.integers(0, 9))
        made: list[Callable[[], Series]] = [
            lambda: a + b,
            lambda: b - a,
            lambda: a * b,
            lambda: b / a,
            lambda: a - b,
            lambda: -a,
            lambda: abs(a),
            lambda: minimum(a, b, self.one()),
            lambda: maximum(a, b),
            lambda: constant(self.draw(numbers())) + self.draw(numbers()),
        ]
        return made[kind]()

    def other_series(self) -> Series:
        a, kind = self.one(), self.draw(st.integers(0, 6))
        if kind >= 5 and self.conditions:
            condition = self.condition()
            return bars_since(condition) if kind == 5 else condition.as_series()
        made: list[Callable[[], Series]] = [
            lambda: a[self.draw(counts(0))],
            lambda: a.as_unit(self.draw(st.sampled_from(UNITS))),
            lambda: a.on_chart(hold=self.draw(st.booleans())),
            lambda: ExternalColumn("fear & greed", "news", "percent"),
            lambda: a.on(self.draw(st.sampled_from(INTERVALS))),
        ]
        return made[kind % 5]()

    def comparison(self) -> Condition:
        a, b, kind = self.one(), self.operand(), self.draw(st.integers(0, 9))
        made: list[Callable[[], Condition]] = [
            lambda: a > b,
            lambda: a >= b,
            lambda: a < b,
            lambda: a <= b,
            lambda: a.equals(b),
            lambda: a.differs(b),
            lambda: a.crosses_above(b),
            lambda: a.crosses_below(b),
            lambda: a.crosses(b),
            lambda: constant(self.draw(numbers())) > b,
        ]
        return made[kind]()

    def combination(self) -> Condition:
        if not self.conditions:
            return self.comparison()
        a, b, kind = self.condition(), self.condition(), self.draw(st.integers(0, 8))
        made: list[Callable[[], Condition]] = [
            lambda: a & b,
            lambda: a | b,
            lambda: ~a,
            lambda: a[self.draw(counts(0))],
            lambda: a.within(50, self.draw(counts())),
            lambda: a.on_chart(hold=self.draw(st.booleans())),
            lambda: all_of(a, b, self.condition()),
            lambda: any_of(a, b, self.condition()),
            self.session,
        ]
        return made[kind]()

    def session(self) -> Condition:
        hours = self.draw(
            st.sampled_from((("00:00", "24:00"), ("09:30", "16:00"), ("22:00", "6:00")))
        )
        start, end = hours[0], hours[1].rjust(5, "0")
        days = self.draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True))
        return Session(self.draw(st.sampled_from(("UTC", "Asia/Tokyo"))), start, end, tuple(days))

    def grow(self) -> None:
        """Make one more node, if what was drawn fits together."""
        made = self.draw(st.integers(0, 4))
        makers = (self.indicator, self.arithmetic, self.other_series)
        try:
            if made < 3:
                self.series.append(makers[made]())
            else:
                self.conditions.append(self.comparison() if made == 3 else self.combination())
        except InvalidInput:
            return


@st.composite
def exits(draw: st.DrawFn, pool: Pool) -> tuple[Exit, ...]:
    """Some exits of every form."""
    price = pool.one().as_unit("price")
    forms: list[dict[str, Any]] = [
        {"percent": draw(positives())},
        {"ticks": draw(positives())},
        {"multiple": draw(positives()), "of": price},
        {"atr": draw(positives()), "length": draw(counts())},
        {"price": price},
        {"price": price, "short_price": pool.one().as_unit("none")},
    ]
    stop = StopLoss(**draw(st.sampled_from(forms)))
    if stop.of is not None or stop.price is not None:
        stop = StopLoss(
            multiple=stop.multiple,
            of=stop.of,
            price=stop.price,
            short_price=stop.short_price,
            follow=draw(st.booleans()),
        )
    made: list[Exit] = [
        stop,
        TakeProfit(**draw(st.sampled_from(forms[:4])), portion=40, anchor=draw(anchors)),
        TakeProfit(**draw(st.sampled_from(forms)), portion=draw(st.floats(1, 60))),
        draw(trailing(forms[2])),
        draw(break_even()),
        TimeExit(draw(counts()), draw(st.sampled_from((None, 0, 2.5, PARAMS[1])))),
        OnlyInProfit(draw(positives())),
        ClockExit("16:30", ("fri", "mon"), "America/New_York"),
        SafetyClose(draw(st.floats(1, 90))),
    ]
    chosen = draw(st.lists(st.sampled_from(made), unique=True))
    if made[4] in chosen:
        return (*made[1:3], *(one for one in chosen if one not in made[1:3]))
    return tuple(chosen)


@st.composite
def trailing(draw: st.DrawFn, multiple: dict[str, Any]) -> TrailingStop:
    """A trailing stop, with or without an activation."""
    form = draw(st.sampled_from(({"percent": 1.5}, {"ticks": 12}, multiple, {"atr": 2})))
    starts: tuple[dict[str, Any], ...] = ({}, {"activation_percent": 1}, {"activation_ticks": 3})
    return TrailingStop(**form, **draw(st.sampled_from(starts)))


@st.composite
def break_even(draw: st.DrawFn) -> BreakEven:
    """A break-even stop, with or without an offset."""
    triggers: tuple[dict[str, Any], ...] = (
        {"after_target": 2},
        {"trigger_percent": 1.5},
        {"trigger_ticks": 9},
    )
    offsets: tuple[dict[str, Any], ...] = ({}, {"offset_percent": 0.25}, {"offset_ticks": 2})
    return BreakEven(**draw(st.sampled_from(triggers)), **draw(st.sampled_from(offsets)))


@st.composite
def entries(draw: st.DrawFn, pool: Pool) -> EntryOrder | None:
    """An entry of any type, at any distance."""
    price = pool.one().as_unit("price")
    forms: list[dict[str, Any]] = [
        {"percent": draw(positives())},
        {"ticks": draw(positives())},
        {"multiple": draw(positives()), "of": price},
        {"price": price},
    ]
    form, bars = draw(st.sampled_from(forms)), draw(counts(0))
    made = (
        LimitEntry(**form, bars=bars),
        StopEntry(**form, bars=bars, limit_percent=draw(st.sampled_from((None, 0, 0.5)))),
    )
    return draw(st.sampled_from((None, *made)))


@st.composite
def ladders(draw: st.DrawFn, pool: Pool) -> SafetyOrders | None:
    """A ladder of any form."""
    price = pool.one().as_unit("price")
    forms: list[dict[str, Any]] = [
        {"range_percent": draw(positives())},
        {"step_percent": draw(positives())},
        {"step_ticks": draw(positives())},
        {"step_multiple": draw(positives()), "step_of": price},
    ]
    rest: dict[str, Any] = {
        "window": draw(st.integers(0, 5)),
        "trailing_percent": draw(st.floats(0, 9)),
    }
    listed = [draw(positives()), draw(positives())]
    made = (
        Ladder(
            **draw(st.sampled_from(forms)),
            orders=draw(st.integers(2, 9)),
            volume_scale=draw(positives()),
            martingale=draw(st.sampled_from(get_args(Martingale))),
            **rest,
        ),
        LadderOrders(offsets=listed, volumes=listed, first_volume=1, **rest),
    )
    return draw(st.sampled_from((None, *made)))


@st.composite
def limits(draw: st.DrawFn) -> Limits | None:
    """Limits of every kind."""
    if draw(st.booleans()):
        return None
    return Limits(
        trades_per_day=draw(counts(0)),
        trades_per_week=draw(counts(0)),
        orders_per_day=draw(counts(0)),
        losses_in_a_row=draw(counts(0)),
        loss_pause=draw(counts(0)),
        daily_loss_percent=draw(positives()),
        drawdown_percent=draw(positives()),
        timezone=draw(st.sampled_from(("UTC", "Asia/Tokyo"))),
    )


@st.composite
def sizings(draw: st.DrawFn, has_stop: bool, price: Series) -> Sizing:
    """A sizing rule that fits the exits."""
    made: list[Callable[[], Sizing]] = [
        lambda: VolatilityTarget(draw(positives())),
        lambda: VolatilityTarget(2, length=draw(counts()), max_percent=draw(positives())),
        lambda: VolatilityTarget(1.5, of=price),
        lambda: Kelly(draw(st.floats(0.1, 1.0)), draw(counts()), draw(positives())),
        Kelly,
    ]
    if draw(st.booleans()):
        return draw(st.sampled_from(made))()
    kinds: list[Callable[[Scalar], Sizing]] = [FixedQty, Cash, PercentOfEquity]
    if has_stop:
        kinds.append(RiskPercent)
    return draw(st.sampled_from(kinds))(draw(positives()))


@st.composite
def strategies(draw: st.DrawFn) -> Strategy:
    """A random strategy."""
    pool = Pool(draw)
    for _ in range(draw(st.integers(3, 18))):
        pool.grow()
    assume(pool.conditions)
    maybe = st.one_of(st.none(), st.sampled_from(pool.conditions))
    enter_short, during = draw(maybe), draw(maybe)
    resting, ladder = draw(exits(pool)), draw(ladders(pool))
    has_stop = any(isinstance(one, StopLoss) for one in resting)
    strategy = Strategy(
        draw(st.sampled_from(("x", "Überschlag №1", 'say "hi" \\ {x}'))),
        enter_long=pool.condition(),
        enter_short=enter_short,
        exit_long=draw(maybe),
        exit_short=draw(maybe) if enter_short is not None else None,
        exits=resting,
        sizing=draw(sizings(has_stop and ladder is None, pool.one().as_unit("price"))),
        limits=draw(limits()),
        re_entry=draw(st.sampled_from((None, ReEntry(3), ReEntry(0, True), ReEntry(PARAMS[0])))),
        size_limits=draw(st.sampled_from((None, SizeLimits(5), SizeLimits(max_percent=PARAMS[1])))),
        on_opposite=draw(st.sampled_from(("reverse", "close", "ignore"))),
        pyramiding=draw(counts()) if ladder is None else 1,
        cool_down=draw(st.sampled_from((None, CoolDown(3), CoolDown(PARAMS[0], "loss")))),
        direction=draw(st.sampled_from(("both", "long"))),
        during=during,
        entry=draw(entries(pool)),
        ladder=ladder,
        close_outside=during is not None and draw(st.booleans()),
        description=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=200)),
    )
    return with_constraints(strategy)


def with_constraints(strategy: Strategy) -> Strategy:
    """The strategy with relations between its parameters that their defaults keep."""
    used: tuple[Param, ...] = strategy.params
    ordered = sorted(used, key=lambda one: one.default)
    where = [a < b for a, b in pairwise(ordered) if a.default < b.default]
    return strategy.edit(where=[*where, *(one <= one.high for one in used[:1])])


EVENT = Strategy("grid", event=EventStrategy("grid", "ab" * 32))
