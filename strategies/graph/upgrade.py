"""How does a document of an older version become one of today?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engines.errors import InvalidInput

Document = dict[str, Any]
Step = Callable[[Document], Document]

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True)
class Upgrades:
    """Steps from one version to the next.

    `documents[n]` makes a document of schema n one of schema n + 1. `nodes[kind, n]` makes a node
    of version n one of the next version; it may change the kind. Steps get copies.
    """

    schema: int = SCHEMA_VERSION
    documents: Mapping[int, Step] = field(default_factory=dict)
    nodes: Mapping[tuple[str, int], Step] = field(default_factory=dict)


_NODES: Final = (
    "sizing",
    "size_limits",
    "limits",
    "re_entry",
    "cool_down",
    "event",
    "entry",
    "ladder",
)
# Nothing has changed since the first version.
UPGRADES: Final = Upgrades()


def upgraded(document: Mapping[str, Any], upgrades: Upgrades = UPGRADES) -> Document:
    """The document in today's schema, each node in the version its last step leads to.

    Raises InvalidInput for a schema that is newer than today's or not a version.
    """
    current = dict(document)
    version = current.get("schema")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidInput("schema", version, f"a version from 1 to {upgrades.schema}")
    if version > upgrades.schema:
        expected = f"{upgrades.schema} or older: the document is of a newer release"
        raise InvalidInput("schema", version, expected)
    for step in range(version, upgrades.schema):
        current = {**upgrades.documents[step](dict(current)), "schema": step + 1}
    return {part: _part(part, value, upgrades) for part, value in current.items()}


def _part(part: str, value: Any, upgrades: Upgrades) -> Any:
    if part == "nodes" and isinstance(value, Mapping):
        return {name: _node(node, upgrades) for name, node in value.items()}
    if part == "exits" and isinstance(value, list):
        return [_node(node, upgrades) for node in value]
    return _node(value, upgrades) if part in _NODES else value


def _node(node: Any, upgrades: Upgrades) -> Any:
    if not isinstance(node, Mapping):
        return node
    # A node that does not tell its version is of the first.
    current = {"version": 1, **node}
    while step := upgrades.nodes.get((str(current.get("kind")), current["version"])):
        current = {"version": current["version"] + 1, **step(dict(current))}
    return current
