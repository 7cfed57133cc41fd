"""What do the nodes of a JSON document say? Each is read once, after what it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, cast

from engines.errors import InvalidInput
from engines.indicators.registry import INDICATORS, find
from strategies.graph.expressions import Condition, Expression, Series
from strategies.graph.fields import EXPRESSIONS, FieldSpec, specs
from strategies.graph.json_values import (
    check_names,
    choice,
    given,
    listed,
    mapping,
    placed,
    text,
    true_or_false,
)
from strategies.graph.node import KINDS, Node
from strategies.graph.nodes import IndicatorNode, indicator
from strategies.graph.numbers import is_number, whole_number
from strategies.graph.scalars import Param, Scalar
from strategies.graph.types import MarketRef

# Far beyond what a person draws or a search breeds: a bound for what a stranger may send.
MAX_NODES: Final = 20_000
_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_BASES: Final[dict[str, type[Expression]]] = {
    "series": Series,
    "series list": Series,
    "condition": Condition,
    "condition list": Condition,
}


class NodeReader:
    """Reads nodes that refer to `params` by name and to each other by id."""

    def __init__(self, params: Mapping[str, Param], nodes: Mapping[str, Any]) -> None:
        self._params = params
        self._raw = nodes
        self.nodes: dict[str, Expression] = {}
        if len(nodes) > MAX_NODES:
            raise InvalidInput("nodes", len(nodes), f"at most {MAX_NODES} nodes")
        for name in nodes:
            if not _ID.fullmatch(name):
                raise InvalidInput("nodes", name, "ids of 1 to 64 letters, digits and _ . : -")
        for name in nodes:
            self._read_beneath(name)

    def _read_beneath(self, root: str) -> None:
        # A path instead of recursion: graphs may be thousands deep.
        path = {root: iter(self._references(root))} if root not in self.nodes else {}
        while path:
            name, left = next(reversed(path.items()))
            needed = next((one for one in left if one not in self.nodes), None)
            if needed in path:
                circle = [*list(path)[list(path).index(needed) :], needed]
                raise InvalidInput("nodes", " → ".join(circle), "without a cycle")
            if needed is not None:
                path[needed] = iter(self._references(needed))
                continue
            self.nodes[name] = cast(
                Expression, self.node(f"nodes.{name}", self._raw[name], EXPRESSIONS)
            )
            del path[name]

    def _references(self, name: str) -> Iterator[str]:
        place, encoded = f"nodes.{name}", self._raw[name]
        kind = _kind(place, encoded, EXPRESSIONS)
        if kind == IndicatorNode.kind:
            inputs = mapping(f"{place}.inputs", given(encoded, "inputs", {}))
            ports = [(f"{place}.inputs.{port}", one) for port, one in inputs.items()]
        else:
            ports = [port for spec in specs(kind) for port in _ports(place, encoded, spec)]
        for at, one in ports:
            yield self._known(at, one)

    def _known(self, place: str, name: object) -> str:
        if not isinstance(name, str) or name not in self._raw:
            close = get_close_matches(str(name), self._raw, n=3)
            hint = f", such as {', '.join(close)}" if close else ""
            raise InvalidInput(place, name, f"the id of a node{hint}")
        return name

    def node(self, place: str, encoded: Any, kinds: Sequence[str]) -> Node:
        """One node of the given kinds. Raises InvalidInput naming its place."""
        kind = _kind(place, encoded, kinds)
        check_names(place, encoded, ("kind", "version", *(spec.name for spec in specs(kind))))
        if kind == IndicatorNode.kind:
            return self._indicator(place, encoded)
        _check_version(place, encoded, KINDS[kind].version)
        values: dict[str, Any] = {}
        for spec in specs(kind):
            value = encoded.get(spec.name)
            if value is not None:
                values[spec.name] = self._value(f"{place}.{spec.name}", value, spec)
            elif spec.required:
                raise InvalidInput(f"{place}.{spec.name}", value, f"there: {spec.described}")
        with placed(place):
            return cast(Node, KINDS[kind](**values))

    def _indicator(self, place: str, encoded: Mapping[str, Any]) -> Node:
        with placed(f"{place}.name"):
            found = find(text(f"{place}.name", encoded.get("name")))
        _check_version(place, encoded, found.version)
        inputs = mapping(f"{place}.inputs", given(encoded, "inputs", {}))
        params = mapping(f"{place}.params", given(encoded, "params", {}))
        check_names(f"{place}.inputs", inputs, found.inputs)
        series = {
            name: cast(Series, self.reference(f"{place}.inputs.{name}", value, Series))
            for name, value in inputs.items()
        }
        numbers = {
            name: self.scalar(f"{place}.params.{name}", value) for name, value in params.items()
        }
        with placed(place):
            return indicator(
                found.name, series, numbers, text(f"{place}.output", given(encoded, "output", ""))
            )

    def _value(self, place: str, value: Any, spec: FieldSpec) -> object:
        if spec.type in ("series", "condition"):
            return self.reference(place, value, _BASES[spec.type])
        if spec.type in ("series list", "condition list"):
            base = _BASES[spec.type]
            return tuple(self.reference(at, one, base) for at, one in listed(place, value))
        if spec.type == "choice list":
            return tuple(choice(at, one, spec.choices) for at, one in listed(place, value))
        if spec.type == "choice":
            return choice(place, value, spec.choices)
        if spec.type == "number list":
            return tuple(self.scalar(at, one) for at, one in listed(place, value))
        if spec.type == "number":
            return self.scalar(place, value)
        return _plain(place, value, spec)

    def reference(self, place: str, name: object, base: type[Expression]) -> Expression:
        """The node that an id names. Raises InvalidInput if it is none, or of the wrong type."""
        node = self.nodes[self._known(place, name)]
        if not isinstance(node, base):
            found, wanted = (
                ("series", "condition") if base is Condition else ("condition", "series")
            )
            raise InvalidInput(place, name, f"the id of a {wanted}; it is that of a {found}")
        return node

    def scalar(self, place: str, value: Any) -> Scalar:
        """A number, or the parameter that {"param": name} names. Raises InvalidInput."""
        if is_number(value):
            return cast(Scalar, value)
        if isinstance(value, Mapping) and set(value) == {"param"}:
            name = choice(f"{place}.param", value["param"], list(self._params))
            return self._params[name]
        raise InvalidInput(place, value, 'a number or {"param": name}')


def _kind(place: str, encoded: Any, kinds: Sequence[str]) -> str:
    kind = mapping(place, encoded).get("kind")
    if kind not in kinds and isinstance(kind, str) and kind in INDICATORS and kinds is EXPRESSIONS:
        raise InvalidInput(f"{place}.kind", kind, f'"indicator" with "name": "{kind}"')
    return choice(f"{place}.kind", kind, kinds)


def _ports(place: str, encoded: Mapping[str, Any], spec: FieldSpec) -> list[tuple[str, Any]]:
    at, value = f"{place}.{spec.name}", encoded.get(spec.name)
    if value is None or spec.type not in _BASES:
        return []
    return listed(at, value) if spec.type.endswith("list") else [(at, value)]


def _plain(place: str, value: Any, spec: FieldSpec) -> object:
    if spec.type == "market":
        check_names(place, value, MarketRef._fields)
        return MarketRef(**{"symbol": "", **value})
    if spec.type == "whole number":
        return whole_number(place, value)
    return true_or_false(place, value) if spec.type == "true or false" else text(place, value)


def _check_version(place: str, encoded: Mapping[str, Any], current: int) -> None:
    version = encoded.get("version")
    if version != current or isinstance(version, bool):
        newer = isinstance(version, int) and version > current
        hint = ": the document is of a newer release" if newer else ""
        raise InvalidInput(f"{place}.version", version, f"{current}{hint}")
