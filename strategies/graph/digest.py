"""What is a strategy called by what it says? Digests of its content and of its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engines.canonical import digest_of
from strategies.graph.node import Encoded, Node, encode, exact, fields_of, is_default, walk
from strategies.graph.scalars import Param, Scalar

_ANY_NUMBER = "#"


def exact_digest(parts: Mapping[str, object]) -> str:
    """Digest of named parts made of nodes, numbers and text: everything beneath them counts."""
    return digest_of({name: encode(part, _key, exact) for name, part in parts.items()})


def shape_digest(parts: Mapping[str, object], roots: Sequence[Node]) -> str:
    """Digest of named parts with every number and parameter taken as the same one."""
    shapes: dict[str, str] = {}
    for node in walk(roots):
        shapes[node.key] = digest_of(_shape(node, shapes))
    return digest_of(
        {name: encode(part, lambda node: shapes[node.key], _any) for name, part in parts.items()}
    )


def _shape(node: Node, shapes: Mapping[str, str]) -> Encoded:
    shape: Encoded = {"kind": node.kind, "version": node.version}
    for field in fields_of(node):
        value = getattr(node, field.name)
        is_number = isinstance(value, (Param, int, float)) and not isinstance(value, bool)
        if field.name not in node.tuned and (is_number or not is_default(field, value)):
            shape[field.name] = encode(value, lambda child: shapes[child.key], _any)
    return shape


def _key(node: Node) -> object:
    return node.key


def _any(_number: Scalar) -> object:
    return _ANY_NUMBER
