"""How do bytes reach storage so that a reader sees all of them or none?

On a local disk: a temporary file in the same folder, fsync, rename. On an object store: one
upload, which becomes visible when it is complete (S3 and GCS publish an object on its last byte).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final

import pyarrow as pa
from pyarrow import fs

from actors.market_data.errors import StorageFull, WriteFailed

TEMPORARY_SUFFIX: Final = ".tmp"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_SERIAL: Final = count()


class Files:
    """The files below `root`, on a local disk or any pyarrow file system.

    Paths are relative to `root`, with forward slashes. Thread-safe.
    """

    def __init__(self, root: Path | str, filesystem: fs.FileSystem | None = None) -> None:
        if filesystem is None and "://" in str(root):
            filesystem, root = fs.FileSystem.from_uri(str(root))
        self.filesystem: fs.FileSystem = filesystem or fs.LocalFileSystem()
        self.is_local = isinstance(self.filesystem, fs.LocalFileSystem)
        self.root = str(Path(root).absolute()) if self.is_local else str(root).rstrip("/")

    def full(self, path: str) -> str:
        """`path` as the file system knows it."""
        return f"{self.root}/{path}"

    def exists(self, path: str) -> bool:
        """Is there a file at `path`?"""
        return bool(self.filesystem.get_file_info(self.full(path)).type == fs.FileType.File)

    def below(self, folder: str) -> list[str]:
        """Paths of all visible files below `folder`, sorted; empty where there is no folder."""
        selector = fs.FileSelector(self.full(folder), allow_not_found=True, recursive=True)
        found = self.filesystem.get_file_info(selector)
        paths = [info.path for info in found if info.type == fs.FileType.File]
        relative = [PurePosixPath(path).relative_to(self.root) for path in paths]
        return sorted(str(path) for path in relative if not path.name.startswith("."))

    def open(self, path: str) -> pa.NativeFile:
        """The file at `path` for random access. Raises FileNotFoundError, OSError."""
        return self.filesystem.open_input_file(self.full(path))

    def read(self, path: str) -> bytes:
        """Content of the file at `path`. Raises FileNotFoundError, OSError."""
        with self.open(path) as source:
            return bytes(source.read())

    def replace(self, contents: Mapping[str, bytes]) -> None:
        """Put all `contents` (path: bytes) in place.

        On a local disk every file is complete under a temporary name before the first takes its
        place, so a full disk changes none of them. Raises StorageFull or WriteFailed.
        """
        staged: list[tuple[str, str]] = []
        try:
            for path, content in contents.items():
                staged.append((self._stage(path, content), path))
            for temporary, path in staged:
                if temporary != path:
                    self._put_in_place(temporary, path)
        except OSError as problem:
            self._discard(temporary for temporary, path in staged if temporary != path)
            needed = sum(len(content) for content in contents.values())
            raise write_failure(self.full(path), needed, problem) from problem

    def _stage(self, path: str, content: bytes) -> str:
        if not self.is_local:
            self._upload(path, content)
            return path
        target = Path(self.full(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        name = f".{target.name}.{os.getpid()}.{next(_SERIAL)}{TEMPORARY_SUFFIX}"
        temporary = target.with_name(name)
        try:
            self._write(temporary, content)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return str(PurePosixPath(path).with_name(name))

    def _upload(self, path: str, content: bytes) -> None:
        self.filesystem.create_dir(self.full(str(PurePosixPath(path).parent)), recursive=True)
        with self.filesystem.open_output_stream(self.full(path)) as sink:
            sink.write(content)

    def _write(self, target: Path, content: bytes) -> None:
        with target.open("wb") as sink:
            sink.write(content)
            sink.flush()
            os.fsync(sink.fileno())

    def _put_in_place(self, temporary: str, path: str) -> None:
        target = Path(self.full(path))
        Path(self.full(temporary)).replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _discard(self, temporaries: Iterable[str]) -> None:
        for temporary in temporaries:
            with suppress(OSError):
                Path(self.full(temporary)).unlink(missing_ok=True)


def write_failure(path: str, needed: int, problem: OSError) -> WriteFailed:
    if problem.errno in _FULL:
        return StorageFull(path, needed, "no space left")
    return WriteFailed(path, needed, problem.strerror or str(problem))
