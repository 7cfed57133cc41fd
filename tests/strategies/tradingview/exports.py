"""Lists of trades as TradingView exports them, in every layout, language and spelling we know."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from strategies.tradingview import Decimals, ExportedTrade

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Language:
    """Headers of a layout, as real exports have them, and the words of the type column.

    The columns are those of `FIELDS`; `types` are entry and exit of a long, then of a short.
    """

    headers: tuple[str, ...]
    types: tuple[str, str, str, str]
    open_word: str = "Open"


FIELDS = (
    "number", "type", "time", "signal", "price", "qty", "value", "pnl", "pnl_percent", "mfe",
    "mfe_percent", "mae", "mae_percent", "cumulative_pnl", "cumulative_percent",
)  # fmt: skip
LANGUAGES = {
    "en": Language(
        ("Trade #", "Type", "Date/Time", "Signal", "Price USD", "Position size (qty)",
         "Position size (value)", "Net P&L USD", "Net P&L %", "Run-up USD", "Run-up %",
         "Drawdown USD", "Drawdown %", "Cumulative P&L USD", "Cumulative P&L %"),
        ("Entry long", "Exit long", "Entry short", "Exit short"),
    ),
    "en-newest": Language(
        ("Trade number", "Type", "Date and time", "Signal", "Price USD", "Size (qty)",
         "Size (value)", "Net PnL USD", "Return %", "Favorable excursion USD",
         "Favorable excursion %", "Adverse excursion USD", "Adverse excursion %",
         "Cumulative PnL USD", "Cumulative PnL %"),
        ("Entry long", "Exit long", "Entry short", "Exit short"),
    ),
    "de": Language(
        ("Trade #", "Typ", "Datum und Uhrzeit", "Signal", "Preis USD", "Größe (Menge)",
         "Größe (Wert)", "G&V netto USD", "G&V netto %", "Positive Exkursion USD",
         "Positive Exkursion %", "Negative Exkursion USD", "Negative Exkursion %",
         "Kumulativer G&V USD", "Kumulativer G&V %"),
        ("Long-Einstieg", "Long-Ausstieg", "Short-Einstieg", "Short-Ausstieg"),
        "Offen",
    ),
    "ru": Language(
        ("№ Сделки", "Тип", "Дата и время", "Сигнал", "Цена USD", "Размер позиции (кол-во)",
         "Размер позиции (цена)", "Чистая прибыль / убыток USD", "Чистая прибыль / убыток %",
         "Благоприятное отклонение USD", "Благоприятное отклонение %",
         "Неблагоприятное отклонение USD", "Неблагоприятное отклонение %",
         "Совокупные ПР/УБ USD", "Совокупные ПР/УБ %"),
        ("Вход в длинную позицию", "Выход из длинной позиции", "Вход в короткую позицию",
         "Выход из короткой позиции"),
    ),
    "es": Language(
        ("Trade number", "Tipo", "Fecha y hora", "Señal", "Precio USD", "Tamaño (cant.)",
         "Tamaño de la posición (valor)", "PyG netas USD", "PyG netas %",
         "Desviación favorable USD", "Desviación favorable %", "Desviación adversa USD",
         "Desviación adversa %", "PyG acumuladas USD", "PyG acumuladas %"),
        ("Entrada en largo", "Salida en largo", "Entrada en corto", "Salida en corto"),
    ),
    "fr": Language(
        ("Numéro de trade", "Type", "Date et heure", "Signal", "Prix USD", "Taille (qté)",
         "Taille (valeur)", "P&L net USD", "P&L net %", "Excursion favorable USD",
         "Excursion favorable %", "Excursion adverse USD", "Excursion adverse %",
         "P&L cumulé USD", "P&L cumulé %"),
        ("Entrer long", "Sortir du long", "Entrer short", "Sortir du short"),
    ),
    "pt": Language(
        ("Trade #", "Tipo", "Data e hora", "Sinal", "Preço USD", "Tamanho (qtd)",
         "Tamanho (valor)", "Lucro e Prejuízo Líquido USD", "Lucro e Prejuízo Líquido %",
         "Excursão favorável USD", "Excursão favorável %", "Excursão adversa USD",
         "Excursão adversa %", "Lucro e Prejuízo Acumulado USD", "Lucro e Prejuízo Acumulado %"),
        ("Entrada comprada", "Saída comprada", "Entrada vendida", "Saída vendida"),
        "Aberta",
    ),
    "it": Language(
        ("Trade #", "Tipo", "Data e ora", "Segnale", "Prezzo USD", "Dimensione (qtà)",
         "Dimensione (valore)", "P&L netto USD", "P&L netto %", "Escursione favorevole USD",
         "Escursione favorevole %", "Escursione avversa USD", "Escursione avversa %",
         "P&L cumulato USD", "P&L cumulato %"),
        ("Entrata long", "Uscita long", "Entrata short", "Uscita short"),
    ),
    "pl": Language(
        ("Nr transakcji", "Typ", "Data i czas", "Sygnał", "Cena USD", "Rozmiar (ilość)",
         "Rozmiar (wartość)", "Zysk netto USD", "Zysk netto %", "Korzystne odchylenie USD",
         "Korzystne odchylenie %", "Niekorzystne odchylenie USD", "Niekorzystne odchylenie %",
         "Skumulowany zysk USD", "Skumulowany zysk %"),
        ("Wejście długie", "Wyjście długie", "Wejście krótkie", "Wyjście krótkie"),
    ),
    "tr": Language(
        ("İşlem #", "Tür", "Tarih ve saat", "Sinyal", "Fiyat USD", "Boyut (miktar)",
         "Boyut (değer)", "Net K&Z USD", "Net K&Z %", "Olumlu sapma USD", "Olumlu sapma %",
         "Olumsuz sapma USD", "Olumsuz sapma %", "Kümülatif K&Z USD", "Kümülatif K&Z %"),
        ("Uzun giriş", "Uzun çıkış", "Kısa giriş", "Kısa çıkış"),
        "Açık",
    ),
    "zh": Language(
        ("交易 #", "类型", "日期和时间", "信号", "价格 USD", "仓位大小（数量）",
         "仓位大小（价值）", "净损益 USD", "净损益 %", "有利波动 USD", "有利波动 %",
         "不利波动 USD", "不利波动 %", "累计P&L USD", "累计P&L %"),
        ("多头进场", "多头出场", "空头进场", "空头出场"),
    ),
    "zh-Hant": Language(
        ("交易 #", "類型", "日期和時間", "訊號", "價格 USD", "大小（數量）", "大小（價值）",
         "淨損益 USD", "淨損益 %", "有利波動 USD", "有利波動 %", "不利波動 USD", "不利波動 %",
         "累計P&L USD", "累計P&L %"),
        ("多頭進場", "多頭出場", "空頭進場", "空頭出場"),
    ),
    "ja": Language(
        ("トレード番号", "タイプ", "日時", "シグナル", "価格 USD", "サイズ (数量)",
         "サイズ (金額)", "純損益 USD", "純損益 %", "最大順行幅 USD", "最大順行幅 %",
         "最大逆行幅 USD", "最大逆行幅 %", "累積損益 USD", "累積損益 %"),
        ("ロングエントリー", "ロング決済", "ショートエントリー", "ショート決済"),
    ),
    "ko": Language(
        ("거래 #", "타입", "날짜 및 시간", "시그널", "가격 USD", "포지션 크기 (수량)",
         "포지션 크기 (가치)", "순손익 USD", "순손익 %", "유리한 변동 USD", "유리한 변동 %",
         "불리한 변동 USD", "불리한 변동 %", "누적 손익 USD", "누적 손익 %"),
        ("롱 엔트리", "롱 청산", "숏 엔트리", "숏 청산"),
    ),
}  # fmt: skip
# The order of the columns before 2024, and their names then.
OLD = ("Trade #", "Type", "Signal", "Date/Time", "Price USD", "Contracts", "Profit USD",
       "Profit %", "Cum. Profit USD", "Cum. Profit %", "Run-up USD", "Run-up %", "Drawdown USD",
       "Drawdown %")  # fmt: skip
OLD_FIELDS = ("number", "type", "signal", "time", "price", "qty", "pnl", "pnl_percent",
              "cumulative_pnl", "cumulative_percent", "mfe", "mfe_percent", "mae",
              "mae_percent")  # fmt: skip


def sample(count: int = 8, bar_minutes: int = 60) -> list[ExportedTrade]:
    """Trades of both sides, the last of them open; figures as TradingView prints them."""
    trades, total, start = [], 0.0, int(datetime(2025, 3, 28, tzinfo=UTC).timestamp()) * 1_000
    for number in range(1, count + 1):
        side = 1 if number % 3 else -1
        entry = 18_250.25 + 37.5 * number
        leave = entry + side * (12.75 - 7.5 * (number % 4))
        pnl = round(side * (leave - entry) * 1.5 - 0.25, 2)
        total = round(total + pnl, 2)
        entry_ms = start + number * 5 * bar_minutes * MINUTE_MS
        trades.append(
            ExportedTrade(
                number=number,
                side=side,
                qty=1.5,
                entry_ms=entry_ms,
                entry_price=entry,
                exit_ms=entry_ms + (number % 3) * bar_minutes * MINUTE_MS,
                exit_price=leave,
                entry_signal=f"Buy, {number}" if side > 0 else "Sell",
                exit_signal="TP; 1",
                pnl=pnl,
                pnl_percent=round(pnl / entry * 100, 2),
                mfe=12.25,
                mfe_percent=0.04,
                mae=-1_234.5,
                mae_percent=-4.51,
                cumulative_pnl=total,
                cumulative_percent=round(total / 1_000, 2) + 0.0,
                value=round(entry * 1.5, 2),
            )
        )
    trades[-1] = replace(trades[-1], exit_signal="Open", is_open=True)
    return trades


@dataclass(frozen=True)
class Spelling:
    """How a file writes numbers, times and rows."""

    delimiter: str = ","
    decimal: str = "."
    thousand: str = ""
    minus: str = "-"
    clock: str = "%Y-%m-%d %H:%M"
    newest_first: bool = False
    entry_first: bool = False


def rows_of(
    trades: Sequence[ExportedTrade],
    language: Language,
    spelling: Spelling,
    fields: Sequence[str] = FIELDS,
) -> list[list[str]]:
    """Header and rows of an export."""
    pairs = [_pair(one, language, spelling, fields) for one in trades]
    if spelling.newest_first:
        pairs.reverse()
    body = [row for pair in pairs for row in (pair[::-1] if spelling.entry_first else pair)]
    return [list(language.headers), *body]


def delimited(rows: Sequence[Sequence[str]], delimiter: str = ",", bom: bool = True) -> bytes:
    """The rows as a CSV file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _pair(
    trade: ExportedTrade, language: Language, spelling: Spelling, fields: Sequence[str]
) -> list[list[str]]:
    """The row of the exit, then that of the entry, as newer exports have them."""
    entry_type, exit_type = language.types[:2] if trade.side > 0 else language.types[2:]
    exit_signal = language.open_word if trade.is_open else trade.exit_signal
    assert trade.exit_ms is not None
    legs = (
        (exit_type, trade.exit_ms, exit_signal, trade.exit_price),
        (entry_type, trade.entry_ms, trade.entry_signal, trade.entry_price),
    )
    return [
        [
            {
                "number": str(trade.number),
                "type": kind,
                "time": clock_text(ms, spelling.clock),
                "signal": signal,
                "price": number_text(price, spelling),
            }.get(name)
            or number_text(getattr(trade, name), spelling)
            for name in fields
        ]
        for kind, ms, signal, price in legs
    ]


def clock_text(ms: int, clock: str) -> str:
    """A time in the spelling of `clock`; "serial" is a spreadsheet's number of days."""
    if clock == "serial":
        return repr(ms / DAY_MS + 25_569)
    return (EPOCH + timedelta(milliseconds=ms)).strftime(clock)


def number_text(value: float, spelling: Spelling) -> str:
    """A number in a spelling."""
    text = f"{abs(value):,.10f}".rstrip("0").rstrip(".")
    whole, _, fraction = text.partition(".")
    text = whole.replace(",", spelling.thousand) + (fraction and spelling.decimal + fraction)
    return (spelling.minus if value < 0 else "") + text


def figures(trades: Sequence[ExportedTrade]) -> list[str]:
    """The trades as text, whatever number of decimals their figures had: NaN is equal to NaN."""
    return [repr(replace(one, decimals=Decimals())) for one in trades]
