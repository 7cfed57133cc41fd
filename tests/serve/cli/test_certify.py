"""`bst certify` writes what it compared, or says that there is no GPU."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.serve.cli.conftest import Bst


def test_a_simulated_certificate_says_so(bst: Bst, tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    told = bst("certify", "--simulator", "--cases", "3", "--out", file, "--json")
    assert told.code == 0, told.err
    content = json.loads(file.read_text())
    assert json.loads(told.out) == content
    assert content["simulated"] is True
    assert "simulator" in content["device"]["device"]
    assert content["corpus"]["rows"] == 24


def test_without_a_gpu_it_is_refused(
    bst: Bst, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    told = bst("certify", "--out", tmp_path / "none.json")
    assert told.code == 2
    assert "device was 'none', should be a CUDA GPU" in told.err
    refused = bst("certify", "--cases", "0", "--simulator")
    assert refused.code == 2
    assert "cases" in refused.err
