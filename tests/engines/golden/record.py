"""Record the golden ledgers anew, after ENGINE_SEMANTICS was bumped on purpose.

Run from the repository's root: python -m tests.engines.golden.record
"""

from __future__ import annotations

import json
from pathlib import Path

from engines.spec import ENGINE_SEMANTICS
from tests.engines.golden.corpus import case

FILE = Path(__file__).parents[2] / "data" / "golden_ledgers.json"
CASES = 300


def record() -> None:
    """Write the digest of every ledger of the corpus."""
    digests = [case(seed).run().ledger_digest[:16] for seed in range(CASES)]
    content = {"semantics": ENGINE_SEMANTICS, "ledgers": digests}
    FILE.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
