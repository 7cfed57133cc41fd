"""Which fields does each kind of node have in JSON? Read from the node's own definition."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Final, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from strategies.graph.entries import EntryOrder
from strategies.graph.exits import Exit
from strategies.graph.expressions import Condition, Expression, Series
from strategies.graph.ladders import SafetyOrders
from strategies.graph.limits import Limits, ReEntry
from strategies.graph.node import KINDS
from strategies.graph.scalars import Param, Scalar
from strategies.graph.sizing import CoolDown, SizeLimits, Sizing
from strategies.graph.strategy import EventStrategy
from strategies.graph.types import MarketRef

FieldType = Literal[
    "series", "condition", "series list", "condition list", "number", "number list", "whole number",
    "text",    "true or false", "choice", "choice list", "market", "params",
]  # fmt: skip


class FieldSpec(NamedTuple):
    """One field of a node in JSON; `choices` are the words that a choice allows."""

    name: str
    type: FieldType
    required: bool
    choices: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """What belongs into the field, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.type in ("series", "condition"):
            return f"the id of a {self.type}"
        return f"a {self.type}" if self.type != "text" else self.type


def kinds_of(base: type[Any]) -> tuple[str, ...]:
    """The kinds of nodes that derive from `base`, in order of definition."""
    return tuple(kind for kind, one in KINDS.items() if issubclass(one, base))


EXPRESSIONS: Final = kinds_of(Expression)
EXITS: Final = kinds_of(Exit)
SIZINGS: Final = kinds_of(Sizing)
COOL_DOWNS: Final = kinds_of(CoolDown)
LIMITS: Final = kinds_of(Limits)
RE_ENTRIES: Final = kinds_of(ReEntry)
SIZE_LIMITS: Final = kinds_of(SizeLimits)
EVENTS: Final = kinds_of(EventStrategy)
ENTRIES: Final = kinds_of(EntryOrder)
LADDERS: Final = kinds_of(SafetyOrders)


@cache
def specs(kind: str) -> tuple[FieldSpec, ...]:
    """The fields of a kind of node, in order, without its kind and version."""
    hints = get_type_hints(KINDS[kind])
    return tuple(
        _spec(one.name, hints[one.name], one.default is MISSING)
        for one in fields(KINDS[kind])
        if one.name != "version"
    )


def _spec(name: str, hint: Any, required: bool) -> FieldSpec:
    if hint == Scalar | None:
        hint = Scalar
    elif get_origin(hint) in (Union, types.UnionType) and Param not in get_args(hint):
        (hint,) = (one for one in get_args(hint) if one is not types.NoneType)
    if hint in _TYPES:
        return FieldSpec(name, _TYPES[hint], required)
    if get_origin(hint) is tuple:
        return FieldSpec(name, "choice list", required, get_args(get_args(hint)[0]))
    return FieldSpec(name, "choice", required, get_args(hint))


_TYPES: Final[dict[Any, FieldType]] = {
    Series: "series",
    Condition: "condition",
    tuple[Series, ...]: "series list",
    tuple[Condition, ...]: "condition list",
    Sequence[Scalar]: "number list",
    Scalar: "number",
    int: "whole number",
    str: "text",
    bool: "true or false",
    MarketRef: "market",
    tuple[tuple[str, Scalar], ...]: "params",
}
