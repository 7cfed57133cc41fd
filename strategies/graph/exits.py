"""How is a position left besides signals? Stops, targets, trailing, break-even and time."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import ClassVar, Final, Literal, NamedTuple, cast

from engines.errors import InvalidInput
from engines.kernel.layout import MAX_TARGETS
from strategies.graph.expressions import Series, met
from strategies.graph.node import Node
from strategies.graph.nodes import indicator, label
from strategies.graph.numbers import whole_number
from strategies.graph.scalars import POSITIVE, Constraint, Range, Scalar
from strategies.graph.types import same_unit

Form = Literal["percent", "ticks", "multiple", "price"]

_PERCENT: Final = Range(0, 100, open_low=True)
_WHOLE_TICKS: Final = Range(1)
_OFFSET: Final = Range(0)
_BARS: Final = Range(1, 1_000_000, whole=True)
_TARGETS: Final = Range(1, MAX_TARGETS, whole=True)
_LENGTH: Final = 14


class Distance(NamedTuple):
    """Where a level lies: percent, ticks or a multiple of a series from the entry, or a price.

    `long` and `short` are the series behind a multiple or price, for either side.
    """

    form: Form
    value: Scalar | None = None
    long: Series | None = None
    short: Series | None = None


class Exit(Node):
    """Base of what rests in the market, or waits, while a position is open."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class _Level(Exit):
    """A level given in one of four forms; `atr` with `length` is a multiple of the atr."""

    percent: Scalar | None = None
    ticks: Scalar | None = None
    multiple: Scalar | None = None
    of: Series | None = None
    price: Series | None = None
    short_price: Series | None = None
    atr: InitVar[Scalar | None] = None
    length: InitVar[Scalar | None] = None

    def __post_init__(self, atr: Scalar | None, length: Scalar | None) -> None:
        if atr is not None or length is not None:
            _check_free(self.kind, "atr", self.multiple, self.of)
            self._set(**_atr_multiple(self.kind, "", atr, length))
        super().__post_init__()

    def _check(self) -> None:
        _check_one_form(self, ("percent", "ticks", "multiple", "price"))
        _check_number(self, "percent", self._percent_range())
        _check_number(self, "ticks", POSITIVE)
        _check_multiple(self, "multiple", "of")
        if self.short_price is not None and self.price is None:
            raise InvalidInput(f"{self.kind}.short_price", "alone", "given together with price")
        for name in ("price", "short_price"):
            _check_level_series(self, name)

    def _percent_range(self) -> Range:
        return _PERCENT

    @property
    def distance(self) -> Distance:
        """The level as one value."""
        if self.price is not None:
            short = self.price if self.short_price is None else self.short_price
            return Distance("price", None, self.price, short)
        return cast(Distance, _distance(self, ""))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StopLoss(_Level):
    """Leave at a loss: percent, ticks, multiple of a series (or of the atr) away, or a price.

    A price may differ for shorts. `follow` moves the stop with its series at every close;
    without it the value at the entry's signal stays.
    """

    kind: ClassVar[str] = "stop_loss"
    follow: bool = False

    def _check(self) -> None:
        super()._check()
        if not isinstance(self.follow, bool):
            raise InvalidInput("stop_loss.follow", self.follow, "true or false")
        if self.follow and self.of is None and self.price is None:
            raise InvalidInput("stop_loss.follow", True, "used with of= or price=, which can move")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TakeProfit(_Level):
    """Leave with a profit; `portion` is the percentage of the entry that this target closes."""

    kind: ClassVar[str] = "take_profit"
    portion: Scalar = 100.0

    def _check(self) -> None:
        super()._check()
        _check_number(self, "portion", _PERCENT)

    def _percent_range(self) -> Range:
        return POSITIVE


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TrailingStop(Exit):
    """A stop that follows the best price at a distance, at once or from an activation on.

    A distance in percent is of the best price; the activation is measured from the entry.
    """

    kind: ClassVar[str] = "trailing_stop"
    percent: Scalar | None = None
    ticks: Scalar | None = None
    multiple: Scalar | None = None
    of: Series | None = None
    activation_percent: Scalar | None = None
    activation_ticks: Scalar | None = None
    activation_multiple: Scalar | None = None
    activation_of: Series | None = None
    atr: InitVar[Scalar | None] = None
    activation_atr: InitVar[Scalar | None] = None
    length: InitVar[Scalar | None] = None

    def __post_init__(
        self, atr: Scalar | None, activation_atr: Scalar | None, length: Scalar | None
    ) -> None:
        if length is not None and atr is None and activation_atr is None:
            raise InvalidInput("trailing_stop.length", length, "given with atr or activation_atr")
        if atr is not None:
            _check_free(self.kind, "atr", self.multiple, self.of)
            self._set(**_atr_multiple(self.kind, "", atr, length))
        if activation_atr is not None:
            _check_free(self.kind, "activation_atr", self.activation_multiple, self.activation_of)
            self._set(**_atr_multiple(self.kind, "activation_", activation_atr, length))
        super().__post_init__()

    def _check(self) -> None:
        _check_one_form(self, ("percent", "ticks", "multiple"))
        _check_one_form(self, _prefixed("activation_"), optional=True)
        _check_number(self, "percent", _PERCENT)
        # A distance is cut to whole ticks (E9): less than one would be none.
        _check_number(self, "ticks", _WHOLE_TICKS)
        _check_multiple(self, "multiple", "of")
        _check_number(self, "activation_percent", POSITIVE)
        _check_number(self, "activation_ticks", POSITIVE)
        _check_multiple(self, "activation_multiple", "activation_of")

    @property
    def distance(self) -> Distance:
        """How far the stop stays behind the best price."""
        return cast(Distance, _distance(self, ""))

    @property
    def activation(self) -> Distance | None:
        """The profit from which the stop is there; None from the entry on."""
        return _distance(self, "activation_")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BreakEven(Exit):
    """Move the stop to the entry price (plus an offset in favour) once a profit was reached.

    The trigger is a distance from the entry, or the fill of the n-th take-profit.
    """

    kind: ClassVar[str] = "break_even"
    relation: ClassVar[str] = "offset below trigger"
    trigger_percent: Scalar | None = None
    trigger_ticks: Scalar | None = None
    trigger_multiple: Scalar | None = None
    trigger_of: Series | None = None
    after_target: int | None = None
    offset_percent: Scalar | None = None
    offset_ticks: Scalar | None = None
    trigger_atr: InitVar[Scalar | None] = None
    length: InitVar[Scalar | None] = None

    def __post_init__(self, trigger_atr: Scalar | None, length: Scalar | None) -> None:
        if trigger_atr is not None or length is not None:
            _check_free(self.kind, "trigger_atr", self.trigger_multiple, self.trigger_of)
            self._set(**_atr_multiple(self.kind, "trigger_", trigger_atr, length))
        super().__post_init__()

    def _check(self) -> None:
        _check_one_form(self, (*_prefixed("trigger_"), "after_target"))
        _check_one_form(self, ("offset_percent", "offset_ticks"), optional=True)
        _check_number(self, "trigger_percent", POSITIVE)
        _check_number(self, "trigger_ticks", POSITIVE)
        _check_multiple(self, "trigger_multiple", "trigger_of")
        if self.after_target is not None:
            self._set(after_target=whole_number("break_even.after_target", self.after_target))
        _check_number(self, "after_target", _TARGETS)
        _check_number(self, "offset_percent", _OFFSET)
        _check_number(self, "offset_ticks", _OFFSET)

    def implied(self) -> tuple[Constraint, ...]:
        pairs = (
            (self.offset_percent, self.trigger_percent),
            (self.offset_ticks, self.trigger_ticks),
        )
        return tuple(
            Constraint("<", offset, trigger)
            for offset, trigger in pairs
            if offset is not None and trigger is not None
        )

    @property
    def trigger(self) -> Distance | None:
        """The profit that moves the stop; None when a target's fill does."""
        return _distance(self, "trigger_")

    @property
    def offset(self) -> Distance:
        """Where the stop then lies, from the entry in favour."""
        return _distance(self, "offset_") or Distance("percent", 0.0)


@dataclass(frozen=True, eq=False, repr=False)
class TimeExit(Exit):
    """Leave at the market after so many bars."""

    kind: ClassVar[str] = "time_exit"
    bars: Scalar

    def _check(self) -> None:
        _check_number(self, "bars", _BARS)


def _prefixed(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}{form}" for form in ("percent", "ticks", "multiple"))


def _check_one_form(exit_: Exit, names: tuple[str, ...], optional: bool = False) -> None:
    given = [name for name in names if getattr(exit_, name) is not None]
    if len(given) > 1 or (not given and not optional):
        expected = f"exactly one of {', '.join(names)} (or atr for a multiple)"
        raise InvalidInput(exit_.kind, " and ".join(given) or "no distance", expected)


def _check_number(exit_: Exit, name: str, allowed: Range) -> None:
    value = getattr(exit_, name)
    if value is not None:
        exit_._set(**{name: allowed.checked(f"{exit_.kind}.{name}", value)})


def _check_multiple(exit_: Exit, multiple: str, of: str) -> None:
    if (getattr(exit_, multiple) is None) != (getattr(exit_, of) is None):
        alone = of if getattr(exit_, multiple) is None else multiple
        raise InvalidInput(f"{exit_.kind}.{alone}", "alone", f"given as {multiple}= with {of}=")
    _check_number(exit_, multiple, POSITIVE)
    _check_level_series(exit_, of)


def _check_level_series(exit_: Exit, name: str) -> None:
    value = getattr(exit_, name)
    if value is None:
        return
    field = f"{exit_.kind}.{name}"
    (given,) = met(field, [value], Series)
    if same_unit(given.unit, "price") is None:
        raise InvalidInput(field, f"{label(given)} ({given.unit})", "a series in units of price")
    exit_._set(**{name: given.on_chart()})


def _check_free(kind: str, name: str, multiple: Scalar | None, of: Series | None) -> None:
    if multiple is not None or of is not None:
        raise InvalidInput(kind, f"{name} and multiple", "one of the two: atr is a multiple of it")


def _atr_multiple(
    kind: str, prefix: str, atr: Scalar | None, length: Scalar | None
) -> dict[str, object]:
    if atr is None:
        raise InvalidInput(f"{kind}.length", length, f"given with {prefix}atr")
    params = {"length": _LENGTH if length is None else length}
    return {f"{prefix}multiple": atr, f"{prefix}of": indicator("atr", {}, params)}


def _distance(exit_: Exit, prefix: str) -> Distance | None:
    forms: tuple[Form, ...] = ("percent", "ticks", "multiple")
    for form in forms:
        value = getattr(exit_, f"{prefix}{form}", None)
        if value is not None:
            of = getattr(exit_, f"{prefix}of") if form == "multiple" else None
            return Distance(form, value, of, of)
    return None
