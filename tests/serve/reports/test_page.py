"""A page holds everything it was given, and nothing that leaves it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from serve.reports import page
from serve.reports.content import Report
from serve.reports.page import render
from tests.serve.reports import samples

LIBRARY = Path(page.__file__).parent / "assets" / "lightweight-charts"


class Parsed(HTMLParser):
    """The elements, texts and addresses of a page, scripts and styles apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.policy = ""
        self.ids: list[str] = []
        self._texts: list[str] = []
        self._inside = ""
        self.feed(html)
        self.text = " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside = tag
        if tag == "script":
            self.scripts.append((given, ""))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(given["content"])
        if "id" in given:
            self.ids.append(str(given["id"]))
        self.addresses += [str(given[name]) for name in ("src", "href") if name in given]
        self.handlers += [name for name in given if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            given, before = self.scripts[-1]
            self.scripts[-1] = (given, before + data)
        elif self._inside != "style":
            self._texts.append(data)


@pytest.fixture(scope="module")
def rich() -> Parsed:
    return Parsed(render(samples.rich()))


@pytest.mark.parametrize(
    "said",
    [
        "The best of 5,000 rows made +31.2% in sample",
        "Created 2025-01-04 09:30 UTC by bst 0.1.0",
        "Sandbox exchange: synthetic markets, seed 7. No real prices.",
        "BTCUSDT has 3 gaps, 41 bars in all; none was filled.",
        "5,000 rows tried",
        "Rank correlation 0.29 over 5,000 rows",
        "Trials of this lineage so far 12,480 rows in 4 sweeps",
        "bst sweep sma_cross --symbols BTCUSDT,ETHUSDT --interval 15 --rows 5000 --seed 7",
        "9f" * 32,
        "Fees 4,391.52 USDT 24.1%",
        "Funding −210.40 USDT −1.2%",
        "Turnover 7,984,582.10 USDT",
        "The cool-down after the last trade had not passed. 41",
        "There was not enough free margin. 7",
        "fast 20 · slow 80 · stop 2.5",
    ],
)
def test_the_page_says_what_it_was_given(rich: Parsed, said: str) -> None:
    assert said in rich.text


def test_every_section_is_there(rich: Parsed) -> None:
    expected = {"result", "sweep", "best", "scatter", "surface", "runs", "run-0", "run-1"}
    assert expected | {"properties", "command", "code", "data"} <= set(rich.ids)


def test_no_id_is_used_twice(rich: Parsed) -> None:
    assert len(rich.ids) == len(set(rich.ids))


def test_a_backtest_has_no_sweep_section_and_no_tabs() -> None:
    plain = Parsed(render(samples.plain()))
    assert {"sweep", "best", "scatter", "tab-0"}.isdisjoint(plain.ids)
    assert {"result", "run-0", "properties"} <= set(plain.ids)


def test_real_prices_are_not_called_synthetic() -> None:
    assert "ynthetic" not in Parsed(render(samples.plain())).text


def test_synthetic_prices_are_named_in_the_title_the_bar_and_the_head(rich: Parsed) -> None:
    assert len(re.findall("[Ss]ynthetic", rich.text)) >= 3


def test_a_missing_figure_tells_why() -> None:
    html = render(samples.sparse())
    assert '<abbr class="missing" title="No value: no trade lost, so there is nothing' in html


def test_the_only_address_is_the_attribution(rich: Parsed) -> None:
    outside = [one for one in rich.addresses if not one.startswith(("#", "data:,"))]
    assert outside == ["https://www.tradingview.com/"]


def test_the_policy_lets_only_the_page_s_own_scripts_run(rich: Parsed) -> None:
    running = [text for given, text in rich.scripts if given.get("type") != "application/json"]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in running]
    allowed = re.search("script-src ([^;]*);", rich.policy)
    assert allowed is not None
    assert allowed[1].split() == [f"'sha256-{one}'" for one in hashes]
    assert rich.policy.startswith("default-src 'none'; ")


@pytest.mark.parametrize("make", [samples.rich, samples.sparse, samples.hostile])
def test_no_script_is_called_from_an_attribute_or_a_text(make: Callable[[], Report]) -> None:
    parsed = Parsed(render(make()))
    assert parsed.handlers == []
    assert len(parsed.scripts) == 4
    assert not any("hacked" in text for _, text in parsed.scripts if "<" in text)


def test_hostile_text_is_shown_as_text() -> None:
    parsed = Parsed(render(samples.hostile()))
    # Title, sentence, source, note, facts, digests, command, code and more, each in full.
    assert parsed.text.count(samples.HOSTILE) > 15


def test_two_years_of_quarter_hours_with_all_figures_and_a_sweep_stay_below_1_8_megabytes() -> None:
    assert len(render(samples.rich()).encode()) < 1_800_000


def test_the_same_report_gives_the_same_page() -> None:
    assert render(samples.rich()) == render(samples.rich())


def test_a_report_without_runs_is_a_page() -> None:
    parsed = Parsed(render(replace(samples.rich(), runs=())))
    assert "runs" not in parsed.ids
    assert "properties" in parsed.ids


def test_the_chart_library_is_the_released_file() -> None:
    version = dict(line.split(": ", 1) for line in (LIBRARY / "VERSION").read_text().splitlines())
    content = (LIBRARY / version["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == version["sha256"]
    assert f"v{version['version']}".encode() in content[:300]


def test_the_chart_library_keeps_its_licence_and_its_notice(rich: Parsed) -> None:
    assert "Apache License" in (LIBRARY / "LICENSE").read_text()
    assert "TradingView Lightweight Charts™" in rich.text
