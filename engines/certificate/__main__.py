"""Write a certificate: `python -m engines.certificate --out certificate.json`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.errors import InvalidInput

CASES = 500
TINY_CASES = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the corpus and write the file; 0 if all agreed, 1 if not, 2 where it cannot be run.

    Tells on standard output how many cases of how many are done.
    """
    parser = argparse.ArgumentParser(prog="python -m engines.certificate")
    parser.add_argument("--out", type=Path, default=Path("certificate.json"))
    parser.add_argument("--cases", type=int)
    parser.add_argument("--simulator", action="store_true")
    given = parser.parse_args(arguments)
    if given.simulator:
        # numba reads it when it is imported, which nothing has done so far.
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
    from engines.certificate.certify import certificate

    cases = given.cases or (TINY_CASES if given.simulator else CASES)
    try:
        found = certificate(range(cases), _tell)
    except InvalidInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if found["passed"] else 1


def _tell(done: int, total: int) -> None:
    sys.stdout.write(f"{done} {total}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
