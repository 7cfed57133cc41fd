"""Which strategy is meant? A name of the library, a JSON file, or a graph as it is."""

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


def strategy_from(said: str | Mapping[str, Any]) -> Strategy:
    """The strategy that a request names. Raises InvalidInput saying what would be right."""
    if not isinstance(said, str):
        return from_json(said)
    if not said.endswith(".json"):
        return find(said)()
    try:
        return from_json(Path(said).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput("strategy", said, f"a file that can be read ({error})") from error
    except UnicodeDecodeError:
        raise InvalidInput("strategy", said, "a JSON file of a strategy") from None


def stored_strategy(strategy: Strategy) -> StoredStrategy:
    """The strategy as the store keeps it."""
    return StoredStrategy(
        digest=strategy.digest,
        shape_digest=strategy.shape_digest,
        lineage=strategy.lineage,
        name=strategy.name,
        graph=json.dumps(to_json(strategy)),
    )
