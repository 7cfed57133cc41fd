"""How is a strategy written as JSON?"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from strategies.graph.expressions import Expression
from strategies.graph.node import Encoded, Node, content, scalars_of, walk
from strategies.graph.nodes import Constant, IndicatorNode, Source
from strategies.graph.numbers import plain
from strategies.graph.scalars import Constraint, Param, Scalar
from strategies.graph.strategy import SIGNALS, Strategy
from strategies.graph.upgrade import SCHEMA_VERSION

_OPTIONS: Final = ("on_opposite", "pyramiding", "direction", "close_outside")


def to_json(strategy: Strategy) -> dict[str, Any]:
    """The strategy as a JSON document: every node once, by an id that stays when it is saved.

    Nodes that came from a document keep their ids; others get one such as `sma_1`.
    """
    names = node_ids(strategy)
    loose = [node for _, node in strategy.layout.ids]
    nodes = walk([*strategy.roots, *loose])
    document: dict[str, Any] = {
        "schema": SCHEMA_VERSION,
        "kind": "strategy",
        "name": strategy.name,
        "description": strategy.description,
        "lineage": strategy.lineage,
        "params": _params(strategy, nodes),
        "nodes": {
            names[node]: _node(node, names) for node in nodes if isinstance(node, Expression)
        },
    }
    for name in SIGNALS:
        signal = getattr(strategy, name)
        if signal is not None:
            document[name] = names[signal]
    document["exits"] = [_node(one, names) for one in strategy.exits]
    document["sizing"] = _node(strategy.sizing, names)
    for part in ("size_limits", "limits", "re_entry", "cool_down", "event", "entry", "ladder"):
        if (node := getattr(strategy, part)) is not None:
            document[part] = _node(node, names)
    document["where"] = [_constraint(one) for one in strategy.where]
    document |= {name: _plain(getattr(strategy, name)) for name in _OPTIONS}
    document["ui"] = json.loads(strategy.layout.ui)
    return document


def node_ids(strategy: Strategy) -> dict[Node, str]:
    """An id for every expression: the document's own, or a fresh readable one."""
    names: dict[Node, str] = {}
    for name, node in strategy.layout.ids:
        names.setdefault(node, name)
    taken = set(names.values())
    used: Counter[str] = Counter()
    for node in strategy.nodes:
        if isinstance(node, Expression) and node not in names:
            names[node] = _fresh(node, taken, used)
            taken.add(names[node])
    return names


def _fresh(node: Expression, taken: set[str], used: Counter[str]) -> str:
    stem = _stem(node)
    if isinstance(node, Source) and stem not in taken:
        return stem
    used[stem] += 1
    while f"{stem}_{used[stem]}" in taken:
        used[stem] += 1
    return f"{stem}_{used[stem]}"


def _stem(node: Expression) -> str:
    if isinstance(node, IndicatorNode):
        return node.name
    if not isinstance(node, Source):
        return node.kind
    market = "" if node.market is None else re.sub(r"\W", "_", node.market.symbol.lower()) + "_"
    return f"{market}{node.field}" + (f"_{node.interval}" if node.interval else "")


def _params(strategy: Strategy, nodes: list[Node]) -> dict[str, Encoded]:
    used = {param.name: param for param in strategy.params}
    for node in nodes:
        for scalar in scalars_of(node):
            if isinstance(scalar, Param):
                used.setdefault(scalar.name, scalar)
    return {name: _param(param) for name, param in used.items()}


def _param(param: Param) -> Encoded:
    if param.kind == "choice":
        return {"kind": "choice", "default": param.default, "choices": list(param.choices)}
    written: Encoded = {
        "kind": param.kind,
        "default": param.default,
        "low": param.low,
        "high": param.high,
    }
    if param.step is not None:
        written["step"] = param.step
    if param.log:
        written["log"] = True
    return written


def _node(node: Node, names: Mapping[Node, str]) -> Encoded:
    written = content(node, lambda child: names[child], _number)
    if isinstance(node, Source) and node.market is not None:
        written["market"] = node.market._asdict()
    if isinstance(node, IndicatorNode):
        written["inputs"] = dict(zip(node.definition.inputs, written["inputs"], strict=True))
        written["params"] = {name: _number(value) for name, value in node.params}
    if isinstance(node, Constant):
        written["value"] = _number(node.value)
    return written


def _constraint(constraint: Constraint) -> Encoded:
    left, right = _number(constraint.left), _number(constraint.right)
    return {"op": constraint.op, "left": left, "right": right}


def _number(number: Scalar) -> object:
    return {"param": number.name} if isinstance(number, Param) else plain(number)


def _plain(value: Any) -> object:
    return value if isinstance(value, (str, bool)) else _number(value)
