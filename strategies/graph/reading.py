"""What does a JSON document say? A strategy, or where in the document it goes wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from engines.errors import InvalidInput
from strategies.graph.exits import Exit
from strategies.graph.expressions import Condition
from strategies.graph.fields import (
    COOL_DOWNS,
    ENTRIES,
    EVENTS,
    EXITS,
    LADDERS,
    LIMITS,
    RE_ENTRIES,
    SIZE_LIMITS,
    SIZINGS,
)
from strategies.graph.json_values import check_names, choice, given, listed, mapping, parse, placed
from strategies.graph.layout import Layout
from strategies.graph.reading_nodes import NodeReader
from strategies.graph.scalars import PARAM_KINDS, RELATIONS, Constraint, Param
from strategies.graph.strategy import SIGNALS, Strategy
from strategies.graph.upgrade import UPGRADES, Upgrades, upgraded

_OPTIONS: Final = ("description", "lineage", "on_opposite", "direction", "close_outside")
_PARTS: Final = {
    "sizing": SIZINGS,
    "size_limits": SIZE_LIMITS,
    "limits": LIMITS,
    "re_entry": RE_ENTRIES,
    "cool_down": COOL_DOWNS,
    "event": EVENTS,
    "entry": ENTRIES,
    "ladder": LADDERS,
}
_PARAM: Final = ("kind", "default", "low", "high", "step", "log", "choices")
KNOWN: Final = (
    *("schema", "kind", "name", "params", "nodes", "exits", "where", "pyramiding", "ui"),
    *(*SIGNALS, *_PARTS, *_OPTIONS),
)


def from_json(document: str | bytes | Mapping[str, Any], upgrades: Upgrades = UPGRADES) -> Strategy:
    """The strategy that a document (text, or parsed JSON) describes; ids and `ui` are kept.

    Raises InvalidInput naming the place in the document, the value and what would be right.
    """
    parsed = parse(document) if isinstance(document, (str, bytes)) else document
    current = upgraded(mapping("document", parsed), upgrades)
    check_names("document", current, KNOWN)
    choice("kind", current.get("kind"), ("strategy",))
    params = {
        name: _param(f"params.{name}", name, encoded)
        for name, encoded in mapping("params", given(current, "params", {})).items()
    }
    reader = NodeReader(params, mapping("nodes", given(current, "nodes", {})))
    ids = tuple((name, reader.nodes[name]) for name in given(current, "nodes", {}))
    layout = Layout(ids, _ui(given(current, "ui", {})))
    return Strategy(current.get("name", ""), layout=layout, **_fields(current, reader))


def _fields(document: Mapping[str, Any], reader: NodeReader) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in SIGNALS:
        if document.get(name) is not None:
            fields[name] = reader.reference(name, document[name], Condition)
    for name, kinds in _PARTS.items():
        if document.get(name) is not None:
            fields[name] = reader.node(name, document[name], kinds)
    exits = listed("exits", given(document, "exits", []))
    fields["exits"] = tuple(cast(Exit, reader.node(at, one, EXITS)) for at, one in exits)
    where = listed("where", given(document, "where", []))
    fields["where"] = tuple(_constraint(at, one, reader) for at, one in where)
    if document.get("pyramiding") is not None:
        fields["pyramiding"] = reader.scalar("pyramiding", document["pyramiding"])
    fields |= {name: document[name] for name in _OPTIONS if document.get(name) is not None}
    return fields


def _param(place: str, name: str, encoded: Any) -> Param:
    check_names(place, encoded, _PARAM)
    kind = choice(f"{place}.kind", encoded.get("kind"), PARAM_KINDS)
    needed = ("default", "choices") if kind == "choice" else ("default", "low", "high")
    for part in needed:
        if encoded.get(part) is None:
            raise InvalidInput(
                f"{place}.{part}", None, f"there: kind {kind} has {', '.join(needed)}"
            )
    if kind == "choice" and (encoded.get("low") is not None or encoded.get("high") is not None):
        raise InvalidInput(place, "low and high", "left out: a choice lists its values")
    choices = tuple(one for _, one in listed(f"{place}.choices", given(encoded, "choices", [])))
    low, high = encoded.get("low", 0), encoded.get("high", 0)
    step, log = encoded.get("step"), encoded.get("log", False)
    with placed(place):
        return Param(name, encoded["default"], low, high, step, cast(Any, kind), choices, log)


def _constraint(place: str, encoded: Any, reader: NodeReader) -> Constraint:
    check_names(place, encoded, ("op", "left", "right"))
    op = choice(f"{place}.op", encoded.get("op"), tuple(RELATIONS))
    left = reader.scalar(f"{place}.left", encoded.get("left"))
    right = reader.scalar(f"{place}.right", encoded.get("right"))
    with placed(place):
        return Constraint(cast(Any, op), left, right)


def _ui(value: Any) -> str:
    try:
        return json.dumps(mapping("ui", value), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("ui", "this object", f"plain JSON values ({error})") from error
