"""What does a result depend on? Everything, by name: the digest of a spec is the run's name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from engines.broker import Broker
from engines.canonical import digest_of
from engines.errors import InvalidInput
from engines.instrument import Instrument

# Bumped whenever a ledger of the golden corpus changes (tests/engines/golden).
ENGINE_SEMANTICS: Final = 5

Value = int | float | str


@dataclass(frozen=True)
class Spec:
    """One run: strategy, parameters, bars, instrument, broker, range and computing path.

    `dataset_digest` names the base bars and every other series the strategy or the fills use.
    Columns see the bars from `anchor_ms` on; trading happens in `[start_ms, end_ms)`. `path` is
    the kernel variant, a function of strategy and data alone.
    """

    strategy_digest: str
    parameters: tuple[tuple[str, Value], ...]
    dataset_digest: str
    instrument: Instrument
    broker: Broker
    anchor_ms: int
    start_ms: int
    end_ms: int
    path: str
    semantics: int = ENGINE_SEMANTICS

    def __post_init__(self) -> None:
        if not self.anchor_ms <= self.start_ms < self.end_ms:
            value = (self.anchor_ms, self.start_ms, self.end_ms)
            raise InvalidInput("anchor, start, end", value, "anchor <= start < end")

    def canonical(self) -> dict[str, object]:
        """The spec as JSON values."""
        return {
            "kind": "spec",
            "strategy": self.strategy_digest,
            "parameters": dict(self.parameters),
            "dataset": self.dataset_digest,
            "instrument": self.instrument.canonical(),
            "broker": self.broker.canonical(),
            "anchor_ms": self.anchor_ms,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "path": self.path,
            "semantics": self.semantics,
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: same name, same result, on any machine."""
        return digest_of(self.canonical())
