"""How does TradingView write its headers? The words of a list of trades, by language.

Seen in exports: en, ru, de, es, fr, pt, zh, zh-Hant, ja, ko. From the dictionary: it, pl, tr.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

Words = dict[str, tuple[str, ...]]

# Of a field all spellings of a language; the currency and the percent sign are taken off before.
HEADERS: Final[dict[str, Words]] = {
    "number": {
        "en": ("trade #", "trade number", "trade no", "trade no.", "trade id", "#", "n"),
        "ru": ("№ сделки", "сделка №", "номер сделки", "сделка #"),
        "de": ("trade-nummer", "trade nr.", "trade-nr.", "handel nr.", "trade nummer"),
        "es": ("n.º de operación", "nº de operación", "operación #", "número de operación"),
        "fr": ("numéro de trade", "n° de trade", "trade n°", "nº de trade"),
        "pt": ("nº da operação", "número da operação", "operação #", "número do trade"),
        "it": ("numero di trade", "n. trade", "operazione #", "numero operazione"),
        "pl": ("nr transakcji", "numer transakcji", "transakcja #"),
        "tr": ("işlem #", "işlem no", "işlem numarası"),
        "ja": ("トレード番号", "トレード #", "取引番号", "トレード#"),
        "ko": ("거래 #", "거래 번호", "트레이드 #", "트레이드 번호"),
        "zh": ("交易 #", "交易编号", "交易#", "交易号"),
        "zh-Hant": ("交易編號", "交易號"),
    },
    "type": {
        "en": ("type", "side", "direction"),
        "ru": ("тип",),
        "de": ("typ",),
        "es": ("tipo",),
        "pl": ("rodzaj",),
        "tr": ("tür", "tip", "türü"),
        "ja": ("タイプ", "種類", "種別"),
        "ko": ("타입", "유형", "종류"),
        "zh": ("类型", "种类"),
        "zh-Hant": ("類型", "種類"),
    },
    "time": {
        "en": ("date and time", "date/time", "date", "time", "datetime"),
        "ru": ("дата и время", "дата/время", "дата"),
        "de": ("datum und uhrzeit", "datum/uhrzeit", "datum/zeit", "datum und zeit", "datum"),
        "es": ("fecha y hora", "fecha/hora", "fecha"),
        "fr": ("date et heure", "date/heure"),
        "pt": ("data e hora", "data/hora", "data"),
        "it": ("data e ora", "data/ora"),
        "pl": ("data i czas", "data/czas", "data i godzina"),
        "tr": ("tarih ve saat", "tarih/saat", "tarih/zaman", "tarih ve zaman", "tarih"),
        "ja": ("日時", "日付/時刻", "日付と時刻", "日付/時間"),
        "ko": ("날짜 및 시간", "날짜/시간", "날짜와 시간"),
        "zh": ("日期和时间", "日期/时间", "日期时间"),
        "zh-Hant": ("日期和時間", "日期/時間"),
    },
    "signal": {
        "en": ("signal",),
        "ru": ("сигнал",),
        "es": ("señal",),
        "pt": ("sinal",),
        "it": ("segnale",),
        "pl": ("sygnał",),
        "tr": ("sinyal",),
        "ja": ("シグナル",),
        "ko": ("시그널", "신호"),
        "zh": ("信号",),
        "zh-Hant": ("訊號", "信號"),
    },
    "price": {
        "en": ("price",),
        "ru": ("цена",),
        "de": ("preis", "kurs"),
        "es": ("precio",),
        "fr": ("prix",),
        "pt": ("preço",),
        "it": ("prezzo",),
        "pl": ("cena",),
        "tr": ("fiyat",),
        "ja": ("価格",),
        "ko": ("가격",),
        "zh": ("价格",),
        "zh-Hant": ("價格",),
    },
    "qty": {
        "en": ("contracts", "position size (qty)", "size (qty)", "qty", "quantity"),
        "ru": ("размер позиции (кол-во)", "размер (кол-во)", "контракты", "количество"),
        "de": ("größe (menge)", "positionsgröße (menge)", "kontrakte", "menge"),
        "es": ("tamaño (cant.)", "tamaño de la posición (cant.)", "contratos", "cantidad"),
        "fr": ("taille (qté)", "taille de la position (qté)", "contrats", "quantité"),
        "pt": ("tamanho (qtd)", "tamanho da posição (qtd)", "tamanho (qtd.)", "quantidade"),
        "it": ("dimensione (qtà)", "dimensione posizione (qtà)", "contratti", "quantità"),
        "pl": ("rozmiar (ilość)", "wielkość pozycji (ilość)", "kontrakty", "ilość"),
        "tr": ("boyut (miktar)", "pozisyon büyüklüğü (miktar)", "kontratlar", "miktar"),
        "ja": ("サイズ (数量)", "ポジションサイズ (数量)", "数量", "契約数"),
        "ko": ("포지션 크기 (수량)", "크기 (수량)", "사이즈 (수량)", "수량", "계약"),
        "zh": ("仓位大小 (数量)", "大小 (数量)", "合约", "数量"),
        "zh-Hant": ("倉位大小 (數量)", "大小 (數量)", "合約", "數量"),
    },
    "value": {
        "en": ("position size (value)", "size (value)", "value"),
        "ru": ("размер позиции (цена)", "размер позиции (стоимость)", "размер (стоимость)"),
        "de": ("größe (wert)", "positionsgröße (wert)"),
        "es": ("tamaño de la posición (valor)", "tamaño (valor)"),
        "fr": ("taille (valeur)", "taille de la position (valeur)"),
        "pt": ("tamanho (valor)", "tamanho da posição (valor)"),
        "it": ("dimensione (valore)", "dimensione posizione (valore)"),
        "pl": ("rozmiar (wartość)", "wielkość pozycji (wartość)"),
        "tr": ("boyut (değer)", "pozisyon büyüklüğü (değer)"),
        "ja": ("サイズ (金額)", "ポジションサイズ (金額)"),
        "ko": ("포지션 크기 (가치)", "크기 (가치)"),
        "zh": ("仓位大小 (价值)", "大小 (价值)"),
        "zh-Hant": ("倉位大小 (價值)", "大小 (價值)"),
    },
    "pnl": {
        "en": ("profit", "net p&l", "net pnl", "net profit", "p&l", "pnl", "return", "profit/loss"),
        "ru": (
            "чистая прибыль / убыток",
            "чистые пр/уб",
            "прибыль",
            "чистая прибыль",
            "доходность",
        ),
        "de": ("g&v netto", "netto g&v", "gewinn", "rendite", "netto-g&v"),
        "es": ("pyg netas", "g&p netas", "beneficio", "ganancia", "rentabilidad"),
        "fr": ("p&l net", "profit", "retour", "rendement", "bénéfice"),
        "pt": ("lucro e prejuízo líquido", "lucro", "p&l líquido", "retorno"),
        "it": ("p&l netto", "profitto", "p&l netta", "rendimento"),
        "pl": ("zysk netto", "zysk", "p&l netto", "zwrot"),
        "tr": ("net k&z", "kâr", "net kâr/zarar", "net kâr ve zarar", "getiri"),
        "ja": ("純損益", "利益", "損益", "リターン"),
        "ko": ("순손익", "손익", "이익", "수익률"),
        "zh": ("净损益", "获利", "利润", "净利润", "回报", "净盈亏"),
        "zh-Hant": ("淨損益", "獲利", "利潤", "回報"),
    },
    "mfe": {
        "en": ("favorable excursion", "run-up", "run up", "runup", "mfe"),
        "ru": ("благоприятное отклонение", "пиковый рост", "макс. прибыль"),
        "de": ("positive exkursion", "günstige exkursion", "run-up"),
        "es": ("desviación favorable", "excursión favorable", "subida"),
        "fr": ("excursion favorable", "augmentation"),
        "pt": ("excursão favorável",),
        "it": ("escursione favorevole",),
        "pl": ("korzystne odchylenie", "wzrost"),
        "tr": ("olumlu sapma", "lehte sapma", "yükseliş"),
        "ja": ("最大順行幅", "ランアップ", "含み益"),
        "ko": ("유리한 변동", "런업"),
        "zh": ("有利波动", "最大上涨", "上涨", "增长"),
        "zh-Hant": ("有利波動", "上漲"),
    },
    "mae": {
        "en": ("adverse excursion", "drawdown", "mae"),
        "ru": ("неблагоприятное отклонение", "просадка"),
        "de": ("negative exkursion", "ungünstige exkursion"),
        "es": ("desviación adversa", "excursión adversa", "caída"),
        "fr": ("excursion adverse", "excursion défavorable", "baisse"),
        "pt": ("excursão adversa",),
        "it": ("escursione avversa", "escursione sfavorevole"),
        "pl": ("niekorzystne odchylenie", "obsunięcie"),
        "tr": ("olumsuz sapma", "aleyhte sapma", "düşüş"),
        "ja": ("最大逆行幅", "ドローダウン"),
        "ko": ("불리한 변동", "드로우다운"),
        "zh": ("不利波动", "回撤"),
        "zh-Hant": ("不利波動", "回撤"),
    },
    "cumulative": {
        "en": (
            "cumulative p&l",
            "cumulative pnl",
            "cumulative profit",
            "cum. profit",
            "cum. p&l",
            "cum pnl",
        ),
        "ru": ("совокупные пр/уб", "совокупная прибыль", "накопленная прибыль"),
        "de": ("kumulativer g&v", "kumulierter g&v", "kumulierter gewinn"),
        "es": ("pyg acumuladas", "beneficio acumulado", "ganancia acumulada"),
        "fr": ("p&l cumulé", "profit cumulé", "bénéfice cumulé"),
        "pt": ("lucro e prejuízo acumulado", "lucro acumulado", "p&l acumulado"),
        "it": ("p&l cumulato", "profitto cumulato", "p&l cumulativo"),
        "pl": ("skumulowany zysk", "skumulowany p&l"),
        "tr": ("kümülatif k&z", "kümülatif kâr", "kümülatif kâr/zarar"),
        "ja": ("累積損益", "累積利益"),
        "ko": ("누적 손익", "누적 이익"),
        "zh": ("累计p&l", "累计损益", "累计获利", "累计利润"),
        "zh-Hant": ("累計p&l", "累計損益", "累計獲利"),
    },
    "commission": {
        "en": ("commission", "fees", "fee"),
        "ru": ("комиссия",),
        "de": ("provision", "kommission"),
        "es": ("comisión",),
        "pt": ("comissão",),
        "it": ("commissione", "commissioni"),
        "pl": ("prowizja",),
        "tr": ("komisyon",),
        "ja": ("手数料",),
        "ko": ("수수료", "커미션"),
        "zh": ("佣金", "手续费"),
        "zh-Hant": ("手續費",),
    },
    "duration_bars": {
        "en": ("duration (bars)", "bars", "duration"),
        "ru": ("длительность (бары)",),
        "de": ("dauer (balken)", "dauer (bars)"),
        "es": ("duración (barras)",),
        "fr": ("durée (barres)",),
        "pt": ("duração (barras)",),
        "it": ("durata (barre)",),
        "pl": ("czas trwania (słupki)",),
        "tr": ("süre (çubuk)", "süre (barlar)"),
        "ja": ("期間 (バー)", "期間 (バー数)"),
        "ko": ("기간 (봉)", "기간 (바)"),
        "zh": ("持续时间 (k线)", "持续时间 (根)"),
        "zh-Hant": ("持續時間 (k棒)",),
    },
    # One row a trade, as scripts write the list anew.
    "entry_time": {"en": ("entry time", "entry_time", "entry date", "open time")},
    "exit_time": {"en": ("exit time", "exit_time", "exit date", "close time")},
    "entry_price": {"en": ("entry price", "entry_price", "open price")},
    "exit_price": {"en": ("exit price", "exit_price", "close price")},
    "entry_signal": {"en": ("entry signal", "entry_signal", "entry id")},
    "exit_signal": {"en": ("exit signal", "exit_signal", "exit id")},
    "pnl_percent": {"en": ("pnl_pct",)},
    "mfe_percent": {"en": ("mfe_pct",)},
    "mae_percent": {"en": ("mae_pct",)},
    "cumulative_pnl": {"en": ("cum_pnl",)},
    "cumulative_percent": {"en": ("cum_pnl_pct",)},
    "status": {"en": ("status",)},
}

# Parts of the words in the column of the type: "Entry long", "Выход из короткой позиции".
ENTRY: Final = (
    "entry", "enter", "вход", "einstieg", "eintritt", "entrada", "entrée", "entrer", "entrata",
    "ingresso", "wejście", "giriş", "エントリー", "新規", "진입", "엔트리", "进场", "进入", "入场",
    "進場", "進入", "入場", "开仓",
)  # fmt: skip
EXIT: Final = (
    "exit", "выход", "ausstieg", "austritt", "salida", "sortie", "sortir", "saída", "saida",
    "uscita", "wyjście", "çıkış", "決済", "エグジット", "청산", "엑시트", "익싯", "出场", "离场",
    "退出", "出場", "離場", "平仓",
)  # fmt: skip
SHORT: Final = (
    "short", "корот", "corto", "corta", "court", "vend", "venta", "vente", "breve", "krótk",
    "kısa", "satış", "ショート", "숏", "매도", "空头", "空頭", "做空", "卖", "賣", "sell",
)  # fmt: skip
LONG: Final = (
    "long", "длин", "largo", "larga", "lung", "compra", "achat", "acheteu", "dług", "uzun", "alış",
    "ロング", "롱", "매수", "多头", "多頭", "做多", "买", "買", "buy",
)  # fmt: skip
# What an exit is called that has not happened (A8).
OPEN: Final = (
    "", "open", "offen", "открыта", "открыто", "открытая", "открыт", "abierta", "abierto", "abrir",
    "ouvert", "ouverte", "aberta", "aberto", "aperta", "aperto", "otwarta", "otwarte", "açık",
    "オープン", "未決済", "열림", "오픈", "미체결", "未平仓", "开仓", "打开", "开启", "未平倉",
    "開倉",
)  # fmt: skip

_SPACES: Final = re.compile(r"\s+")


def plain(text: str) -> str:
    """The text as it is compared: one width, one case, one kind of space."""
    # The small letter of a Turkish İ keeps a second dot.
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u0307", "")
    spaced = _SPACES.sub(" ", folded.replace("(", " (")).strip()
    return unicodedata.normalize("NFC", spaced)
