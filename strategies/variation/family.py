"""Which graphs are near a strategy, and which one does a row of a sweep mean?

A change is a number: `graph_swap_1` of 3 is the third swap that the graph allows, 0 is none. So a
graph is a row of numbers like any other, and every search can propose it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.canonical import digest_of
from engines.errors import InvalidInput
from strategies.graph.conditions import Logic
from strategies.graph.expressions import Condition
from strategies.graph.functions import all_of
from strategies.graph.numbers import Number
from strategies.graph.replacing import with_nodes
from strategies.graph.strategy import Strategy
from strategies.variation.filters import FILTERS
from strategies.variation.kin import Swap, swaps_of, with_swaps

PREFIX: Final = "graph_"
_DROP: Final = f"{PREFIX}drop"
_ENTRIES: Final = ("enter_long", "enter_short")
_NAMES: Final = tuple(FILTERS)
# Graphs that a process remembers: more than a batch has.
_REMEMBERED: Final = 1024


@dataclass(frozen=True)
class Limits:
    """How far from the strategy a graph may be: changes of each kind, at most.

    `swaps` are indicators taken for one another, `filters` conditions put before the entries,
    `drops` conditions of the entries left out.
    """

    swaps: int = 2
    filters: int = 2
    drops: int = 1


@dataclass(frozen=True)
class Graph:
    """A graph of a family: what was changed, in words, and the strategy that it became."""

    strategy: Strategy
    told: str


@dataclass(frozen=True)
class Family:
    """A strategy and the graphs within `limits` of it; alone without any."""

    strategy: Strategy
    limits: Limits | None = None

    @cached_property
    def genes(self) -> dict[str, int]:
        """How many changes each gene chooses from beside none, by the gene's name."""
        if self.limits is None:
            return {}
        found = {}
        for kind, slots, n_options in (
            ("swap", self.limits.swaps, len(self._swaps)),
            ("filter", self.limits.filters, len(FILTERS)),
        ):
            for slot in range(1, min(slots, n_options) + 1):
                found[f"{PREFIX}{kind}_{slot}"] = n_options
        if self.limits.drops and self._drops:
            found[_DROP] = len(self._drops)
        return found

    def canonical(self) -> dict[str, Any]:
        """Limits, and every single change by the graph that it makes, as JSON values."""
        limits = Limits(0, 0, 0) if self.limits is None else self.limits
        single = [
            self.graph({gene: place}).strategy.digest
            for gene, n_options in self.genes.items()
            if gene == _DROP or gene.endswith("_1")
            for place in range(1, n_options + 1)
        ]
        return {**asdict(limits), "changes": digest_of(single)}

    def allows(self, rows: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which rows of genes name a graph in its one way: (n_rows,).

        Changes of a kind are told in falling order, nothing is changed twice.
        """
        n_rows = len(next(iter(rows.values())))
        kept = np.ones(n_rows, dtype=bool)
        for kind in ("swap", "filter"):
            columns = [rows[one].astype(int) for one in self.genes if one.startswith(PREFIX + kind)]
            for first, second in pairwise(columns):
                kept &= (first > second) | ((first == 0) & (second == 0))
            if kind == "swap":
                kept &= self._apart(columns, n_rows)
        return kept

    def graph(self, genes: Mapping[str, Number]) -> Graph:
        """The graph that some genes mean; those left out change nothing."""
        places = tuple(int(genes.get(name, 0)) for name in self.genes)
        return _graph(self, places)

    def split(self, rows: Mapping[str, Floats]) -> Iterator[tuple[Graph, NDArray[np.int64]]]:
        """The graphs that rows mean, and the places of the rows of each."""
        n_rows = len(next(iter(rows.values())))
        if not self.genes:
            yield Graph(self.strategy, ""), np.arange(n_rows)
            return
        table = np.column_stack([rows[name] for name in self.genes])
        distinct, which = np.unique(table, axis=0, return_inverse=True)
        for number, places in enumerate(distinct.tolist()):
            graph = self.graph(dict(zip(self.genes, places, strict=True)))
            yield graph, np.flatnonzero(which.reshape(-1) == number)

    def own(self, values: Mapping[str, Number]) -> tuple[Strategy, dict[str, Number]]:
        """The strategy that a row means, and the values of all its parameters."""
        strategy = self.graph(values).strategy
        return strategy, {one.name: values.get(one.name, one.default) for one in strategy.params}

    def changed(self, places: Sequence[int]) -> Graph:
        """The graph that numbers of all genes mean, in their order."""
        chosen = [(name, place) for name, place in zip(self.genes, places, strict=True) if place]
        swaps = [self._swaps[place - 1] for name, place in chosen if "swap" in name]
        drops = [self._drops[place - 1] for name, place in chosen if name == _DROP]
        filters = [_NAMES[place - 1] for name, place in chosen if "filter" in name]
        found = _changed(self.strategy, swaps, drops, filters)
        told = [*(one.told for one in swaps), *(f"without part {one + 1}" for one in drops)]
        return Graph(found, "; ".join([*told, *(f"only {name}" for name in filters)]))

    @cached_property
    def _swaps(self) -> tuple[Swap, ...]:
        return swaps_of(self.strategy.roots)

    @cached_property
    def _drops(self) -> tuple[int, ...]:
        most = max(len(parts(getattr(self.strategy, side))) for side in _ENTRIES)
        return tuple(one for one in range(most if most > 1 else 0) if self._without(one))

    def _without(self, part: int) -> bool:
        try:
            _changed(self.strategy, (), (part,), ())
        except InvalidInput:
            # A relation between parameters that are gone with the part.
            return False
        return True

    def _apart(self, columns: Sequence[NDArray[np.int64]], n_rows: int) -> NDArray[np.bool_]:
        groups = {swap.keys: number for number, swap in enumerate(self._swaps, 1)}
        group_of = np.array([0, *(groups[swap.keys] for swap in self._swaps)])
        kept = np.ones(n_rows, dtype=bool)
        for place, first in enumerate(columns):
            for second in columns[place + 1 :]:
                kept &= (second == 0) | (group_of[first] != group_of[second])
        return kept


@lru_cache(maxsize=_REMEMBERED)
def _graph(family: Family, places: tuple[int, ...]) -> Graph:
    return family.changed(places)


def _changed(
    strategy: Strategy, swaps: Sequence[Swap], drops: Sequence[int], filters: Sequence[str]
) -> Strategy:
    found = with_nodes(strategy, with_swaps(strategy.roots, swaps)) if swaps else strategy
    sides: dict[str, Condition | None] = {side: getattr(found, side) for side in _ENTRIES}
    for side, entry in sides.items():
        kept = [one for k, one in enumerate(parts(entry)) if k not in drops]
        if drops and kept:
            sides[side] = all_of(*kept) if len(kept) > 1 else kept[0]
    for number, name in enumerate(filters, _first_free(strategy)):
        for side, condition in zip(_ENTRIES, FILTERS[name](f"filter_{number}"), strict=True):
            entry = sides[side]
            sides[side] = None if entry is None else entry & condition
    return found.edit(**sides) if drops or filters else found


def parts(entry: Condition | None) -> list[Condition]:
    """The conditions that all have to hold for an entry."""
    if isinstance(entry, Logic) and entry.op == "and":
        return [part for one in entry.inputs for part in parts(one)]
    return [] if entry is None else [entry]


def _first_free(strategy: Strategy) -> int:
    """The number of the first filter whose parameters no other has."""
    taken = [one.name.split("_")[1] for one in strategy.params if one.name.startswith("filter_")]
    return max((int(one) for one in taken if one.isdigit()), default=0) + 1
