"""A real browser draws the page, asks nobody for anything, and answers to its reader."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from serve.reports.content import Report
from serve.reports.figures import number, percent
from serve.reports.page import write_report
from serve.tradingview_csv import list_of_trades
from tests.serve.reports import samples
from tests.serve.reports.conftest import Browser

pytestmark = pytest.mark.browser

# Distinct colours in all canvases of a chart: an empty one has its background alone.
COLORS = """(selector => {
  const seen = new Set();
  for (const canvas of document.querySelectorAll(selector + " canvas")) {
    if (!canvas.width || !canvas.height) continue;
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] === 255) seen.add(data.slice(at, at + 3).join());
    }
  }
  return [...seen];
})"""


# Steps of 255 that a colour may lie off for being blended.
_BLENDED = 40


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every sample as a file."""
    folder = tmp_path_factory.mktemp("pages")
    makers: tuple[Callable[[], Report], ...] = (
        samples.rich,
        samples.plain,
        samples.sparse,
        samples.busy,
        samples.hostile,
    )
    for make in makers:
        write_report(make(), folder / f"{make.__name__}.html")
    return {make.__name__: folder / f"{make.__name__}.html" for make in makers}


def _is_near(color: str, drawn: list[str]) -> bool:
    """Whether the colour was drawn: the edge of a thin line is blended with what is below it."""
    wanted = [int(part) for part in color.split(",")]
    found = ([int(part) for part in one.split(",")] for one in drawn)
    return any(
        max(abs(a - b) for a, b in zip(wanted, one, strict=True)) <= _BLENDED for one in found
    )


def _color(browser: Browser, name: str) -> str:
    """A colour of the style sheet as red,green,blue."""
    script = f"""(() => {{
      const probe = document.body.appendChild(document.createElement("i"));
      probe.style.color = "var(--{name})";
      const found = getComputedStyle(probe).color;
      probe.remove();
      return found.match(/[0-9]+/g).slice(0, 3).join();
    }})()"""
    found: str = browser.run(script)
    return found


@pytest.mark.parametrize("name", ["rich", "plain", "sparse", "busy", "hostile"])
@pytest.mark.parametrize("width", [1360, 380])
def test_a_page_draws_without_a_complaint_or_a_request(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    browser.open(pages[name], width)
    assert browser.problems == []
    assert browser.requests == [pages[name].as_uri()]


@pytest.mark.parametrize("name", ["rich", "sparse", "hostile"])
@pytest.mark.parametrize("width", [1360, 380])
def test_a_page_is_never_wider_than_its_window(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    browser.open(pages[name], width)
    assert browser.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_candles_and_equity_are_drawn_in_the_colours_of_the_theme(
    browser: Browser, pages: dict[str, Path], scheme: str
) -> None:
    browser.open(pages["rich"], scheme=scheme)
    price = browser.run(f"{COLORS}('#run-0 .chart.price')")
    assert {_color(browser, "gain"), _color(browser, "loss")} <= set(price)
    equity = browser.run(f"{COLORS}('#run-0 .chart.equity')")
    assert all(_is_near(_color(browser, name), equity) for name in ("accent", "loss"))


def test_a_candle_chart_without_trades_is_drawn(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["sparse"])
    assert _color(browser, "gain") in browser.run(f"{COLORS}('.chart.price')")


def test_the_attribution_stays_on_the_charts(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["rich"])
    shown = browser.run("document.querySelectorAll('#run-0 .chart a[href*=tradingview]').length")
    assert shown == 2


def test_nothing_moves_while_the_page_loads(browser: Browser, pages: dict[str, Path]) -> None:
    watch = """
      window.shifts = 0;
      new PerformanceObserver(list => {
        for (const one of list.getEntries()) window.shifts += one.value;
      }).observe({type: "layout-shift", buffered: true});
    """
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=watch)
    browser.open(pages["rich"])
    assert browser.run("window.shifts") < 0.01


def test_the_button_changes_the_theme_of_page_and_charts(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"], scheme="light")
    light = _color(browser, "panel")
    browser.click("#theme")
    dark = _color(browser, "panel")
    assert dark != light
    assert dark in browser.run(f"{COLORS}('#run-0 .chart.price')")
    assert browser.run("document.getElementById('theme').ariaPressed") == "true"


def test_the_chosen_theme_is_remembered(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["plain"], scheme="light")
    browser.click("#theme")
    chosen = _color(browser, "page")
    browser.open(pages["sparse"], scheme="light")
    assert _color(browser, "page") == chosen


def test_a_page_whose_storage_is_forbidden_still_changes_its_theme(
    browser: Browser, pages: dict[str, Path]
) -> None:
    forbid = "Object.defineProperty(window, 'localStorage', {get() { throw Error('no'); }})"
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=forbid)
    browser.open(pages["plain"], scheme="light")
    before = _color(browser, "page")
    browser.click("#theme")
    assert _color(browser, "page") != before
    assert browser.problems == []


def _profits(browser: Browser) -> list[float]:
    cells = browser.texts("#run-0 .trade-table tbody td:nth-child(8)")
    return [float(text.replace(",", "").replace("−", "-")) for text in cells]


def test_trades_sort_by_profit_best_first_then_worst_first(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    head = "#run-0 .trade-table th[data-key=pnl]"
    pnl = samples.rich().runs[0].trades["pnl"]
    browser.click(f"{head} button")
    best = _profits(browser)
    assert best == sorted(best, reverse=True)
    assert best[0] == pytest.approx(pnl.max(), abs=0.01)
    browser.click(f"{head} button")
    assert _profits(browser)[0] == pytest.approx(pnl.min(), abs=0.01)
    assert browser.run(f"document.querySelector('{head}').ariaSort") == "ascending"


def _choose(browser: Browser, label: str, value: str) -> None:
    browser.run(
        f"""(() => {{
          const select = document.querySelector('#run-0 select[aria-label="{label}"]');
          select.value = "{value}";
          select.dispatchEvent(new Event("change"));
        }})()"""
    )


def _press(browser: Browser, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)
    browser.painted()


def test_filters_leave_the_trades_that_pass_all_of_them(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    _choose(browser, "Side", "-1")
    _choose(browser, "Outcome", "1")
    trades = samples.rich().runs[0].trades
    expected = int(((trades["side"] == -1) & (trades["pnl"] > 0)).sum())
    assert browser.texts("#run-0 [data-count]") == [f"{expected} of 500"]
    assert set(browser.texts("#run-0 .trade-table tbody td:nth-child(2)")) == {"Short"}
    assert min(_profits(browser)) > 0


def test_ten_thousand_trades_are_turned_page_by_page(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["busy"])
    browser.click("#run-0 .pager button:last-child")
    assert browser.texts("#run-0 .pager [role=status]") == ["26–50 of 10,000"]
    rows = browser.texts("#run-0 .trade-table tbody td:first-child")
    assert rows == [str(number) for number in range(26, 51)]


def test_the_downloaded_file_is_tradingviews_list_of_the_trades_that_pass_the_filters(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    browser.open(pages["rich"])
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    _choose(browser, "Side", "1")
    browser.click("#run-0 [data-tools=trades] button")
    deadline = time.monotonic() + 20
    while not (tmp_path / "trades-BTCUSDT.csv").exists():
        assert time.monotonic() < deadline, "no file came down"
        time.sleep(0.05)
    found = (tmp_path / "trades-BTCUSDT.csv").read_text().splitlines()
    run = samples.rich().runs[0]
    whole = list_of_trades(run.trades, run.initial_cash, "USDT", run.value).text().splitlines()
    expected = [whole[0], *(row for row in whole[1:] if " long," in row)]
    assert len(found) == len(expected) > 100
    # The page's columns are rounded once before: a last digit may differ.
    for ours, theirs in zip(csv.reader(found), csv.reader(expected), strict=True):
        assert ours[:6] == theirs[:6]
        if ours[0] != "Trade #":
            numbers = [[float(cell) for cell in row[6:]] for row in (ours, theirs)]
            assert numbers[0] == pytest.approx(numbers[1], abs=0.0101)


def test_tabs_are_those_of_tradingview_and_answer_to_the_keys(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    names = [one.split("\n")[0].strip() for one in browser.texts("#run-0 .report-tabs button")]
    wanted = ["Overview", "Performance", "Trades analysis", "Ratios", "List of trades 500"]
    assert names == [*wanted, "More figures"]
    shown = (
        "[...document.querySelectorAll('#run-0 .tab-panel')].filter(e => !e.hidden).map(e => e.id)"
    )
    assert browser.run(shown) == ["run-0-overview"]
    browser.run("document.getElementById('run-0-overview-tab').focus()")
    for key, name in (("ArrowRight", "performance"), ("End", "figures"), ("ArrowLeft", "list")):
        _press(browser, key)
        assert browser.run(shown) == [f"run-0-{name}"]
        assert browser.run("document.activeElement.id") == f"run-0-{name}-tab"
    order = "document.querySelectorAll('#run-0 .report-tabs [tabindex=\"0\"]').length"
    assert browser.run(order) == 1


def test_rolling_figures_are_drawn_when_their_tab_is_looked_at(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    assert browser.run("document.querySelectorAll('#run-0 .chart.rolling canvas').length") == 0
    browser.click("#run-0-ratios-tab")
    browser.painted()
    drawn = browser.run(f"{COLORS}('#run-0 .chart.rolling')")
    assert any(_is_near(_color(browser, name), drawn) for name in ("gain", "loss"))
    before = browser.texts("#run-0 [data-legend=rolling] b")
    _choose(browser, "Rolling figure", "volatility")
    after = browser.texts("#run-0 [data-legend=rolling] b")
    assert after[0].endswith("%")
    assert after[0] != before[0]
    assert browser.problems == []


def test_a_row_of_tradingviews_report_has_all_long_and_short(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    browser.click("#run-0-performance-tab")
    run = samples.rich().runs[0]
    rows = browser.texts("#run-0-performance .sheet tbody tr:not(.group)")
    assert len(rows) == 31
    net = next(row for row in rows if row.startswith("Net profit"))
    for side in ("", "long_", "short_"):
        assert number(run.metrics[f"{side}net_profit"], 2, signed=True) in net
        assert percent(run.metrics[f"{side}net_profit_fraction"], signed=True) in net


@pytest.mark.parametrize("tab", ["performance", "trades", "ratios", "list", "figures"])
def test_no_tab_is_wider_than_a_phone(browser: Browser, pages: dict[str, Path], tab: str) -> None:
    browser.open(pages["rich"], 380)
    browser.click(f"#run-0-{tab}-tab")
    assert browser.run("document.documentElement.scrollWidth") <= 380


def test_best_rows_sort_by_a_figure_and_back_by_rank(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    browser.click("#best thead tr:last-child th:nth-child(9) button")
    cells = browser.texts("#best tbody td:nth-child(9)")
    values = [float(text.replace("−", "-")) for text in cells]
    assert values == sorted(values, reverse=True)
    browser.click("#best thead tr:last-child th:first-child button")
    assert browser.texts("#best tbody th")[:3] == ["1", "2", "3"]


def test_arrow_keys_change_the_tab_and_draw_its_charts(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    browser.run("document.getElementById('tab-0').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight")
    browser.painted()
    assert browser.run("document.activeElement.id") == "tab-1"
    assert browser.run("document.getElementById('run-0').hidden")
    assert _color(browser, "gain") in browser.run(f"{COLORS}('#run-1 .chart.price')")


def test_a_trade_pressed_in_the_table_is_told_above_the_chart(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    browser.click("#run-0 .trade-table tbody tr:nth-child(8) .go")
    assert "Trade 8 " in browser.texts("#run-0 [data-legend=price]")[0]


def test_the_next_trade_is_reached_from_the_one_before(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["rich"])
    button = "#run-0 [data-tools=price] [title='Next trade']"
    told = []
    for _ in range(2):
        browser.click(button)
        told += browser.texts("#run-0 [data-legend=price]")
    assert ["Trade 1 " in told[0], "Trade 2 " in told[1]] == [True, True]


def test_every_row_with_a_value_is_a_dot(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["rich"])
    assert browser.run("document.querySelectorAll('#scatter .dot').length") == 1_980
    assert browser.run("document.querySelectorAll('#scatter .best-dot').length") == 20


def test_the_selector_shows_the_other_surface(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["rich"])
    assert browser.run("document.querySelectorAll('#surface td.hole').length") > 0
    browser.run(
        """(() => {
          const select = document.getElementById("surface-choice");
          select.value = "1";
          select.dispatchEvent(new Event("change"));
        })()"""
    )
    assert browser.texts(".surface-x") == ["slow"]
    assert browser.run("document.querySelectorAll('#surface tbody tr').length") == 20
    assert browser.run("document.querySelectorAll('#surface td.marked').length") == 1


def test_hostile_text_runs_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"])
    browser.click("#tab-1")
    assert browser.run("window.hacked === undefined")
    assert browser.run("document.images.length") == 0


def test_a_page_is_printed_on_white(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["rich"], scheme="dark")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    browser.painted()
    assert "255,255,255" in browser.run(f"{COLORS}('#run-0 .chart.equity')")
    browser.run("dispatchEvent(new Event('afterprint'))")
    browser.painted()
    assert "255,255,255" not in browser.run(f"{COLORS}('#run-0 .chart.equity')")
