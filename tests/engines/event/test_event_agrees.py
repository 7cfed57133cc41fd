"""Two independent engines, one ledger: the event engine and the oracle on random scripts."""

from __future__ import annotations

import os

import pytest

from tests.engines.event.agreement import compare

# The other two tenths of the runs are graphs (tests/conformance).
RUNS = int(os.environ.get("BST_RUNS", "10000")) * 8 // 10
BLOCK = 500


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_random_scripts_trade_the_same_on_both(first: int) -> None:
    for seed in range(first, min(first + BLOCK, RUNS)):
        try:
            compare(seed)
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise
