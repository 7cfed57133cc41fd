"""A home of its own for every command that a test runs."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the command line takes for the user's."""
    monkeypatch.setenv("BST_HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")
    return tmp_path
