"""What is a strategy once some of its nodes are others?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

from strategies.graph.node import Node
from strategies.graph.strategy import SIGNALS, Strategy

_SINGLE: Final = (
    *SIGNALS,
    "sizing",
    "size_limits",
    "limits",
    "re_entry",
    "cool_down",
    "entry",
    "ladder",
)


def with_nodes(strategy: Strategy, new: Mapping[Node, Node], **changes: Any) -> Strategy:
    """The strategy with every node replaced by what it is in `new`; `changes` are other fields.

    Name, lineage and node ids stay. Raises InvalidInput for what is no strategy any more.
    """
    old = {name: getattr(strategy, name) for name in _SINGLE}
    single = {name: new[node] for name, node in old.items() if node is not None}
    exits = tuple(new[one] for one in strategy.exits)
    said = {"exits": exits, "layout": strategy.layout.moved(new), **single, **changes}
    return replace(strategy, **cast(Any, said))
