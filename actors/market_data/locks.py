"""Who may write this series now? One writer at a time, on one machine or a shared disk.

The lock is the kernel's (flock): it ends with its process, however that ends, so a lock file left
behind by a killed writer holds nobody up. The process named inside it is for people. Object
stores know no such lock: there, one writer a series is the caller's duty.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.market_data.errors import SeriesBusy
from actors.market_data.files import TEMPORARY_SUFFIX, Files, write_failure


@contextmanager
def sole_writer(files: Files, folder: str, file_name: str = "") -> Iterator[None]:
    """Hold the right to write `file_name` in `folder` (all files if no name is given).

    Removes what a killed writer left half written. Raises SeriesBusy if another process or thread
    holds it, WriteFailed if the folder cannot be written.
    """
    if not files.is_local:
        yield
        return
    lock = Path(files.full(folder)) / f".{file_name}.lock"
    half_written = f".{file_name}.*{TEMPORARY_SUFFIX}" if file_name else f".*{TEMPORARY_SUFFIX}"
    with _opened(lock) as descriptor:
        _take(descriptor, lock)
        for leftover in lock.parent.glob(half_written):
            leftover.unlink(missing_ok=True)
        yield


@contextmanager
def _opened(lock: Path) -> Iterator[int]:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as problem:
        raise write_failure(str(lock), 0, problem) from problem
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, lock: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
        raise SeriesBusy(str(lock), holder or "another process") from problem
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    except OSError as problem:
        raise write_failure(str(lock), 0, problem) from problem
