"""What is random here? Numbered draws, equal on every machine and at any starting point.

Draw number k of a stream is a pure function of the seed, the stream's name and k. Only the raw
output of Philox is used, which NumPy keeps stable for good (NEP 19), and only arithmetic that
IEEE 754 fixes to the bit: NumPy's own exp and normal draws differ between processors.
"""

from __future__ import annotations

import hashlib
import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats

Words = NDArray[np.uint64]

# A Philox counter step yields four words.
_WORDS_PER_STEP: Final = 4
_EVEN_LANES: Final = np.uint64(0x0000_FFFF_0000_FFFF)
_BELL_MEAN: Final = 2.0 * 0xFFFF
_BELL_SCALE: Final = 1.0 / math.sqrt((2.0**32 - 1.0) / 3.0)
# Rounding hides the last digits, in which the logarithms of two machines may differ.
_EXPONENTIAL: Final[Floats] = np.array(
    [round(-math.log((k + 0.5) / 4096) * 2**20) / 2**20 for k in range(4096)]
)
_LN2: Final = 0.6931471805599453
_EXP_TERMS: Final = tuple(1.0 / math.factorial(k) for k in range(12, -1, -1))


class Stream:
    """The endless draws of one name under one seed, addressed by their number."""

    def __init__(self, seed: int, *name: str) -> None:
        text = "/".join((str(seed), *name))
        self._key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")

    def words(self, first: int, count: int) -> Words:
        """Draws `first` to `first + count` as 64 random bits each, (count,) uint64."""
        skipped = first % _WORDS_PER_STEP
        source = np.random.Philox(key=self._key, counter=first // _WORDS_PER_STEP)
        return source.random_raw(skipped + count)[skipped:]

    def bells(self, first: int, count: int) -> Floats:
        """Draws of mean 0 and deviation 1, bell-shaped within ±3.47, (count,) float64."""
        return bells_of(self.words(first, count))


def bells_of(words: Words) -> Floats:
    """Bell-shaped values of deviation 1: the sum of each word's four 16-bit lanes, scaled."""
    pairs = (words & _EVEN_LANES) + ((words >> np.uint64(16)) & _EVEN_LANES)
    lanes = (pairs & np.uint64(0xFFFF_FFFF)) + (pairs >> np.uint64(32))
    bells = lanes.astype(np.float64)
    bells -= _BELL_MEAN
    bells *= _BELL_SCALE
    return bells


def exponentials_of(words: Words, lane: int) -> Floats:
    """Exponential values of mean 1 out of 12 bits of each word; `lane` 0 to 4 picks which."""
    bits = (words >> np.uint64(12 * lane)) & np.uint64(0xFFF)
    return _EXPONENTIAL[bits.astype(np.int64)]


def uniforms_of(words: Words) -> Floats:
    """Values spread evenly over [0, 1)."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def exp(values: Floats) -> Floats:
    """Exponential function to about 1e-15 relative, by IEEE arithmetic alone."""
    doublings = np.rint(values * (1.0 / _LN2))
    rest = values - doublings * _LN2
    total = np.full_like(rest, _EXP_TERMS[0])
    for term in _EXP_TERMS[1:]:
        total *= rest
        total += term
    return np.asarray(np.ldexp(total, doublings.astype(np.int32)), dtype=np.float64)


class Rung(NamedTuple):
    """One scale of a noise: a knot every `step`, of deviation `weight`."""

    step: int
    weight: float


def cascade(seed: int, name: str, first: int, last: int, rungs: tuple[Rung, ...]) -> Floats:
    """A noise of several scales at `first`, `first + finest step`, ..., `last`.

    Knots are joined by straight lines. Every step must divide the one before; `first` and `last`
    must be multiples of the coarsest. Equal wherever it is evaluated from.
    """
    values = np.zeros((last - first) // rungs[0].step + 1)
    step_before = rungs[0].step
    for step, weight in rungs:
        values = interpolated(values, step_before // step)
        values += weight * Stream(seed, name, str(step)).bells(first // step, len(values))
        step_before = step
    return values


def interpolated(knots: Floats, times: int) -> Floats:
    """Straight lines between `knots` (n,), with `times` points each: ((n − 1) × times + 1,)."""
    if times == 1:
        return knots
    share = np.arange(times) / times
    inner = np.diff(knots)[:, None] * share
    inner += knots[:-1, None]
    return np.append(inner.ravel(), knots[-1])
