"""How does a file appear whole or not at all, and what is told when there is no room?"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from tune.errors import DiskFull


def write_text(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all. Raises DiskFull."""
    appear(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def appear(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file that takes the path's place when it is done. Raises DiskFull."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error


def disk_error(path: Path, error: OSError) -> Exception:
    """What an error of the file system means to the one who runs a sweep."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"No space left for {path}: free some and resume; finished parts are kept")
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return DiskFull(f"{path} cannot be written ({error.strerror}): choose another BST_HOME")
    return error
