"""The compiled kernels do what their Python text says, to the last bit of ledgers and sums."""

from __future__ import annotations

import numpy as np
import pytest

from engines.kernel import run as kernels
from tests.engines.golden.corpus import Case, case, resting_case


@pytest.mark.parametrize("seed", range(0, 300, 5))
def test_compiled_code_gives_the_ledger_of_the_python_text(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_python_agrees(case(seed), monkeypatch)


@pytest.mark.parametrize("seed", range(0, 150, 5))
def test_compiled_code_rests_orders_as_the_python_text_does(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_python_agrees(resting_case(seed), monkeypatch)


def assert_python_agrees(one: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = one.run()
    for kernel in (kernels.plain, kernels.bracket, kernels.full):
        monkeypatch.setattr(kernel, "_compiled", kernel.python)
    python = one.run()
    assert python.ledger_digest == compiled.ledger_digest
    np.testing.assert_equal(python.statistics, compiled.statistics)
