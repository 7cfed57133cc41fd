"""The kernels compile for a Hopper GPU without one, round as the CPU, and stay in registers."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
from importlib import util
from typing import Any

import pytest

from engines.batch.gpu import simulated

# A minute of one core for new sources, then from the cache of kernels.
pytestmark = pytest.mark.timeout(1200)

KERNELS = ("plain", "bracket")

# The operations that the money path may take (`contracts.md`), each correctly rounded.
ROUNDED = {"add", "sub", "mul", "div", "sqrt"}
EXACT = {"abs", "neg", "max", "min", "mov", "selp", "setp", "ld", "st"}
TO_WHOLE = {"cvt.rmi.f64.f64", "cvt.rpi.f64.f64", "cvt.rni.f64.f64", "cvt.rzi.s64.f64"}
FROM_WHOLE = {"cvt.rn.f64.s64", "cvt.rn.f64.s32", "cvt.rn.f64.u32"}


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    """What each kernel compiles to; in a process of its own, whose numba is numba-cuda's."""
    if simulated() or util.find_spec("numba_cuda") is None:
        pytest.skip("numba-cuda is not installed: the `gpu` extra has it")
    done = subprocess.run(
        [sys.executable, "-m", "tests.engines.gpu.assembler", "plain", "bracket"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", KERNELS)
def test_nothing_is_contracted_and_all_is_rounded_to_nearest(
    compiled: dict[str, Any], name: str
) -> None:
    found = compiled[name]
    assert found["fused"] == 0
    for operation, count in found["operations"].items():
        root = operation.split(".")[0]
        if root in ROUNDED:
            # Without `.rn` the assembler may contract a product and a sum by itself.
            assert operation == f"{root}.rn.f64", (operation, count)
        else:
            assert root in EXACT or operation in TO_WHOLE | FROM_WHOLE, (operation, count)
    assert found["operations"]["mul.rn.f64"] > 100, "the pattern finds nothing"


@pytest.mark.parametrize("name", KERNELS)
def test_an_extreme_instruction_has_an_operand_that_makes_it_a_comparison(
    compiled: dict[str, Any], name: str
) -> None:
    """`max.f64` differs from `b > a ? b : a` for NaN and for zeros of two signs only."""
    for operands in compiled[name]["extremes"]:
        constants = [one for one in operands if one.startswith("0d")]
        assert any(map(_settles_it, constants)), operands


def _settles_it(constant: str) -> bool:
    """Neither zero nor NaN; infinity will do."""
    (value,) = struct.unpack(">d", bytes.fromhex(constant[2:]))
    return value != 0.0 and not math.isnan(value)


@pytest.mark.parametrize("name", KERNELS)
def test_no_register_spills(compiled: dict[str, Any], name: str) -> None:
    if "spills" not in compiled[name]:
        pytest.skip("no ptxas here: the wheel nvidia-cuda-nvcc has it")
    assert compiled[name]["spills"] == [0, 0, 0]
    assert compiled[name]["registers"] < 255
