"""How many examples does a property look at? A few on every run, many in `make prove`."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

_TIMES: Final = int(os.environ.get("BST_EXAMPLES", "1"))


def examples(count: int) -> settings:
    """`count` examples, BST_EXAMPLES times as many when that is set, however slow each is."""
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=count * _TIMES, deadline=None, suppress_health_check=slow)


def times() -> int:
    """How many times the usual size `make prove` asks for; 1 on every run."""
    return _TIMES
