"""How was a strategy's document laid out? Node ids and the editor's own data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from strategies.graph.node import Node


@dataclass(frozen=True)
class Layout:
    """Ids of nodes as the document had them, and its `ui` map as JSON text.

    It is no part of what the strategy says: neither digests nor comparisons look at it.
    """

    ids: tuple[tuple[str, Node], ...] = ()
    ui: str = "{}"

    def moved(self, new: Mapping[Node, Node]) -> Layout:
        """The layout after nodes were replaced: those in `new` keep their ids, others go."""
        kept = tuple((name, new[node]) for name, node in self.ids if node in new)
        return Layout(kept, self.ui)
