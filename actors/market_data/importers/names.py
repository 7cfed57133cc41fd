"""What does a file's name tell? Symbol, interval, category and kind, as people write them."""

from __future__ import annotations

import re
from typing import Final

from actors.market_data.importers.parsed import Hints
from engines.bars import CATEGORIES, KINDS, Category
from engines.errors import InvalidInput
from engines.intervals import Interval, parse_interval

_QUOTES: Final = "USDT|USDC|FDUSD|BUSD|TUSD|USDE|DAI|USD|EUR|GBP|JPY|TRY|BRL|BTC|ETH|BNB|PERP"
_SYMBOL: Final = re.compile(rf"^[A-Z0-9]{{1,20}}?({_QUOTES})$")
_INVERSE: Final = re.compile(r"USD(_?PERP|_?\d{6}|[HMUZ]\d{2})?$")
_LINEAR: Final = re.compile(r"(USDT|USDC|PERP)(_\d{6}|-\d{2}[A-Z]{3}\d{2})?$")
_TIMEFRAME: Final = re.compile(r"^(\d{1,4}(m|min|h|H|d|D|w|W|M|mo)|1day|1hour|1minute|D|W|M)$")
_SPELLINGS: Final = {"1mo": "M", "1day": "D", "1hour": "60", "1minute": "1"}


def hints_from(name: str) -> Hints:
    """Hints in the words of a file's own name (folders are the user's: they tell nothing)."""
    words = re.split(r"[-_,. ]+", name)
    lower = [word.lower() for word in words]
    return Hints(
        symbol=next((word for word in words if _SYMBOL.match(word)), None),
        category=next((word for word in CATEGORIES if word in lower), None),
        interval=next((code for code in map(timeframe, words) if code), None),
        kind=next((kind for kind in KINDS if kind in lower), None),
    )


def timeframe(text: str) -> Interval | None:
    """Interval code of 1m, 15min, 4h, 1d, 1w, 1mo, D; None for anything else."""
    if not _TIMEFRAME.match(text):
        return None
    spelled = _SPELLINGS.get(text, text.replace("min", "m").replace("H", "h"))
    try:
        return parse_interval(spelled)
    except InvalidInput:
        return None


def plain_symbol(text: str) -> str:
    """BTC/USDT:USDT, btc-usdt and BTCUSDT.P as Bybit would write them: BTCUSDT."""
    pair = text.strip().upper().split(":")[0].removesuffix(".P")
    return re.sub(r"[/_\- .]", "", pair)


def derivative_category(symbol: str) -> Category | None:
    """Linear for contracts settled in a stablecoin, inverse for those settled in the coin."""
    if _LINEAR.search(symbol) and not _INVERSE.search(symbol):
        return "linear"
    return "inverse" if _INVERSE.search(symbol) else None
