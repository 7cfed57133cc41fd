"""Which ideas are ready to try? Strategies by name, with ranges worth sweeping."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from engines.errors import InvalidInput
from strategies.library.atr_breakout import atr_breakout
from strategies.library.bollinger_breakout import bollinger_breakout
from strategies.library.bollinger_reversion import bollinger_reversion
from strategies.library.donchian_breakout import donchian_breakout
from strategies.library.ema_cross import ema_cross
from strategies.library.idea import Idea
from strategies.library.macd import macd
from strategies.library.rsi_momentum import rsi_momentum
from strategies.library.rsi_reversion import rsi_reversion
from strategies.library.sma_cross import sma_cross
from strategies.library.stochastic import stochastic
from strategies.library.supertrend import supertrend
from strategies.library.triple_ema import triple_ema

__all__ = ["LIBRARY", "Idea", "find"]

LIBRARY: Final[Mapping[str, Idea]] = MappingProxyType(
    {
        one.__name__: one
        for one in (
            sma_cross,
            ema_cross,
            triple_ema,
            rsi_reversion,
            rsi_momentum,
            macd,
            bollinger_reversion,
            bollinger_breakout,
            donchian_breakout,
            supertrend,
            atr_breakout,
            stochastic,
        )
    }
)


def find(name: str) -> Idea:
    """The library's `name`; call it for the strategy. Raises InvalidInput with close names."""
    if name not in LIBRARY:
        close = get_close_matches(name, LIBRARY, n=3) or list(LIBRARY)
        raise InvalidInput("strategy", name, f"one of {', '.join(close)}")
    return LIBRARY[name]
