"""What is an event strategy? A class with order logic of its own, run once at every close.

class Breakout(EventStrategy):
    parameters = {"length": 20}
    properties = Properties(qty_type="percent_of_equity", qty_value=50)

    def setup(self) -> None:
        self.top = highest(high, int(self["length"]))

    def on_bar(self, now: Now) -> None:
        now.entry("L", "long", stop=now[self.top])
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Mapping
from typing import ClassVar

from engines.canonical import digest_of
from engines.commands import Properties
from engines.errors import InvalidInput
from strategies.graph.expressions import Condition, Series
from strategies.graph.node import Node, walk
from strategies.scripting.failures import script_failed
from strategies.scripting.now import Now

Number = int | float


class EventStrategy:
    """Subclass it: `setup` makes the indicators, `on_bar` orders.

    `parameters` are the numbers that may be changed, with their defaults; `strategy["name"]` reads
    one. Series and conditions that are attributes after `setup` are kept up bar by bar, each equal
    to its column to the bit; lists, tuples and dicts of them count as well.

    With `Properties(calc_on_order_fills=True)` it also runs after fills inside a bar. What it
    remembers is rolled back before each run of a bar, as Pine's `var` is; attributes that `varip`
    names are not (A5).
    """

    parameters: ClassVar[Mapping[str, Number]] = {}
    properties: ClassVar[Properties] = Properties()
    varip: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **given: Number) -> None:
        for name in given:
            if name not in self.parameters:
                expected = ", ".join(self.parameters) or "left out: there are none"
                raise InvalidInput(f"parameter of {self.name}", name, expected)
        self.values: dict[str, Number] = {**self.parameters, **given}
        try:
            self.setup()
        except Exception as error:
            raise script_failed(self, "in its setup", error) from error

    def __getitem__(self, name: str) -> Number:
        """The value of a parameter."""
        return self.values[name]

    @property
    def name(self) -> str:
        """The class's name."""
        return type(self).__name__

    def setup(self) -> None:
        """Make the indicators, as attributes."""

    def on_bar(self, now: Now) -> None:
        """Decide at the close of a bar."""
        raise NotImplementedError

    @property
    def memory(self) -> dict[str, object]:
        """Attributes that a run may change: neither indicators, parameters nor `varip`."""
        kept = ("values", *self.varip)
        return {
            name: value
            for name, value in vars(self).items()
            if name not in kept and not any(True for _ in _nodes_in([value]))
        }

    def remember(self, memory: object) -> None:
        """Take those attributes as they were; ones that came since are gone."""
        if isinstance(memory, Mapping):
            for name in set(self.memory) - set(memory):
                delattr(self, name)
            vars(self).update(memory)

    @property
    def nodes(self) -> list[Node]:
        """Series and conditions that were set up, and what they are made of."""
        return list(walk(list(_nodes_in(vars(self).values()))))

    @property
    def description(self) -> str:
        """The first line of the class's docstring, empty without one."""
        said = type(self).__doc__ or ""
        return "" if said == EventStrategy.__doc__ else said.strip().partition("\n")[0]

    @property
    def source(self) -> str:
        """The text of the class's module. Raises InvalidInput for a class that has none."""
        try:
            return inspect.getsource(inspect.getmodule(type(self)) or type(self))
        except (OSError, TypeError):
            raise InvalidInput(f"source of {self.name}", None, "a class from a file") from None

    @property
    def digest(self) -> str:
        """Name of the strategy: its class and the source of its module."""
        code = hashlib.sha256(self.source.encode()).hexdigest()
        return digest_of({"kind": "event_strategy", "class": self.name, "source": code})

    @property
    def lineage(self) -> str:
        """What stays when the source is edited: the class's name."""
        return digest_of({"kind": "event_strategy", "class": self.name})


def _nodes_in(values: Iterable[object]) -> Iterable[Node]:
    for value in values:
        if isinstance(value, (Series, Condition)):
            yield value
        elif isinstance(value, Mapping):
            yield from _nodes_in(value.values())
        elif isinstance(value, (list, tuple)):
            yield from _nodes_in(value)
