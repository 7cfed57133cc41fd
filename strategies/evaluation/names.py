"""Which parameters does a node depend on? Those of its own fields and of everything beneath."""

from __future__ import annotations

from collections.abc import Sequence

from strategies.graph.node import Node, scalars_of
from strategies.graph.scalars import Param


def parameter_names(nodes: Sequence[Node]) -> dict[str, tuple[str, ...]]:
    """Parameter names beneath every node, by the node's key, in order of first use.

    `nodes` hold children before parents, as `walk` gives them.
    """
    names: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        found = {one.name: None for one in scalars_of(node) if isinstance(one, Param)}
        for child in node.children:
            found.update(dict.fromkeys(names[child.key]))
        names[node.key] = tuple(found)
    return names
