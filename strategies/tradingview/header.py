"""Which column is which? Fields of a list of trades by the words of its header row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engines.errors import InvalidInput
from strategies.tradingview.words import HEADERS, plain

_KNOWN: Final = {
    plain(word): (field, language)
    for field, words in HEADERS.items()
    for language, spellings in reversed(words.items())
    for word in spellings
}
_PERCENT: Final = {
    "pnl": "pnl_percent",
    "mfe": "mfe_percent",
    "mae": "mae_percent",
    "cumulative": "cumulative_percent",
}
# USD, USDT, BTC; TradingView writes it after the name of a column of money.
_CURRENCY: Final = re.compile(r"^(.*\S)\s*\(?\s*\b([A-Z][A-Z0-9]{1,9})\s*\)?$")
_MONEY: Final = {"price", "value", "pnl", "mfe", "mae", "cumulative", "commission"}
_TWO_ROWS: Final = ("number", "type", "time", "price")
_ONE_ROW: Final = ("type", "entry_time", "entry_price", "exit_time", "exit_price")
EXPECTED: Final = (
    "the header of TradingView's list of trades: Trade #, Type, Date and time, Signal, Price, "
    "Size (qty), Net P&L …, in one of the languages that docs/guides/tradingview.md lists"
)


@dataclass(frozen=True)
class Header:
    """Where the fields of a list of trades are: `places` by name, `titles` as the file says."""

    places: dict[str, int]
    titles: tuple[str, ...]
    currency: str
    language: str

    @property
    def one_row(self) -> bool:
        """Does each trade have one row, instead of one of its entry and one of its exit?"""
        return "entry_time" in self.places

    def title(self, field: str) -> str:
        """What the file calls a field."""
        return self.titles[self.places[field]]


def header_of(titles: Sequence[str]) -> Header:
    """The fields of a header row. Raises InvalidInput naming the columns that are missing."""
    places: dict[str, int] = {}
    languages: Counter[str] = Counter()
    currencies: Counter[str] = Counter()
    for place, title in enumerate(titles):
        field, language, currency = _field(title)
        if field and field not in places:
            places[field] = place
            languages[language] += 1
            currencies[currency] += bool(currency)
    # What a language shares with English is listed as English.
    others = Counter({name: count for name, count in languages.items() if name != "en"})
    language = others.most_common(1)[0][0] if others else "en"
    header = Header(places, tuple(titles), _most(currencies), language)
    wanted = _ONE_ROW if header.one_row else _TWO_ROWS
    missing = [name for name in wanted if name not in places]
    if missing:
        words = ", ".join(repr(HEADERS[name]["en"][0]) for name in missing)
        shown = ", ".join(title for title in titles if title) or "nothing"
        raise InvalidInput("header row", shown, f"one that has {words} too: {EXPECTED}")
    return header


def looks_like_header(titles: Sequence[str]) -> bool:
    """Do at least three cells name fields of a list of trades?"""
    return len({field for title in titles if (field := _field(title)[0])}) >= 3


def _field(title: str) -> tuple[str, str, str]:
    """Field, language and currency of a title; empty where there is none."""
    percent = title.rstrip().endswith(("%", "(%)"))
    name = title.rstrip().removesuffix("(%)").removesuffix("%").rstrip() if percent else title
    found = _KNOWN.get(plain(name))
    if found is None and (cut := _CURRENCY.match(name.strip())):
        found = _KNOWN.get(plain(cut[1]))
        if found is not None and found[0] in _MONEY:
            return _named(found[0], percent), found[1], cut[2]
    return (_named(found[0], percent), found[1], "") if found else ("", "", "")


def _named(field: str, percent: bool) -> str:
    if percent:
        return _PERCENT.get(field, "")
    return "cumulative_pnl" if field == "cumulative" else field


def _most(currencies: Counter[str]) -> str:
    counted = [(name, count) for name, count in currencies.most_common() if count]
    return counted[0][0] if counted else ""
