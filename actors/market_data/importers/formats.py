"""Which layouts can be imported, in the order in which a file is held against them?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from actors.market_data.importers import (
    bare_csv,
    binance,
    bybit,
    columnar,
    cryptodatadownload,
    freqtrade,
    json_rows,
    lean,
    plain_csv,
    pynecore,
    tardis,
    tradingview,
)
from actors.market_data.importers.parsed import Parsed
from actors.market_data.importers.tables import Candidate


class Format(NamedTuple):
    """A layout: what to call it, how to know it, how to read it."""

    name: str
    title: str
    recognises: Callable[[Candidate], bool]
    parse: Callable[[Candidate], tuple[Parsed, ...]]


# The particular before the general: the first that recognises a file reads it.
FORMATS: Final[tuple[Format, ...]] = (
    Format("pynecore", "PyneCore .ohlcv", pynecore.is_pynecore, pynecore.parse_pynecore),
    Format("freqtrade", "freqtrade", freqtrade.is_freqtrade, freqtrade.parse_freqtrade),
    Format("columnar", "Parquet, Arrow or Feather", columnar.is_columnar, columnar.parse_columnar),
    Format("bybit-rest", "Bybit REST answer", bybit.is_rest_json, bybit.parse_rest_json),
    Format(
        "candle-rows",
        "CCXT or Bitfinex JSON",
        json_rows.is_candle_rows,
        json_rows.parse_candle_rows,
    ),
    Format("bybit-index", "Bybit premium or index archive", bybit.is_index, bybit.parse_index),
    Format("bybit-mt4", "Bybit MetaTrader archive", bybit.is_metatrader, bybit.parse_metatrader),
    Format("binance-funding", "Binance funding", binance.is_funding, binance.parse_funding),
    Format("binance-klines", "Binance klines", binance.is_klines, binance.parse_klines),
    Format("tardis", "Tardis derivative_ticker", tardis.is_ticker, tardis.parse_ticker),
    Format(
        "cryptodatadownload",
        "CryptoDataDownload",
        cryptodatadownload.is_cryptodatadownload,
        cryptodatadownload.parse_cryptodatadownload,
    ),
    Format("bybit-csv", "Bybit klines as CSV", bybit.is_rest_csv, bybit.parse_rest_csv),
    Format("tradingview", "TradingView chart", tradingview.is_chart, tradingview.parse_chart),
    Format("lean-bars", "LEAN trade bars", lean.is_trade_bars, lean.parse_trade_bars),
    Format("lean-funding", "LEAN margin interest", lean.is_funding, lean.parse_funding),
    Format("csv", "CSV with a header", plain_csv.is_plain, plain_csv.parse_plain),
    Format("bare-csv", "CSV without a header", bare_csv.is_bare, bare_csv.parse_bare),
)
