"""Is this the JSON value that belongs here? Checks that name the place in the document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from engines.errors import InvalidInput

_FEW: Final = 13


def parse(document: str | bytes) -> Any:
    """Parsed JSON. Raises InvalidInput for other text, repeated names, NaN and infinities."""
    try:
        return json.loads(document, object_pairs_hook=_without_repeats, parse_constant=_refused)
    except ValueError as error:
        raise InvalidInput("document", _start(document), f"JSON ({error})") from error
    except RecursionError as error:
        raise InvalidInput("document", _start(document), "JSON nested less deeply") from error


def mapping(place: str, value: Any) -> Mapping[str, Any]:
    """Return `value` if it is a JSON object, else raise InvalidInput."""
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return value
    raise InvalidInput(place, value, "an object, {…}")


def listed(place: str, value: Any) -> list[tuple[str, Any]]:
    """The entries of a JSON array with their places; InvalidInput for anything else."""
    if isinstance(value, (list, tuple)):
        return [(f"{place}[{index}]", one) for index, one in enumerate(value)]
    raise InvalidInput(place, value, "a list, […]")


def text(place: str, value: Any) -> str:
    """Return `value` if it is text, else raise InvalidInput."""
    if isinstance(value, str):
        return value
    raise InvalidInput(place, value, "text")


def true_or_false(place: str, value: Any) -> bool:
    """Return `value` if it is true or false, else raise InvalidInput."""
    if isinstance(value, bool):
        return value
    raise InvalidInput(place, value, "true or false")


def choice(place: str, value: Any, known: Sequence[str]) -> str:
    """Return `value` if it is one of the known words; else InvalidInput with those close to it."""
    if isinstance(value, str) and value in known:
        return value
    raise InvalidInput(place, value, f"one of {suggested(value, known)}")


def suggested(value: object, known: Sequence[str]) -> str:
    """The known words, or those that come close to `value` when there are many."""
    close = get_close_matches(str(value), known, n=3) if len(known) > _FEW else []
    return ", ".join(close or known) or "none: there are none"


def given(document: Mapping[str, Any], name: str, default: Any) -> Any:
    """What stands under `name`; the default where nothing or null does."""
    value = document.get(name)
    return default if value is None else value


def check_names(place: str, value: Any, known: Sequence[str]) -> None:
    """Raise InvalidInput unless `value` is an object without unknown names."""
    for name in mapping(place, value):
        if name not in known:
            raise InvalidInput(f"field of {place}", name, f"one of {suggested(name, known)}")


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Put the place in the document before the field that an InvalidInput names."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(f"{place}: {error.field}", error.value, error.expected) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput("document", twice, "there once")
    return found


def _refused(constant: str) -> NoReturn:
    raise InvalidInput("document", constant, "a finite number")


def _start(document: str | bytes) -> str:
    shown = document if isinstance(document, str) else document.decode(errors="replace")
    return shown if len(shown) <= 40 else shown[:40] + "…"
