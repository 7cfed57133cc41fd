"""What do the engines need from a strategy? Conditions and levels at a closed bar.

`strategies` delivers them twice, in columns for the batch engines and bar by bar for the event
engine; a test holds the two to equal bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats

Bitmaps = NDArray[np.uint64]
BITS: int = 64


class Decision(NamedTuple):
    """What a strategy decides at one closed bar; `levels` feed its exits, NaN if not known."""

    enter_long: bool
    enter_short: bool
    exit_long: bool
    exit_short: bool
    levels: tuple[float, ...]


class BarByBar(Protocol):
    """A strategy that is told one closed bar after the other."""

    def close_bar(self) -> Decision:
        """Take the next bar and return what the strategy decides at its close."""
        ...


@dataclass(frozen=True, eq=False)
class DecisionTable:
    """Decisions of many parameter rows over the same bars, in the kernel's terms.

    `bitmaps` (n_bitmaps, n_words) uint64: bit k of word w is bar 64·w + k; row 0 is empty and
    bits beyond the last bar are zero. `levels` (n_levels, n_bars) float64, NaN where unknown.
    `params` (n_rows, N_PARAMS) float64 and `choices` (n_rows, N_CHOICES) int32 as in
    `engines.kernel.layout`. `has_exits` tells whether any row rests exits in the market,
    `full` whether any needs the kernel with every rule: entries that rest, exits of the whole
    position, limits, profits that exits ask for, sizes by volatility, history or within bounds.
    """

    bitmaps: Bitmaps
    levels: Floats
    params: Floats
    choices: NDArray[np.int32]
    has_exits: bool
    full: bool = False

    def __len__(self) -> int:
        return len(self.params)


def rows_of(table: DecisionTable, first: int, last: int) -> DecisionTable:
    """Some rows of a table, over the same bitmaps and levels."""
    return replace(table, params=table.params[first:last], choices=table.choices[first:last])


def n_words(n_bars: int) -> int:
    """Words that hold one bit a bar."""
    return (n_bars + BITS - 1) // BITS


def pack_bits(condition: NDArray[np.bool_]) -> Bitmaps:
    """One condition (n_bars,) as words (n_words,) of 64 bars each."""
    padded = np.zeros(n_words(len(condition)) * BITS, dtype=bool)
    padded[: len(condition)] = condition
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)


def unpack_bits(words: Bitmaps, n_bars: int) -> NDArray[np.bool_]:
    """The inverse of `pack_bits`."""
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    return bits[:n_bars].astype(bool)
