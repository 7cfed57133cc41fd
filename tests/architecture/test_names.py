"""Nobody else may own the names of our rooms, and nothing may play with the import path."""

from __future__ import annotations

import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("engines", "strategies", "cluster", "actors", "tune", "serve")


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_owns_the_name_of_a_room(room: str) -> None:
    owners = set(packages_distributions().get(room, ()))
    assert owners <= {"bybit-strategy-tester"}


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_touches_the_import_path(room: str) -> None:
    touching = [
        path
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\bsys\.path\b", path.read_text(encoding="utf-8"))
    ]
    assert touching == []


def test_no_module_hides_what_is_inside_it() -> None:
    vague = re.compile(r"(_v\d|_old|_new|utils|helpers|misc|manager|common)\.py$")
    names = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert [path for path in names if vague.search(path.name)] == []


def test_the_lock_names_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--index-url|--find-links", text)
