"""Record the golden ledgers anew, after ENGINE_SEMANTICS was bumped on purpose.

Run from the repository's root: python -m tests.engines.golden.record
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from engines.spec import ENGINE_SEMANTICS
from tests.engines.golden.corpus import Case, case, resting_case

FILE = Path(__file__).parents[2] / "data" / "golden_ledgers.json"
CASES = 300
RESTING_CASES = 150


def record() -> None:
    """Write the digest of every ledger of the corpus."""
    content = {
        "semantics": ENGINE_SEMANTICS,
        "ledgers": _digests(case, CASES),
        "resting": _digests(resting_case, RESTING_CASES),
    }
    FILE.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")


def _digests(draw: Callable[[int], Case], count: int) -> list[str]:
    return [draw(seed).run().ledger_digest[:16] for seed in range(count)]


if __name__ == "__main__":
    record()
