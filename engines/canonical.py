"""What is the name of a value? Canonical JSON and its SHA-256, equal on every machine."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from engines.errors import InvalidInput

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_AS_THEY_ARE: Final = frozenset((str, int, bool, type(None)))
_KINDS_TEXT: Final = "text, whole numbers, finite floats, true, false, null, lists and mappings"


def canonical_json(value: object) -> str:
    """JSON text with sorted keys, no spaces and floats as hexadecimal strings.

    Negative zero becomes zero. Raises InvalidInput for NaN, infinities and foreign types.
    """
    return _ENCODER.encode(_plain(value))


def digest_of(value: object) -> str:
    """SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _plain(value: object) -> object:
    # By exact type first: every node of a strategy is named here, and asking the abstract classes
    # takes longer than the digest.
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict:
        return {str(key): _plain(item) for key, item in cast(dict[Any, Any], value).items()}
    if kind is list or kind is tuple:
        return [_plain(item) for item in cast(list[Any], value)]
    return _plain_at_length(value)


def _plain_at_length(value: object) -> object:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInput("value to digest", value, "finite")
        return (value + 0.0).hex()
    if isinstance(value, (int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    raise InvalidInput("value to digest", value, _KINDS_TEXT)
