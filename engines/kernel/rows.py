"""What does a parameter row look like before a strategy fills it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.kernel import layout as at

_COLUMN_SLOTS = (
    at.STOP_COLUMN,
    at.TRAIL_COLUMN,
    at.ACTIVATION_COLUMN,
    at.BREAK_EVEN_COLUMN,
    at.ENTRY_COLUMN,
    at.LADDER_COLUMN,
    at.SIZE_COLUMN,
    *(at.TARGET_COLUMN + 2 * target for target in range(at.MAX_TARGETS)),
)


def neutral_rows(n_rows: int) -> tuple[Floats, NDArray[np.int32]]:
    """Rows that never trade: no signals, no exits, all of the equity, one entry at a time.

    Returns `params` (n_rows, N_PARAMS) and `choices` (n_rows, N_CHOICES), see `layout`.
    """
    params = np.zeros((n_rows, at.N_PARAMS))
    params[:, at.SIZE] = 1.0
    choices = np.zeros((n_rows, at.N_CHOICES), dtype=np.int32)
    choices[:, at.SIZE_MODE] = at.SIZE_EQUITY
    choices[:, at.PYRAMIDING] = 1
    params[:, [at.EXIT_PROFIT, at.TIME_PROFIT]] = -np.inf
    choices[:, at.CLOCK_COLUMN] = -1
    for slot in _COLUMN_SLOTS:
        choices[:, slot : slot + 2] = -1
    return params, choices
