"""How is a peer asked? A process of its own that answers lines of JSON, with tuned memory."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = ROOT / "build" / "bench-venv" / "bin" / "python"
SCRIPT: Final = Path(__file__).with_name("vectorbt_peer.py")
# Without these a third of vectorbt's time goes into page faults of memory it gave back.
PEER_ENVIRONMENT: Final = {
    **os.environ,
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}


class Peer(NamedTuple):
    """A running peer."""

    process: subprocess.Popen[str]

    def ask(self, **request: Any) -> dict[str, Any]:
        """Its answer: seconds, version and figures."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the peer ended without an answer: see what it wrote above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def vectorbt(closes_file: Path) -> Iterator[Peer]:
    """vectorbt over the closes in a .npy file; its environment is made by `make bench`."""
    process = subprocess.Popen(  # noqa: S603
        [str(PYTHON), str(SCRIPT), str(closes_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=PEER_ENVIRONMENT,
    )
    try:
        yield Peer(process)
    finally:
        process.kill()
        process.communicate()
