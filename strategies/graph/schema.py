"""What may a strategy's JSON document contain? Its published JSON Schema."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from engines.bars import CATEGORIES, KINDS
from engines.indicators.definition import Indicator
from engines.indicators.registry import INDICATORS
from strategies.graph.fields import (
    COOL_DOWNS,
    ENTRIES,
    EVENTS,
    EXITS,
    EXPRESSIONS,
    LADDERS,
    LIMITS,
    RE_ENTRIES,
    SIZE_LIMITS,
    SIZINGS,
    FieldSpec,
    specs,
)
from strategies.graph.node import KINDS as NODE_KINDS
from strategies.graph.nodes import FIELDS, IndicatorNode
from strategies.graph.scalars import RELATIONS
from strategies.graph.strategy import SIGNALS, OnOpposite, Sides
from strategies.graph.upgrade import SCHEMA_VERSION

_ID: Final = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,64}$"}
_TEXT: Final = {"type": "string"}
_TYPES: Final[Mapping[str, dict[str, Any]]] = {
    "series": {"$ref": "#/$defs/series"},
    "condition": {"$ref": "#/$defs/condition"},
    "series list": {"type": "array", "items": {"$ref": "#/$defs/series"}, "minItems": 1},
    "condition list": {"type": "array", "items": {"$ref": "#/$defs/condition"}, "minItems": 1},
    "number": {"$ref": "#/$defs/number"},
    "number list": {"type": "array", "items": {"$ref": "#/$defs/number"}, "minItems": 1},
    "whole number": {"type": "integer"},
    "text": _TEXT,
    "true or false": {"type": "boolean"},
    "market": {"$ref": "#/$defs/market"},
}


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a strategy's document.

    What it cannot say, `from_json` checks: ids that exist, units, ranges, cycles.
    """
    properties: dict[str, Any] = {
        "schema": {"const": SCHEMA_VERSION},
        "kind": {"const": "strategy"},
        "name": {**_TEXT, "minLength": 1, "maxLength": 100},
        "description": _TEXT,
        "lineage": {**_TEXT, "pattern": "^[0-9a-f]{64}$"},
        "params": {"type": "object", "additionalProperties": {"$ref": "#/$defs/param"}},
        "nodes": {
            "type": "object",
            "propertyNames": {"pattern": _ID["pattern"]},
            "additionalProperties": _one_of(EXPRESSIONS),
        },
        **{name: {"$ref": "#/$defs/condition"} for name in SIGNALS},
        "exits": {"type": "array", "items": _one_of(EXITS)},
        "sizing": _one_of(SIZINGS),
        "size_limits": _one_of(SIZE_LIMITS),
        "limits": _one_of(LIMITS),
        "re_entry": _one_of(RE_ENTRIES),
        "cool_down": _one_of(COOL_DOWNS),
        "event": _one_of(EVENTS),
        "entry": _one_of(ENTRIES),
        "ladder": _one_of(LADDERS),
        "where": {"type": "array", "items": {"$ref": "#/$defs/constraint"}},
        "on_opposite": {"enum": list(get_args(OnOpposite))},
        "pyramiding": {"$ref": "#/$defs/number"},
        "direction": {"enum": list(get_args(Sides))},
        "close_outside": {"type": "boolean"},
        "ui": {"type": "object", "description": "the editor's own data, kept as it is"},
    }
    document = _object(properties, ["schema", "kind", "name"])
    heading = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Strategy"}
    return {**heading, **document, "$defs": {**_shared(), **_nodes(), **_indicators()}}


def _shared() -> dict[str, Any]:
    number = {"type": "number"}
    market = {
        "symbol": {**_TEXT, "pattern": "^[A-Z0-9][A-Z0-9-]{1,31}$"},
        "category": {"enum": list(CATEGORIES)},
        "kind": {"enum": list(KINDS)},
    }
    ranged = {
        "kind": {"enum": ["int", "float"]},
        **dict.fromkeys(("default", "low", "high"), number),
        "step": {"type": "number", "exclusiveMinimum": 0},
        "log": {"type": "boolean"},
    }
    listed = {
        "kind": {"const": "choice"},
        "default": number,
        "choices": {"type": "array", "items": number, "minItems": 1, "uniqueItems": True},
    }
    constraint = {
        "op": {"enum": list(RELATIONS)},
        **dict.fromkeys(("left", "right"), _TYPES["number"]),
    }
    return {
        "series": {**_ID, "description": "id of a node that has a number at each bar"},
        "condition": {**_ID, "description": "id of a node that is true or false at each bar"},
        "number": {"anyOf": [number, _object({"param": _TEXT}, ["param"])]},
        "market": _object(market, ["symbol"]),
        "param": {
            "oneOf": [
                _object(ranged, ["kind", "default", "low", "high"]),
                _object(listed, ["kind", "default", "choices"]),
            ]
        },
        "constraint": _object(constraint, list(constraint)),
    }


def _nodes() -> dict[str, Any]:
    kinds = (
        *EXPRESSIONS,
        *EXITS,
        *SIZINGS,
        *SIZE_LIMITS,
        *LIMITS,
        *RE_ENTRIES,
        *COOL_DOWNS,
        *EVENTS,
        *ENTRIES,
        *LADDERS,
    )
    return {kind: _node(kind) for kind in kinds if kind != IndicatorNode.kind}


def _node(kind: str) -> dict[str, Any]:
    properties = {
        "kind": {"const": kind},
        "version": {"const": NODE_KINDS[kind].version},
        **{spec.name: _field(spec) for spec in specs(kind)},
    }
    required = ["kind", *(spec.name for spec in specs(kind) if spec.required)]
    return {"description": _first_line(NODE_KINDS[kind]), **_object(properties, required)}


def _field(spec: FieldSpec) -> dict[str, Any]:
    if spec.type == "choice":
        return {"enum": list(spec.choices)}
    if spec.type == "choice list":
        items = {"enum": list(spec.choices)}
        return {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}
    return _TYPES[spec.type]


def _indicators() -> dict[str, Any]:
    named = {
        "description": _first_line(IndicatorNode),
        "type": "object",
        "required": ["kind", "name"],
        "properties": {"kind": {"const": "indicator"}, "name": {"enum": list(INDICATORS)}},
        "allOf": [
            {
                "if": {"properties": {"name": {"const": name}}},
                "then": {"$ref": f"#/$defs/indicator.{name}"},
            }
            for name in INDICATORS
        ],
    }
    return {
        IndicatorNode.kind: named,
        **{f"indicator.{name}": _indicator(found) for name, found in INDICATORS.items()},
    }


def _indicator(found: Indicator) -> dict[str, Any]:
    params = {
        one.name: {
            "anyOf": [
                {
                    "type": "integer" if one.kind == "int" else "number",
                    "minimum": one.low,
                    "maximum": one.high,
                    "default": one.default,
                },
                {"$ref": "#/$defs/number/anyOf/1"},
            ]
        }
        for one in found.params
    }
    inputs = dict.fromkeys(found.inputs, _TYPES["series"])
    chosen = [name for name in found.inputs if name not in FIELDS]
    properties = {
        "kind": {"const": "indicator"},
        "name": {"const": found.name},
        "version": {"const": found.version},
        "inputs": _object(inputs, chosen),
        "params": _object(params, []),
        "output": {"enum": list(found.outputs), "default": found.outputs[0]},
    }
    described = found.source.split("\n", maxsplit=1)[0]
    required = ["kind", "name", *(["inputs"] if chosen else [])]
    return {"description": described, **_object(properties, required)}


def _object(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _one_of(kinds: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(kinds)}},
        "allOf": [_when("kind", kind, kind) for kind in kinds],
    }


def _when(name: str, value: str, definition: str) -> dict[str, Any]:
    chosen = {"properties": {name: {"const": value}}}
    return {"if": chosen, "then": {"$ref": f"#/$defs/{definition}"}}


def _first_line(kind: type[Any]) -> str:
    return inspect.cleandoc(kind.__doc__ or "").split("\n", maxsplit=1)[0]
