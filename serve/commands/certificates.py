"""Do the GPU of this machine and its CPU keep the same ledgers? A certificate, as a file."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.certificate.certify import MISSING
from engines.errors import InvalidInput, TesterError
from serve.commands.job import Job, Ticket


@dataclass(frozen=True)
class Certified:
    """A certificate and where it lies."""

    file: Path
    content: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether every ledger agreed."""
        return bool(self.content["passed"])


def start_certificate(out: Path, cases: int | None, simulator: bool) -> Job[Certified]:
    """Begin to compare; a job that gives the certificate.

    It raises InvalidInput where there is no GPU and the simulator was not asked for.
    """
    if cases is not None and cases < 1:
        raise InvalidInput("cases", cases, "at least 1")
    return Job(lambda ticket: _certify(out, cases, simulator, ticket))


def _certify(out: Path, cases: int | None, simulator: bool, ticket: Ticket) -> Certified:
    # In a process of its own: numba decides between a GPU and the simulator when it is imported.
    command = [sys.executable, "-m", "engines.certificate", "--out", str(out)]
    command += [] if cases is None else ["--cases", str(cases)]
    command += ["--simulator"] if simulator else []
    child = subprocess.Popen(  # noqa: S603 (this Python, and a module of ours)
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in child.stdout or ():
            done, total = map(int, line.split())
            ticket.report(done, total, "ledgers on GPU and CPU")
            ticket.check()
        said = child.communicate()[1]
    finally:
        child.kill()
    if child.returncode == 2:
        raise InvalidInput("device", "none", MISSING)
    if child.returncode not in (0, 1):
        raise TesterError(f"The comparison broke off: {said.strip()[-500:]}")
    return Certified(out, json.loads(out.read_text(encoding="utf-8")))
