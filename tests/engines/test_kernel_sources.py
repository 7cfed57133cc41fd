"""A kernel is compiled anew when a file that it is made of changes, and for no other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import strategies.backtest
from engines.compile import ENGINES, Kernel, _kernels, sources_of

__all__ = ["strategies"]
_OWN = [one for one in _kernels if one.python.__module__.startswith("engines.")]


def used_by(function: FunctionType) -> Iterator[Any]:
    """What the text of a function names, as far as it lies in engines."""
    for name in function.__code__.co_names:
        found = function.__globals__.get(name)
        home = found.__name__ if isinstance(found, ModuleType) else getattr(found, "__module__", "")
        if str(home).startswith("engines"):
            yield found


def files_in(kernel: Kernel[..., None]) -> set[Path]:
    """Files of everything that a kernel's text reaches, call by call."""
    seen, files = set[int](), set[Path]()
    waiting: list[Any] = [kernel.python]
    while waiting:
        found = waiting.pop()
        seen.add(id(found))
        home = found if isinstance(found, ModuleType) else sys.modules[found.__module__]
        files.add(Path(str(home.__file__)))
        if isinstance(found, FunctionType):
            waiting += [one for one in used_by(found) if id(one) not in seen]
    return files


@pytest.mark.parametrize("kernel", _OWN, ids=lambda one: one.name)
def test_its_sources_hold_all_that_its_text_reaches(kernel: Kernel[..., None]) -> None:
    assert files_in(kernel) <= set(sources_of(kernel.python.__module__))


def test_the_rest_of_the_engines_is_no_part_of_it() -> None:
    sources = sources_of("engines.kernel.run")
    assert ENGINES / "kernel" / "layout.py" in sources
    others = ("reference", "event", "metrics", "portfolio", "statistics", "margin", "certificate")
    assert not [one for one in sources if one.parent.name in others]
