"""A backtest of a file starts without what is slow to import and not needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from serve.cli import run

_SLOW = ("ray", "torch", "mlflow", "optuna", "polars", "pandas", "scipy", "numba", "alembic")
_COLD = """
import sys
from serve.cli import run
assert run(sys.argv[1:]) == 0
print(*(name for name in {slow} if name in sys.modules), file=sys.stderr)
"""


def test_a_known_file_needs_nothing_slow(
    bars_file: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BST_HOME", str(tmp_path / "home"))
    arguments = ["backtest", "sma_cross", "--file", str(bars_file()), "--json"]
    # The first run reads the file into a catalog, and its kernels are in the cache then.
    assert run(arguments) == 0
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _COLD.format(slow=_SLOW), *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stderr.splitlines()[-1] == ""
