"""Canonical JSON is what the standard library writes of plain values, and nothing else."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.canonical import canonical_json, digest_of
from engines.errors import InvalidInput
from tests.examples import examples

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@examples(200)
@given(value=PLAIN)
def test_plain_values_read_as_the_standard_library_writes_them(value: Any) -> None:
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert canonical_json(value) == expected


class Code(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, '"0x1.0000000000000p-1"'),
        (-0.0, '"0x0.0p+0"'),
        (np.float64(0.5), '"0x1.0000000000000p-1"'),
        (Code.ONE, "1"),
        ((1, [True, None]), "[1,[true,null]]"),
        ({2: "b", "1": "a"}, '{"1":"a","2":"b"}'),
    ],
)
def test_other_values_have_one_text(value: Any, text: str) -> None:
    assert canonical_json(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), b"x"])
def test_what_has_no_text_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="value to digest"):
        digest_of({"a": [value]})
