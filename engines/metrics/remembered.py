"""How is what a dozen figures ask for found once? Kept beside its material, and gone with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from engines.metrics.material import Material

Found = TypeVar("Found")


def once(work: Callable[[Material], Found]) -> Callable[[Material], Found]:
    """What `work` finds, found once for each material: a dozen figures ask for the same."""
    kept: WeakKeyDictionary[Material, Found] = WeakKeyDictionary()

    def remembered(material: Material) -> Found:
        if material not in kept:
            kept[material] = work(material)
        return kept[material]

    return wraps(work)(remembered)
