"""How far away does a level lie? Percent, ticks, a multiple of a series, or at a price."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import Final, Literal, NamedTuple, cast

from engines.errors import InvalidInput
from strategies.graph.expressions import Series, met
from strategies.graph.node import Node
from strategies.graph.nodes import indicator, label
from strategies.graph.scalars import POSITIVE, Range, Scalar
from strategies.graph.types import same_unit

Form = Literal["percent", "ticks", "multiple", "price"]

PERCENT: Final = Range(0, 100, open_low=True)
_LENGTH: Final = 14


class Distance(NamedTuple):
    """Where a level lies: percent, ticks or a multiple of a series from the entry, or a price.

    `long` and `short` are the series behind a multiple or price, for either side.
    """

    form: Form
    value: Scalar | None = None
    long: Series | None = None
    short: Series | None = None


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Level(Node):
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
            check_free(self.kind, "atr", self.multiple, self.of)
            self._set(**atr_multiple(self.kind, "", atr, length))
        super().__post_init__()

    def _check(self) -> None:
        check_one_form(self, ("percent", "ticks", "multiple", "price"))
        check_number(self, "percent", self._percent_range())
        check_number(self, "ticks", self._ticks_range())
        check_multiple(self, "multiple", "of")
        if self.short_price is not None and self.price is None:
            raise InvalidInput(f"{self.kind}.short_price", "alone", "given together with price")
        for name in ("price", "short_price"):
            check_level_series(self, name)

    def _percent_range(self) -> Range:
        return PERCENT

    def _ticks_range(self) -> Range:
        return POSITIVE

    @property
    def distance(self) -> Distance:
        """The level as one value."""
        if self.price is not None:
            short = self.price if self.short_price is None else self.short_price
            return Distance("price", None, self.price, short)
        return cast(Distance, distance_of(self, ""))


def prefixed(prefix: str) -> tuple[str, ...]:
    """The names of the three distances with a prefix."""
    return tuple(f"{prefix}{form}" for form in ("percent", "ticks", "multiple"))


def check_one_form(node: Node, names: tuple[str, ...], optional: bool = False) -> None:
    """Raises InvalidInput unless one of the names is given (or none, if optional)."""
    given = [name for name in names if getattr(node, name) is not None]
    if len(given) > 1 or (not given and not optional):
        expected = f"exactly one of {', '.join(names)} (or atr for a multiple)"
        raise InvalidInput(node.kind, " and ".join(given) or "no distance", expected)


def check_number(node: Node, name: str, allowed: Range) -> None:
    """Bring a number into its range. Raises InvalidInput."""
    value = getattr(node, name)
    if value is not None:
        node._set(**{name: allowed.checked(f"{node.kind}.{name}", value)})


def check_multiple(node: Node, multiple: str, of: str) -> None:
    """Raises InvalidInput for a multiple without its series, or the other way round."""
    if (getattr(node, multiple) is None) != (getattr(node, of) is None):
        alone = of if getattr(node, multiple) is None else multiple
        raise InvalidInput(f"{node.kind}.{alone}", "alone", f"given as {multiple}= with {of}=")
    check_number(node, multiple, POSITIVE)
    check_level_series(node, of)


def check_level_series(node: Node, name: str) -> None:
    """Bring a series into its form. Raises InvalidInput if it has no price's unit."""
    value = getattr(node, name)
    if value is None:
        return
    field = f"{node.kind}.{name}"
    (given,) = met(field, [value], Series)
    if same_unit(given.unit, "price") is None:
        raise InvalidInput(field, f"{label(given)} ({given.unit})", "a series in units of price")
    node._set(**{name: given.on_chart()})


def check_free(kind: str, name: str, multiple: Scalar | None, of: Series | None) -> None:
    """Raises InvalidInput if a multiple is given twice, one of them as `name`."""
    if multiple is not None or of is not None:
        raise InvalidInput(kind, f"{name} and multiple", "one of the two: atr is a multiple of it")


def atr_multiple(
    kind: str, prefix: str, atr: Scalar | None, length: Scalar | None
) -> dict[str, object]:
    """The fields of a multiple of the atr."""
    if atr is None:
        raise InvalidInput(f"{kind}.length", length, f"given with {prefix}atr")
    params = {"length": _LENGTH if length is None else length}
    return {f"{prefix}multiple": atr, f"{prefix}of": indicator("atr", {}, params)}


def distance_of(node: Node, prefix: str) -> Distance | None:
    """The distance among the fields with a prefix; None without any."""
    forms: tuple[Form, ...] = ("percent", "ticks", "multiple")
    for form in forms:
        value = getattr(node, f"{prefix}{form}", None)
        if value is not None:
            of = getattr(node, f"{prefix}of") if form == "multiple" else None
            return Distance(form, value, of, of)
    return None
