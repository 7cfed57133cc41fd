"""An exported list of trades is read back as it was, whoever's clock, language and comma it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.trade_lists import read_trade_list
from engines.errors import InvalidInput
from strategies.tradingview import ExportedTrade, TradeList
from strategies.tradingview.moments import moments
from strategies.tradingview.numbers import decimal_mark, number
from tests.examples import examples
from tests.strategies.tradingview.exports import (
    FIELDS,
    LANGUAGES,
    OLD,
    OLD_FIELDS,
    Language,
    Spelling,
    delimited,
    figures,
    number_text,
    rows_of,
    sample,
)
from tests.strategies.tradingview.workbook import Cell, workbook

SPELLINGS = {
    "as exported": Spelling(),
    "entry first": Spelling(entry_first=True),
    "newest first": Spelling(newest_first=True),
    "european": Spelling(delimiter=";", decimal=",", thousand=".", clock="%d.%m.%Y %H:%M"),
    "thin spaces": Spelling(delimiter="\t", decimal=",", thousand="\u202f", minus="−"),
    "thousands": Spelling(thousand=",", clock="%Y-%m-%dT%H:%M:%S"),
    "swiss": Spelling(delimiter=";", thousand="’"),
    "american": Spelling(thousand=",", clock="%m/%d/%Y, %I:%M %p"),
    "day first": Spelling(clock="%d/%m/%Y %H:%M"),
    "words": Spelling(clock="%b %d, %Y, %H:%M"),
    "seconds": Spelling(clock="%Y/%m/%d %H:%M:%S"),
    "spreadsheet": Spelling(clock="serial"),
}
OPEN_TRADE = 8


def expected(trades: list[ExportedTrade], found: TradeList) -> list[ExportedTrade]:
    """The trades with the signal of the open one in the file's own word."""
    last = replace(trades[-1], exit_signal=found.trades[-1].exit_signal)
    return [*trades[:-1], last]


@pytest.mark.parametrize("name", LANGUAGES)
@pytest.mark.parametrize(
    "spelling", [Spelling(), SPELLINGS["european"]], ids=["comma", "semicolon"]
)
def test_every_language_reads_back_as_it_was(name: str, spelling: Spelling) -> None:
    trades = sample()
    content = delimited(rows_of(trades, LANGUAGES[name], spelling), spelling.delimiter)
    found = read_trade_list(content)
    assert figures(found.trades) == figures(expected(trades, found))
    assert found.currency == "USD"
    assert found.language == name.removesuffix("-newest")
    assert found.wall_clock
    assert set(FIELDS) - {"type", "time", "signal", "price"} <= found.columns


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_reads_back_as_it_was(name: str) -> None:
    spelling, trades = SPELLINGS[name], sample()
    content = delimited(rows_of(trades, LANGUAGES["en"], spelling), spelling.delimiter, bom=False)
    found = read_trade_list(content)
    assert figures(found.trades) == figures(trades)
    assert found.newest_first == spelling.newest_first


def test_the_layout_of_earlier_years_reads_back() -> None:
    old = Language(OLD, LANGUAGES["en"].types)
    trades = [replace(one, value=float("nan")) for one in sample()]
    found = read_trade_list(delimited(rows_of(trades, old, Spelling(), OLD_FIELDS)))
    assert figures(found.trades) == figures(trades)


def test_a_workbook_reads_as_its_csv_does() -> None:
    trades = sample()
    rows = rows_of(trades, LANGUAGES["en"], Spelling())
    cells = [
        [_typed(name, text) for name, text in zip(FIELDS, row, strict=True)] for row in rows[1:]
    ]
    content = workbook({"Performance": [["Net profit", 1.5]], "List of trades": [rows[0], *cells]})
    found = read_trade_list(content)
    assert figures(found.trades) == figures(trades)


def _typed(name: str, text: str) -> Cell:
    if name == "time":
        return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007
    return text if name in ("type", "signal") else float(text)


def test_one_row_a_trade_reads_back() -> None:
    names = ("n", "side", "entry_time", "entry_price", "exit_time", "exit_price", "qty", "pnl")
    rows = [
        f"{one.number} {'long' if one.side > 0 else 'short'} {one.entry_ms} {one.entry_price} "
        f"{one.exit_ms} {one.exit_price} 1.5 {one.pnl}".split()
        for one in sample()
    ]
    found = read_trade_list(delimited([list(names), *rows]))
    assert not found.wall_clock
    for one, given_ in zip(found.trades, sample(), strict=True):
        assert (one.side, one.entry_ms, one.exit_ms) == (
            given_.side,
            given_.entry_ms,
            given_.exit_ms,
        )
        assert (one.entry_price, one.pnl) == (given_.entry_price, given_.pnl)


def test_times_with_offsets_are_utc() -> None:
    spelling = Spelling(clock="%Y-%m-%dT%H:%M:%S-0500")
    found = read_trade_list(delimited(rows_of(sample(), LANGUAGES["en"], spelling)))
    assert not found.wall_clock
    assert found.trades[0].entry_ms == sample()[0].entry_ms + 5 * 3_600_000


def test_an_entry_without_its_exit_is_open() -> None:
    rows = rows_of(sample(), LANGUAGES["en"], Spelling())
    found = read_trade_list(delimited([row for row in rows if row[:2] != ["8", "Exit short"]][:-2]))
    assert not found.trades[0].is_open
    rows = [row for row in rows if row[0] != "8" or row[1].startswith("Entry")]
    last = read_trade_list(delimited(rows)).trades[-1]
    assert (last.number, last.is_open, last.exit_ms) == (OPEN_TRADE, True, None)


def test_an_exit_called_open_amid_the_list_has_happened() -> None:
    rows = rows_of(sample(), LANGUAGES["en"], Spelling())
    rows[1][3] = "Open"
    found = read_trade_list(delimited(rows))
    assert [one.number for one in found.trades if one.is_open] == [OPEN_TRADE]


def test_two_bytes_a_letter_are_read_too() -> None:
    content = delimited(rows_of(sample(), LANGUAGES["ru"], Spelling()), bom=False)
    found = read_trade_list(content.decode().encode("utf-16"))
    assert len(found.trades) == OPEN_TRADE


@pytest.mark.parametrize(
    ("column", "row", "value", "told"),
    [
        (4, 1, "cheap", "column 'Price USD', row 1 was 'cheap', should be a number"),
        (4, 2, "0", "column 'Price USD', row 2 was '0', should be a number above zero"),
        (4, 1, "12abc", "column 'Price USD', row 1 was '12abc'"),
        (2, 1, "yesterday", "column 'Date/Time', row 1 was 'yesterday', should be a time"),
        (2, 1, "2025-02-30 10:00", "column 'Date/Time', row 1 was '2025-02-30 10:00'"),
        (2, 1, "2020-01-01 00:00", "should be no earlier than the entry"),
        (2, 2, "", "column 'Date/Time', row 2 was '', should be a time"),
        (1, 1, "Exit", "column 'Type', row 1 was 'Exit', should be a word that says long or short"),
        (1, 1, "Exit short", "column 'Type', row 1 was 'Exit short', should be the side of its"),
        (1, 2, "hodl", "column 'Type', row 2 was 'hodl', should be a word such as Entry long"),
        (0, 1, "one", "column 'Trade #', row 1 was 'one', should be a number"),
        (0, 1, "1.5", "column 'Trade #', row 1 was '1.5', should be a whole number"),
        (0, 1, "2", "rows of trade 2 was '1 of its entry and 2 of its exit'"),
        (5, 2, "-3", "column 'Position size (qty)', row 2 was '-3', should be a number above"),
        (5, 2, "1,5", "numbers of the file was"),
    ],
)
def test_rubbish_is_named_by_column_row_and_value(
    column: int, row: int, value: str, told: str
) -> None:
    rows = rows_of(sample(), LANGUAGES["en"], Spelling())
    rows[row][column] = value
    with pytest.raises(InvalidInput) as problem:
        read_trade_list(delimited(rows))
    assert told in str(problem.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "an empty file"),
        (b"\n\n", "an empty file"),
        (b"\x00\x01\x02", "no text in UTF-8"),
        (b"PK\x03\x04 nothing", "a damaged workbook"),
        (b"time,open,high,low,close\n1,2,3,4,5\n", "header row was 'time, open, high, low, close'"),
        (b"hello world", "header row was 'hello world'"),
        (b"Trade #,Type,Signal,Price\n", "'date and time' too"),
        (b"Trade #,Type,Date/Time,Signal,Price\n", "a header without rows"),
        (workbook({"Performance": [["Net profit", 1.5]]}), "sheets Performance"),
    ],
)
def test_a_file_that_is_no_list_says_what_it_is(content: bytes, told: str) -> None:
    with pytest.raises(InvalidInput) as problem:
        read_trade_list(content)
    assert told in str(problem.value)


def test_dates_that_could_be_either_are_refused() -> None:
    with pytest.raises(InvalidInput, match="tell the day from the month"):
        moments(["03/04/2025 10:00", "05/04/2025 10:00"], ["a", "b"])


@given(
    st.lists(
        st.decimals(-(10**9), 10**9, allow_nan=False, places=5).filter(lambda value: value % 1),
        min_size=2,
    ),
    st.sampled_from([(".", ","), (",", "."), (",", "\u202f"), (".", "'"), (",", "")]),
    st.sampled_from("-−"),
)
@examples(60)
def test_numbers_are_read_whatever_their_marks(
    values: list[float], marks: tuple[str, str], minus: str
) -> None:
    spelling = Spelling(decimal=marks[0], thousand=marks[1], minus=minus)
    texts = [number_text(float(value), spelling) for value in values]
    mark = decimal_mark(["0" + marks[0] + "25", *texts])
    assert [number(text, mark, "x").value for text in texts] == [float(value) for value in values]


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.sampled_from(list(SPELLINGS)))
@examples(60)
def test_times_are_read_whatever_their_spelling(when: datetime, name: str) -> None:
    clock = SPELLINGS[name].clock
    minute = when.replace(second=0, microsecond=0, tzinfo=UTC)
    if clock == "serial":
        return
    # A second date that only one order of day and month can be.
    other = minute.replace(month=1, day=31)
    found = moments([one.strftime(clock) for one in (minute, other)], ["a", "b"])
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert found.ms == [(one - epoch) // timedelta(milliseconds=1) for one in (minute, other)]
