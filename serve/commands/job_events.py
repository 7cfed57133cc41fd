"""How does a job tell what it does? A line of JSON for each event, among others that it prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from engines.errors import InvalidInput, MissingData, TesterError
from tune.errors import BudgetSpent
from tune.progress import Cancelled, Progress

Kind = Literal["progress", "note", "result", "error", "page"]
_MARK: Final = "bst"
_ERRORS: Final[Mapping[str, type[TesterError]]] = {
    kind.__name__: kind for kind in (Cancelled, MissingData, BudgetSpent)
}


class Event(NamedTuple):
    """Something that a job told."""

    kind: Kind
    content: Mapping[str, Any]


def event_line(kind: Kind, content: Mapping[str, Any]) -> str:
    """The event as one line; its values are JSON's."""
    return json.dumps({_MARK: kind, **content})


def event_of(line: str) -> Event | None:
    """The event of a line, None for any other line."""
    if not line.startswith(f'{{"{_MARK}":'):
        return None
    try:
        told = json.loads(line)
    except ValueError:
        return None
    kind: Kind = told.pop(_MARK)
    return Event(kind, told)


def progress_content(at: Progress) -> dict[str, Any]:
    """How far a sweep is, as values of an event."""
    return {"done": at.done, "total": at.total, "text": at.text, "best": dict(at.best)}


def error_content(error: Exception) -> dict[str, Any]:
    """What ended a job, as values of an event."""
    told: dict[str, Any] = {"error": type(error).__name__, "text": str(error)}
    if isinstance(error, InvalidInput):
        told |= {"field": error.field, "value": str(error.value), "expected": error.expected}
    return told


def error_of(content: Mapping[str, Any]) -> TesterError:
    """The error that a job told: of its own kind where the caller acts on it."""
    if "field" in content:
        return InvalidInput(content["field"], content["value"], content["expected"])
    return _ERRORS.get(content["error"], TesterError)(content["text"])
