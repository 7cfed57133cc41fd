"""What is the name of a value? Canonical JSON and its SHA-256, equal on every machine."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any, Final, cast

from engines.errors import InvalidInput

_KINDS_TEXT: Final = "text, whole numbers, finite floats, true, false, null, lists and mappings"


def canonical_json(value: object) -> str:
    """JSON text with sorted keys, no spaces and floats as hexadecimal strings.

    Negative zero becomes zero. Raises InvalidInput for NaN, infinities and foreign types.
    """
    # By exact type first, and straight to text: every node of a strategy is named here, and the
    # abstract classes and a second pass through an encoder would take longer than the digest.
    kind = type(value)
    if kind is str:
        return encode_basestring_ascii(cast(str, value))
    if kind is int:
        return repr(value)
    if kind is dict:
        return _mapping(cast(dict[Any, Any], value))
    if kind is list or kind is tuple:
        return _sequence(cast(list[Any], value))
    return _text(value)


def digest_of(value: object) -> str:
    """SHA-256 of the canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInput("value to digest", value, "finite")
        return f'"{(value + 0.0).hex()}"'
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return _sequence(value)
    raise InvalidInput("value to digest", value, _KINDS_TEXT)


def _mapping(value: Mapping[Any, Any]) -> str:
    items = sorted([(str(key), item) for key, item in value.items()], key=itemgetter(0))
    parts = [f"{encode_basestring_ascii(key)}:{canonical_json(item)}" for key, item in items]
    return "{" + ",".join(parts) + "}"


def _sequence(value: Sequence[Any]) -> str:
    return "[" + ",".join([canonical_json(item) for item in value]) + "]"
