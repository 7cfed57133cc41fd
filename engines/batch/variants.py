"""Which kernel does a table of decisions take, and how much can a row of it hold at a time?"""

from __future__ import annotations

from engines.decisions import DecisionTable
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.layout import Settlements


def variant_of(table: DecisionTable, funding: Settlements) -> str:
    """The kernel that a table takes: `plain`, `bracket` or `full`."""
    if table.full or len(funding.bar) > 0:
        return "full"
    return "bracket" if table.has_exits else "plain"


def depths_of(table: DecisionTable, funding: Settlements) -> tuple[int, int]:
    """Lots that may be open at a time, and entries that may rest."""
    safety = int(table.choices[:, at.LADDER_ORDERS].max(initial=0))
    deepest = max(int(table.choices[:, at.PYRAMIDING].max(initial=1)), 1) + safety
    return deepest, rests.SAFETY + safety if variant_of(table, funding) == "full" else 0
