"""The command line, run in this process in a home of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from serve.cli import run


class Told(NamedTuple):
    """A command's exit code, and what it left on the screen."""

    code: int
    out: str
    err: str


Bst = Callable[..., Told]


@pytest.fixture
def bst(home: Path, capsys: pytest.CaptureFixture[str]) -> Bst:
    """Runs a command line in a home of its own."""

    def told(*arguments: object) -> Told:
        capsys.readouterr()
        code = run([str(one) for one in arguments])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return Told(code, shown.out, shown.err)

    return told
