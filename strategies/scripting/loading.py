"""Where is a user's event strategy? A class in a Python file: `file.py`, or `file.py:Class`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

from engines.errors import InvalidInput
from strategies.scripting.event_strategy import EventStrategy

_ROOMS: Final = ("engines", "strategies", "cluster", "actors", "tune", "serve")


def load_event_strategy(said: str) -> type[EventStrategy]:
    """The class that `said` names; the file's code is run.

    Raises InvalidInput for a file that cannot be read or run, and when the class is not there or
    not the only one.
    """
    path, _, name = said.partition(":")
    module = _module(Path(path))
    found = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, EventStrategy)
        and value.__module__ == module.__name__
    }
    if name:
        if name not in found:
            expected = f"one of {', '.join(found)}" if found else "a file with an EventStrategy"
            raise InvalidInput(f"class of {path}", name, expected)
        return found[name]
    if len(found) != 1:
        expected = f"{path}:Class, with Class one of {', '.join(found)}"
        if not found:
            expected = "a file that defines a subclass of EventStrategy"
        raise InvalidInput("strategy", said, expected)
    return next(iter(found.values()))


def _module(path: Path) -> ModuleType:
    name = path.stem
    if name in _ROOMS:
        raise InvalidInput("strategy", str(path), "a file whose name is none of the project's own")
    if not path.is_file():
        raise InvalidInput("strategy", str(path), "a Python file that exists")
    spec = importlib.util.spec_from_file_location(f"event_strategy_{name}", path)
    if spec is None or spec.loader is None:
        raise InvalidInput("strategy", str(path), "a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    # `inspect` finds the source of a class by its module's name.
    sys.modules[module.__name__] = module
    try:
        spec.loader.exec_module(module)
    except InvalidInput:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise InvalidInput("strategy", str(path), f"a file that runs ({reason})") from error
    return module
