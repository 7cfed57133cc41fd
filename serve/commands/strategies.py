"""Which strategy is meant? A name of the library, a file, or a graph as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster.storage.store import StoredStrategy
from engines.errors import InvalidInput
from strategies.graph.reading import from_json
from strategies.graph.strategy import Strategy
from strategies.graph.writing import to_json
from strategies.library import find
from strategies.scripting import EventStrategy, load_event_strategy


def any_strategy_from(
    said: str | Mapping[str, Any], values: Mapping[str, float]
) -> Strategy | EventStrategy:
    """As `strategy_from`, or an event strategy out of a Python file, with its parameters."""
    if isinstance(said, str) and said.partition(":")[0].endswith(".py"):
        return load_event_strategy(said)(**values)
    return strategy_from(said)


def strategy_from(said: str | Mapping[str, Any]) -> Strategy:
    """The strategy that a request names. Raises InvalidInput saying what would be right."""
    if not isinstance(said, str):
        return from_json(said)
    if said.partition(":")[0].endswith(".py"):
        expected = "a graph: an event strategy runs by `bst backtest`, it has no rows to sweep"
        raise InvalidInput("strategy", said, expected)
    if not said.endswith(".json"):
        return find(said)()
    try:
        return from_json(Path(said).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput("strategy", said, f"a file that can be read ({error})") from error
    except UnicodeDecodeError:
        raise InvalidInput("strategy", said, "a JSON file of a strategy") from None


def stored_strategy(strategy: Strategy | EventStrategy) -> StoredStrategy:
    """The strategy as the store keeps it."""
    if isinstance(strategy, EventStrategy):
        source = {"kind": "event_strategy", "class": strategy.name, "source": strategy.source}
        digest, lineage = strategy.digest, strategy.lineage
        return StoredStrategy(digest, digest, lineage, strategy.name, json.dumps(source))
    return StoredStrategy(
        digest=strategy.digest,
        shape_digest=strategy.shape_digest,
        lineage=strategy.lineage,
        name=strategy.name,
        graph=json.dumps(to_json(strategy)),
    )
