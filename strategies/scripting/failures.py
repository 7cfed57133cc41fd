"""Where did a user's script fail? The error in one line, with the file, the line and the bar."""

from __future__ import annotations

import traceback
from pathlib import Path

from engines.errors import TesterError
from strategies.moments import minute_text


class ScriptFailed(TesterError):
    """A user's own code raised an error."""


def script_failed(script: object, when: str, error: Exception) -> Exception:
    """What to raise for an error out of a user's script; the product's own is left as it is."""
    if isinstance(error, TesterError):
        return error
    name, what = type(script).__name__, f"{type(error).__name__}: {error}"
    return ScriptFailed(f"{name} failed {when}: {what}{_place(script, error)}")


def at_bar(open_ms: int) -> str:
    """How a bar is named in a message."""
    return f"at the bar of {minute_text(open_ms)} UTC"


def _place(script: object, error: Exception) -> str:
    """The last line of the script's own file that was running."""
    module = type(script).__module__
    frames = [
        summary
        for frame, summary in zip(
            traceback.walk_tb(error.__traceback__),
            traceback.extract_tb(error.__traceback__),
            strict=True,
        )
        if frame[0].f_globals.get("__name__") == module
    ]
    if not frames:
        return ""
    last = frames[-1]
    return f" ({Path(last.filename).name}, line {last.lineno}: {last.line})"
