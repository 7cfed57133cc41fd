"""What is a strategy? When to enter and leave, how much, and what rests in the market."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, ClassVar, Final, Literal, TypeVar, get_args, overload

from engines.errors import InvalidInput
from engines.kernel.layout import MAX_TARGETS
from strategies.graph.digest import exact_digest, shape_digest
from strategies.graph.entries import EntryOrder
from strategies.graph.exits import BreakEven, Exit, StopLoss, TakeProfit
from strategies.graph.expressions import Condition, met
from strategies.graph.ladders import SafetyOrders
from strategies.graph.layout import Layout
from strategies.graph.limits import Limits, ReEntry
from strategies.graph.node import Node, scalars_of, walk
from strategies.graph.nodes import one_of
from strategies.graph.scalars import Constraint, Param, Range, Scalar, Values, value_of
from strategies.graph.sizing import CoolDown, PercentOfEquity, RiskPercent, SizeLimits, Sizing

OnOpposite = Literal["reverse", "close", "ignore"]
Sides = Literal["both", "long", "short"]

SIGNALS: Final = ("enter_long", "enter_short", "exit_long", "exit_short", "during")
# What names and draws a strategy says nothing about its trades.
_NO_PART: Final = ("name", "description", "lineage", "layout", "params")
_PYRAMIDING: Final = Range(1, 1000, whole=True)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME: Final = 100
# Halves of a pair, which no file can hold.
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EXAMPLES: Final = {
    "sizing": "FixedQty, Cash, PercentOfEquity, RiskPercent, VolatilityTarget or Kelly",
    "limits": "Limits, such as Limits(trades_per_day=3)",
    "re_entry": "a ReEntry, such as ReEntry(5)",
    "size_limits": "SizeLimits, such as SizeLimits(max_percent=50)",
    "cool_down": "a CoolDown, such as CoolDown(12)",
    "event": "an EventStrategy",
    "entry": "a LimitEntry or a StopEntry",
    "ladder": "a Ladder or LadderOrders",
    "exits": "a list of exits, such as [StopLoss(percent=2)]",
    "where": "a list of relations between parameters, such as [fast < slow]",
}
X = TypeVar("X", bound=Exit)
# Thirds that add up to 100.00000000000001 are meant as a whole.
_WHOLE: Final = 100.0 + 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class EventStrategy(Node):
    """Order logic with a memory of its own, named by the digest of its source.

    Strategies can carry it; running it is refused.
    """

    kind: ClassVar[str] = "event_strategy"
    name: str
    source_digest: str

    def _check(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise InvalidInput("event_strategy.name", self.name, "a name")
        _check_sha256("event_strategy.source_digest", self.source_digest)


# The parts of a strategy that are one node each, if they are there.
_KINDS: Final[dict[str, type[Node]]] = {
    "sizing": Sizing,
    "size_limits": SizeLimits,
    "limits": Limits,
    "re_entry": ReEntry,
    "cool_down": CoolDown,
    "event": EventStrategy,
    "entry": EntryOrder,
    "ladder": SafetyOrders,
}


class _Lineage:
    """The lineage that was given, or the shape's digest, worked out when somebody asks."""

    @overload
    def __get__(self, strategy: None, kind: type[Strategy]) -> Literal[""]: ...
    @overload
    def __get__(self, strategy: Strategy, kind: type[Strategy]) -> str: ...
    def __get__(self, strategy: Strategy | None, kind: type[Strategy]) -> str:
        if strategy is None:
            return ""
        given: str = vars(strategy)["lineage"]
        return given or strategy.shape_digest

    def __set__(self, strategy: Strategy, given: str) -> None:
        if given != "":
            _check_sha256("lineage", given)
        vars(strategy)["lineage"] = given


@dataclass(frozen=True, eq=False, repr=False)
class Strategy:
    """Everything that is to be decided about trading one market.

    Signals are conditions at a closed bar of the chart. `exits` rest in the market while a
    position is open. `where` are relations that every row of parameters keeps. `on_opposite`
    tells what an entry signal against the open position does. `pyramiding` is the number of
    entries that may be open at once. `direction` drops the entries of one side. Entries happen
    only `during` a condition, if there is one; `close_outside` also leaves when it ends. `entry`
    is the order that an entry signal places, a market order if left out; a `ladder` adds to the
    position as the market goes against it.

    `lineage` names the idea across edits and forks (trials are counted along it): the shape at
    first creation. `params` are all parameters, in order of first use. Raises InvalidInput
    naming the part that is wrong.
    """

    name: str
    enter_long: Condition | None = None
    enter_short: Condition | None = None
    exit_long: Condition | None = None
    exit_short: Condition | None = None
    exits: Sequence[Exit] = ()
    sizing: Sizing = PercentOfEquity(100)  # noqa: RUF009 (a frozen value)
    where: Sequence[Constraint] = ()
    on_opposite: OnOpposite = "reverse"
    pyramiding: Scalar = 1
    cool_down: CoolDown | None = None
    direction: Sides = "both"
    during: Condition | None = None
    close_outside: bool = False
    description: str = ""
    event: EventStrategy | None = None
    entry: EntryOrder | None = None
    ladder: SafetyOrders | None = None
    lineage: _Lineage = _Lineage()
    size_limits: SizeLimits | None = None
    limits: Limits | None = None
    re_entry: ReEntry | None = None
    layout: Layout = Layout()  # noqa: RUF009 (a frozen value)
    params: tuple[Param, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self._check_texts()
        self._check_options()
        self._check_signals()
        self._check_exits()
        self._check_params()

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check_texts(self) -> None:
        name = self.name
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise InvalidInput("name", name, "printable text")
        if len(name) > _LONGEST_NAME:
            raise InvalidInput("name", name, f"at most {_LONGEST_NAME} characters")
        if not isinstance(self.description, str) or _SURROGATE.search(self.description):
            raise InvalidInput("description", self.description, "text")

    def _check_options(self) -> None:
        one_of("on_opposite", self.on_opposite, get_args(OnOpposite))
        one_of("direction", self.direction, get_args(Sides))
        self._set(pyramiding=_PYRAMIDING.checked("pyramiding", self.pyramiding))
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if not isinstance(value, kind) and (value is not None or name == "sizing"):
                raise InvalidInput(name, value, _EXAMPLES[name])
        if not isinstance(self.close_outside, bool):
            raise InvalidInput("close_outside", self.close_outside, "true or false")
        if self.close_outside and self.during is None:
            raise InvalidInput("close_outside", True, "used with during=, the condition that ends")

    def _check_signals(self) -> None:
        for name in SIGNALS:
            value = getattr(self, name)
            if value is not None:
                (condition,) = met(name, [value], Condition)
                self._set(**{name: condition.on_chart()})
        if self.event is not None:
            if any(getattr(self, name) is not None for name in SIGNALS):
                raise InvalidInput("event", self.event.name, "without signals: it makes its own")
            return
        sides = [side for side in ("long", "short") if self.direction in (side, "both")]
        if all(getattr(self, f"enter_{side}") is None for side in sides):
            expected = " or ".join(f"enter_{side}" for side in sides)
            raise InvalidInput("entries", None, f"a condition as {expected}")
        for side in ("long", "short"):
            if getattr(self, f"exit_{side}") is not None and getattr(self, f"enter_{side}") is None:
                raise InvalidInput(f"exit_{side}", "alone", f"used together with enter_{side}")

    def _check_exits(self) -> None:
        self._set(exits=_listed("exits", self.exits, Exit))
        for kind, count in Counter(exit_.kind for exit_ in self.exits).items():
            most = MAX_TARGETS if kind == TakeProfit.kind else 1
            if count > most:
                raise InvalidInput("exits", f"{count} of kind {kind}", f"at most {most} of them")
        if isinstance(self.sizing, RiskPercent) and not self._exits_of(StopLoss):
            expected = "used with a StopLoss: its distance decides the quantity"
            raise InvalidInput("sizing", "risk_percent without a stop", expected)
        if self.ladder is not None:
            self._check_ladder()
        for break_even in self._exits_of(BreakEven):
            if break_even.after_target is not None and break_even.after_target > len(self.targets):
                expected = f"one of the {len(self.targets)} take-profits there are"
                raise InvalidInput("break_even.after_target", break_even.after_target, expected)

    def _check_ladder(self) -> None:
        if isinstance(self.sizing, RiskPercent):
            expected = (
                "FixedQty, Cash or PercentOfEquity: a ladder divides the whole among its orders"
            )
            raise InvalidInput("sizing", "risk_percent with a ladder", expected)
        if self.pyramiding != 1:
            raise InvalidInput("pyramiding", self.pyramiding, "1: the ladder adds by itself")

    def _check_params(self) -> None:
        self._set(where=_listed("where", self.where, Constraint))
        known: dict[str, Param] = {}
        for param in self._params_used():
            if known.setdefault(param.name, param) != param:
                expected = f"one definition, was also {known[param.name]}"
                raise InvalidInput(f"param {param.name}", str(param), expected)
        for constraint in self.where:
            _check_known(constraint, known)
        self._set(params=tuple(known.values()))
        for constraint in self.where:
            if not constraint.holds({}):
                expected = "kept by the parameters' defaults"
                raise InvalidInput("where", str(constraint), expected)
        if not self.portions_fit({}):
            total = sum(value_of(target.portion, {}) for target in self.targets)
            raise InvalidInput("take_profit.portion", f"{total:g} in all", "at most 100 in all")

    def _params_used(self) -> Iterator[Param]:
        for node in self.nodes:
            yield from (one for one in scalars_of(node) if isinstance(one, Param))
        if isinstance(self.pyramiding, Param):
            yield self.pyramiding

    @property
    def roots(self) -> tuple[Node, ...]:
        """The nodes that the strategy names itself, in the order in which it names them."""
        signals = (getattr(self, name) for name in SIGNALS)
        rest = (*self.exits, *(getattr(self, name) for name in _KINDS))
        return tuple(node for node in (*signals, *rest) if node is not None)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every node beneath the strategy once, children before parents."""
        return tuple(walk(self.roots))

    @property
    def targets(self) -> tuple[TakeProfit, ...]:
        """The take-profits, in order."""
        return self._exits_of(TakeProfit)

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """`where`, and the relations that follow from the nodes themselves."""
        return (*self.where, *(one for node in self.nodes for one in node.implied()))

    def portions_fit(self, values: Values) -> Any:
        """Whether the take-profits close at most the whole; an array of bools for arrays."""
        portions = [value_of(target.portion, values) for target in self.targets]
        return sum(portions) <= _WHOLE if len(portions) > 1 else True

    @cached_property
    def digest(self) -> str:
        """What the strategy says, parameters with their defaults and ranges included.

        Name, description, lineage, node ids and layout are no part of it.
        """
        return exact_digest(self._parts())

    @cached_property
    def shape_digest(self) -> str:
        """What the strategy says when every number and parameter is taken as the same one."""
        parts = self._parts()
        shaped = {name: part for name, part in parts.items() if name not in ("where", "pyramiding")}
        return shape_digest(shaped, self.roots)

    def _parts(self) -> dict[str, object]:
        told = [one for one in fields(self) if one.name not in _NO_PART]
        said = {one.name: getattr(self, one.name) for one in told}
        parts = {one.name: said[one.name] for one in told if said[one.name] != one.default}
        # The order of exits of different kinds, and of relations, means nothing.
        parts["exits"] = tuple(sorted(self.exits, key=lambda exit_: exit_.kind))
        where = sorted(self.where, key=str)
        parts["where"] = tuple((one.op, one.left, one.right) for one in where)
        return {"kind": "strategy", **parts}

    def edit(self, **changes: Any) -> Strategy:
        """The same idea with other fields: the lineage stays, nodes keep their ids."""
        known = [
            one.name for one in fields(self) if one.name not in ("lineage", "layout", "params")
        ]
        for name in changes:
            if name not in known:
                close = get_close_matches(name, known, n=3) or known
                raise InvalidInput("edit", name, f"one of {', '.join(close)}")
        edited = replace(self, **changes)
        edited._set(layout=self.layout.moved({node: node for node in edited.nodes}))
        return edited

    def fork(self, name: str) -> Strategy:
        """The strategy under another name, of the same lineage."""
        return replace(self, name=name)

    def _exits_of(self, kind: type[X]) -> tuple[X, ...]:
        return tuple(exit_ for exit_ in self.exits if isinstance(exit_, kind))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Strategy) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[str, ...]:
        return self.name, self.description, self.lineage, self.digest

    def __reduce__(self) -> tuple[Any, ...]:
        # As JSON, which is flat: pickling a deep graph node by node would overflow the stack.
        from strategies.graph.reading import from_json
        from strategies.graph.writing import to_json

        return from_json, (to_json(self),)

    def __repr__(self) -> str:
        return f"Strategy({self.name!r}, digest {self.digest[:12]})"


def _listed(name: str, values: object, kind: type[object]) -> tuple[object, ...]:
    if not isinstance(values, (list, tuple)):
        raise InvalidInput(name, values, _EXAMPLES[name])
    for value in values:
        if not isinstance(value, kind):
            raise InvalidInput(name, value, _EXAMPLES[name])
    return tuple(values)


def _check_known(constraint: Constraint, known: Mapping[str, Param]) -> None:
    for side in (constraint.left, constraint.right):
        if isinstance(side, Param) and known.get(side.name) != side:
            close = get_close_matches(side.name, known, n=3) or sorted(known)
            expected = f"a relation of parameters the strategy uses: {', '.join(close) or 'none'}"
            raise InvalidInput("where", str(constraint), expected)


def _check_sha256(field_name: str, value: object) -> None:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise InvalidInput(field_name, value, "a SHA-256 digest, 64 hexadecimal digits")
