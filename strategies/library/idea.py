"""What is an idea of the library? A function that builds a strategy and describes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from strategies.graph import Strategy

Idea = Callable[[], Strategy]


def idea(build: Idea) -> Idea:
    """Give the strategy that `build` returns its docstring as description, on one line."""

    @wraps(build)
    def described() -> Strategy:
        return replace(build(), description=" ".join((inspect.getdoc(build) or "").split()))

    return described
