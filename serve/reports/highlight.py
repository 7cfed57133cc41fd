"""Which words of a piece of Python are keywords, text, numbers and comments?"""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Iterator
from itertools import pairwise

from markupsafe import Markup, escape

_CLASSES = {tokenize.STRING: "text", tokenize.NUMBER: "num", tokenize.COMMENT: "note"}


def highlighted(code: str) -> Markup:
    """Python as escaped HTML with its words marked; other text is escaped only."""
    try:
        pieces = list(_pieces(code))
    except (tokenize.TokenError, SyntaxError):
        return escape(code)
    return Markup("").join(pieces)


def _pieces(code: str) -> Iterator[Markup]:
    starts = [0]
    for line in code.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    done = 0
    tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    for token, following in pairwise(tokens):
        name = _class_of(token, following)
        if name:
            first = starts[token.start[0] - 1] + token.start[1]
            last = starts[token.end[0] - 1] + token.end[1]
            yield escape(code[done:first])
            yield Markup('<span class="py-{}">{}</span>').format(name, code[first:last])
            done = last
    yield escape(code[done:])


def _class_of(token: tokenize.TokenInfo, following: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return "word"
        return "call" if following.string == "(" else ""
    return _CLASSES.get(token.type, "")
