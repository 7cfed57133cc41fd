"""Compiled kernels are kept as object files and called without numba, and refuse what is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from engines.bars import Floats
from engines.compile import F1, F2, OutF1, cache_folder, kernel
from engines.machine_code import read_code

_AGAIN = """
import sys
from tests.engines.test_machine_code import expected, weigh, given
weigh(*given())
assert weigh.compilations == 0, "compiled again"
assert "numba" not in sys.modules, "numba was imported"
"""


class Weights(NamedTuple):
    """A tuple with an array, numbers and a choice."""

    column: F1
    scale: float
    shift: int
    on: bool


@kernel
def weigh(values: F2, weights: Weights, out: OutF1) -> None:
    """Rows of `values` weighed into `out`."""
    for row in range(len(values)):
        out[row] = weights.shift
        if weights.on:
            for place in range(len(weights.column)):
                out[row] += values[row, place] * weights.column[place] * weights.scale


def given(n_rows: int = 5) -> tuple[Floats, Weights, Floats]:
    values = np.random.default_rng(3).normal(size=(n_rows, 4))
    return values, Weights(np.arange(4.0), 0.5, -3, on=True), np.zeros(n_rows)


def expected(values: Floats, weights: Weights) -> Floats:
    out = np.zeros(len(values))
    weigh.python(values, weights, out)
    return out


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BST_CACHE", str(tmp_path))
    monkeypatch.setattr(weigh, "_compiled", None)
    monkeypatch.setattr(weigh, "compilations", 0)


def test_it_does_what_the_python_text_does() -> None:
    values, weights, out = given()
    weigh(values, weights, out)
    assert np.array_equal(out, expected(values, weights))
    weigh(values, weights._replace(on=False), out)
    assert np.array_equal(out, np.full(5, -3.0))


def test_another_process_loads_it_without_numba() -> None:
    weigh(*given())
    assert weigh.compilations == 1
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _AGAIN], check=False, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {0: np.zeros((5, 4), np.float32)},
        {0: np.zeros(5)},
        {0: np.zeros((4, 5)).T},
        {1: Weights(np.arange(8.0)[::2], 0.5, -3, on=True)},
        {2: np.broadcast_to(np.zeros(1), 5)},
    ],
    ids=["type", "dimensions", "order", "gaps", "read-only"],
)
def test_an_array_of_another_kind_is_refused(wrong: dict[int, object]) -> None:
    with pytest.raises(TypeError, match="is no Array"):
        weigh(*(wrong.get(place, one) for place, one in enumerate(given())))  # type: ignore[arg-type]


def test_too_few_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        weigh(*given()[:2])  # type: ignore[call-arg]


def test_code_that_is_damaged_is_compiled_anew() -> None:
    weigh(*given())
    (path,) = cache_folder(__name__).glob("*weigh.o")
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    assert read_code(path) is None
    weigh._compiled = None
    weigh(*given())
    assert weigh.compilations == 2
    assert read_code(path) is not None


def test_a_kernel_that_returns_a_value_is_refused() -> None:
    def counted(values: F1) -> int:
        return len(values)

    counted.__annotations__ = {"values": F1, "return": int}
    with pytest.raises(TypeError, match="writes into an array"):
        kernel(counted)(np.zeros(3))
