"""Functions with their own machine code give the bits of their Python text."""

from __future__ import annotations

import numpy as np
import pytest

from engines.indicators.averages import sma


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("length", [1, 5, 20])
def test_means_over_eight_bars_are_those_of_the_python_text(length: int, hole: float) -> None:
    rng = np.random.default_rng(length)
    column = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, 400)))
    column[[3, 90, 91, 250, 399]] = hole
    column.flags.writeable = False
    found = []
    for run in (sma.kernel, sma.kernel.python):
        out = np.zeros((1, 400))
        with np.errstate(invalid="ignore"):
            run(column, length, np.zeros(sma.carry), out, 0, 400)
        found.append(out)
    np.testing.assert_array_equal(found[0], found[1])
    assert np.isfinite(found[0]).sum() == 400 - (length - 1) - (length > 3)
