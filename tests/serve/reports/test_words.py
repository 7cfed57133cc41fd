"""Everything a run can say has words."""

from __future__ import annotations

import math

import pytest

from engines.batch.summary import STATISTICS
from engines.orders import Reason, Refusal
from serve.reports import words


def test_every_reason_has_words_of_its_own() -> None:
    assert len({words.reason(code) for code in Reason}) == len(Reason)
    assert set(words.REASONS) == set(Reason)


def test_every_refusal_is_a_sentence_of_its_own() -> None:
    sentences = {words.refusal(code) for code in Refusal}
    assert len(sentences) == len(Refusal)
    assert set(words.REFUSALS) == set(Refusal)
    assert all(text[0].isupper() and text.endswith(".") for text in sentences)


def test_a_code_of_a_newer_engine_is_shown_as_its_number() -> None:
    assert words.reason(99) == "reason 99"
    assert words.refusal(99) == "Reason 99."


def test_every_statistic_has_a_label_of_its_own() -> None:
    labels = {words.label(name) for name in STATISTICS}
    assert len(labels) == len(STATISTICS)
    assert not any("_" in label for label in labels)


@pytest.mark.parametrize(
    ("rho", "said"),
    [
        (0.8, "mostly did well"),
        (0.5, "tended to do well"),
        (0.2, "only a little"),
        (0.0, "almost nothing"),
        (-0.3, "overfitting"),
    ],
)
def test_a_correlation_is_told_in_words(rho: float, said: str) -> None:
    assert said in words.correlation(rho, 5_000)


def test_a_negative_correlation_keeps_its_sign() -> None:
    assert words.correlation(-0.31, 5_000).startswith("Rank correlation −0.31 over 5,000 rows")


@pytest.mark.parametrize(("rho", "n_rows"), [(0.9, 5), (math.nan, 5_000)])
def test_nothing_is_claimed_of_few_rows_or_no_correlation(rho: float, n_rows: int) -> None:
    assert "too few to tell" in words.correlation(rho, n_rows)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("cvar_95", "CVaR 95"),
        ("buy_and_hold_cagr", "Buy and hold CAGR"),
        ("long_tradingview_sharpe", "Long TradingView Sharpe"),
        ("net_profit", "Net profit"),
    ],
)
def test_a_metric_is_spelled_as_traders_spell_it(name: str, label: str) -> None:
    assert words.metric_label(name) == label
