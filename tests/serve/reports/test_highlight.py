"""Marking the words of code changes none of them."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from serve.reports.highlight import highlighted
from tests.serve.reports.samples import CODE, HOSTILE


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"</?span[^>]*>", "", markup))


def test_keywords_texts_numbers_calls_and_notes_are_marked() -> None:
    marked = highlighted("return sma(close, 20)  # why\nname = 'x'\n")
    assert marked == (
        '<span class="py-word">return</span> <span class="py-call">sma</span>(close, '
        '<span class="py-num">20</span>)  <span class="py-note"># why</span>\n'
        'name = <span class="py-text">&#39;x&#39;</span>\n'
    )


@given(st.text() | st.just(CODE) | st.just(HOSTILE) | st.text("ab('\"\n\r\t #=1:\\"))
def test_any_text_comes_out_as_it_went_in(code: str) -> None:
    assert _plain(highlighted(code)) == code


def test_code_that_is_no_python_is_escaped_only() -> None:
    assert highlighted("if <b>: (") == "if &lt;b&gt;: ("
