"""What is a node of a strategy's graph? Fields, and a key that names everything beneath it.

Nodes are values. Equal structure means equal keys, so comparing and hashing cost the same for one
node and for a deep graph with shared parts. Nothing here recurses: graphs may be thousands deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, replace
from functools import cache
from typing import Any, ClassVar, Final, cast

from engines.canonical import digest_of
from engines.errors import InvalidInput
from strategies.graph.scalars import Constraint, Param, Scalar

Encoded = dict[str, Any]
# Every kind of node by its name, filled as the classes are defined.
KINDS: Final[dict[str, type[Any]]] = {}


class Node:
    """Base of all nodes: frozen dataclasses whose fields are nodes, numbers, params and text."""

    kind: ClassVar[str]
    # Arrays step back, so that `np.float64(3) > close` asks the series.
    __array_ufunc__: ClassVar[None] = None
    # Fields that a shape leaves out though they are no numbers.
    tuned: ClassVar[tuple[str, ...]] = ()
    # The relations that `implied` states, in words.
    relation: ClassVar[str] = ""
    version: int = 1
    key: str
    children: tuple[Node, ...]

    def __init_subclass__(cls) -> None:
        if "kind" in vars(cls):
            KINDS[cls.kind] = cls

    def __post_init__(self) -> None:
        self._check()
        for constraint in self.implied():
            if not constraint.holds({}):
                raise InvalidInput(f"{self.kind} ({self.relation})", str(constraint), "kept")
        self._set(children=tuple(_nodes_of(self)))
        self._settle()
        self._set(key=digest_of(content(self, lambda child: child.key, exact)))

    def _check(self) -> None:
        """Bring the fields into their one form. Raises InvalidInput for what cannot be."""

    def _settle(self) -> None:
        """Derive what the node knows about itself from its fields and children."""

    def implied(self) -> tuple[Constraint, ...]:
        """Relations between its own numbers that a row of parameters must keep."""
        return ()

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Node) and self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        values = ((field, getattr(self, field.name)) for field in fields_of(self))
        shown = [
            f"{one.name}={_brief(value)}" for one, value in values if not is_default(one, value)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def fields_of(node: Node) -> tuple[Field[Any], ...]:
    """The dataclass fields of a node, without its version."""
    return _fields_of(node.kind)


@cache
def _fields_of(kind: str) -> tuple[Field[Any], ...]:
    return tuple(one for one in fields(KINDS[kind]) if one.name != "version")


def content(
    node: Node, of_node: Callable[[Node], object], of_scalar: Callable[[Scalar], object]
) -> Encoded:
    """A node as a mapping of plain values; children and numbers as the caller wants them.

    Fields at their default are left out: a field added later changes no digest.
    """
    encoded: Encoded = {"kind": node.kind, "version": node.version}
    for field in fields_of(node):
        value = getattr(node, field.name)
        if not is_default(field, value):
            encoded[field.name] = encode(value, of_node, of_scalar)
    return encoded


def is_default(field: Field[Any], value: object) -> bool:
    """Whether a field holds what it would hold if it were left out."""
    return field.default is not MISSING and bool(field.default == value)


def encode(
    value: object, of_node: Callable[[Node], object], of_scalar: Callable[[Scalar], object]
) -> object:
    """One field's value as plain values."""
    if isinstance(value, Node):
        return of_node(value)
    if isinstance(value, tuple):
        return [encode(part, of_node, of_scalar) for part in value]
    if isinstance(value, (Param, int, float)) and not isinstance(value, bool):
        return of_scalar(value)
    return value


def exact(number: Scalar) -> object:
    """A number as itself, a parameter with all its parts."""
    if not isinstance(number, Param):
        return number
    return {"param": {one.name: _parts(getattr(number, one.name)) for one in fields(number)}}


def scalars_of(node: Node) -> Iterator[Scalar]:
    """The numbers and parameters of the node itself, in the order of its fields."""
    for field in fields_of(node):
        yield from _scalars_in(getattr(node, field.name))


def _scalars_in(value: object) -> Iterator[Scalar]:
    if isinstance(value, (Param, int, float)) and not isinstance(value, bool):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _scalars_in(part)


def walk(roots: Sequence[Node]) -> list[Node]:
    """Every distinct node beneath the roots, children before parents, in order of first use."""
    done: dict[str, Node] = {}
    stack: list[tuple[Node, Iterator[Node]]] = [(root, iter(root.children)) for root in roots[::-1]]
    while stack:
        node, left = stack[-1]
        child = next((one for one in left if one.key not in done), None)
        if child is not None:
            stack.append((child, iter(child.children)))
            continue
        done.setdefault(node.key, node)
        stack.pop()
    return list(done.values())


def rebuilt(roots: Sequence[Node], change: Callable[[Node], Node]) -> dict[Node, Node]:
    """What becomes of each node beneath the roots when `change` is applied from the leaves up.

    `change` is given a node whose children have been replaced already.
    """
    new: dict[Node, Node] = {}
    for node in walk(roots):
        new[node] = change(with_children(node, new))
    return new


def with_children(node: Node, new: Mapping[Node, Node]) -> Node:
    """The node with its children replaced by those in `new`."""
    if all(new[child] is child for child in node.children):
        return node
    changed = {
        field.name: _replaced(getattr(node, field.name), new)
        for field in fields_of(node)
        if field.init
    }
    return cast(Node, replace(cast(Any, node), **changed))


def _replaced(value: object, new: Mapping[Node, Node]) -> object:
    if isinstance(value, Node):
        return new[value]
    if type(value) is tuple:
        return tuple(_replaced(part, new) for part in value)
    return value


def _nodes_of(node: Node) -> Iterator[Node]:
    for field in fields_of(node):
        value = getattr(node, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


def _parts(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _brief(value: object) -> str:
    if isinstance(value, Node):
        return f"{type(value).__name__}(…)"
    if isinstance(value, tuple) and any(isinstance(part, Node) for part in value):
        return f"({', '.join(_brief(part) for part in value)})"
    return repr(value)
