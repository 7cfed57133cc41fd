"""Which numbers of a strategy can be changed, and what is it once they have values?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.errors import InvalidInput
from strategies.graph.node import Node, fields_of, rebuilt
from strategies.graph.numbers import Number
from strategies.graph.replacing import with_nodes
from strategies.graph.scalars import Param, Values, value_of
from strategies.graph.strategy import Strategy


def parameters(strategy: Strategy) -> tuple[Param, ...]:
    """All parameters, in order of first use."""
    return strategy.params


def check_values(strategy: Strategy, values: Mapping[str, object]) -> dict[str, Number]:
    """A value for every parameter, defaults filled in.

    Raises InvalidInput for an unknown name, a value that is not allowed, or a broken relation.
    """
    known = {one.name: one for one in strategy.params}
    for name in values:
        if name not in known:
            close = get_close_matches(name, known, n=3) or list(known)
            raise InvalidInput("param", name, f"one of {', '.join(close) or 'none: it has none'}")
    checked = {name: one.checked(values.get(name, one.default)) for name, one in known.items()}
    for constraint in strategy.constraints:
        if not constraint.holds(checked):
            sides = (constraint.left, constraint.right)
            named = {one.name: checked[one.name] for one in sides if isinstance(one, Param)}
            raise InvalidInput("params", named, f"values that keep {constraint}")
    if not strategy.portions_fit(checked):
        raise InvalidInput("params", checked, "take-profit portions of at most 100 in all")
    return checked


def admitted(strategy: Strategy, rows: Mapping[str, Floats]) -> NDArray[np.bool_]:
    """Which rows of parameters keep all relations; arrays (n_rows,), names left out at default."""
    n_rows = max((len(column) for column in rows.values()), default=1)
    kept = np.ones(n_rows, dtype=bool)
    for constraint in strategy.constraints:
        kept &= constraint.holds(rows)
    kept &= strategy.portions_fit(rows)
    return kept


def bind(strategy: Strategy, values: Mapping[str, object]) -> Strategy:
    """The strategy with numbers in place of its parameters; name, lineage and node ids stay.

    Raises InvalidInput as `check_values`.
    """
    checked = check_values(strategy, values)
    new = rebuilt(strategy.roots, lambda node: _numbered(node, checked))
    pyramiding = value_of(strategy.pyramiding, checked)
    return with_nodes(strategy, new, pyramiding=pyramiding, where=())


def _numbered(node: Node, values: Values) -> Node:
    changed = {}
    for field in fields_of(node):
        old = getattr(node, field.name)
        new = _without_params(old, values)
        if new != old:
            changed[field.name] = new
    return replace(cast(Any, node), **changed) if changed else node


def _without_params(value: object, values: Values) -> object:
    if isinstance(value, Param):
        return value_of(value, values)
    if type(value) is tuple:
        return tuple(_without_params(part, values) for part in value)
    return value
