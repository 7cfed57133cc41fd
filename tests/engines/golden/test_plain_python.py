"""The compiled kernels do what their Python text says, to the last bit of every ledger."""

from __future__ import annotations

import pytest

from engines.kernel import run as kernels
from tests.engines.golden.corpus import case


@pytest.mark.parametrize("seed", range(0, 300, 5))
def test_compiled_code_gives_the_ledger_of_the_python_text(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = case(seed)
    compiled = one.run().ledger_digest
    for kernel in (kernels.plain, kernels.bracket):
        monkeypatch.setattr(kernel, "_compiled", kernel.python)
    assert one.run().ledger_digest == compiled
