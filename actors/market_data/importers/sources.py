"""What is inside a path that a user hands us? Files out of folders, .zip and .gz, checked whole."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

from actors.market_data.errors import UnusableFile

# A minute file of eight years is 400 MB of text; more than this is a mistake or an attack.
LARGEST_BYTES: Final = 2 << 30
_HEAD_BYTES: Final = 65_536
_NESTING: Final = 3
_COMPANION_SUFFIXES: Final = (".checksum", ".toml", ".md5", ".sha256")
_EXCEL_MARK: Final = "[Content_Types].xml"
_COMPANION_NAMES: Final = ("asked.json",)


@dataclass(frozen=True)
class Source:
    """The content of one file, unpacked. `trail` is the path to it, through archives too."""

    path: Path
    trail: str
    content: bytes

    @property
    def name(self) -> str:
        """Name of the innermost file, without .gz."""
        return self.trail.rsplit("/", 1)[-1]

    @property
    def stem(self) -> str:
        """`name` without its last suffix."""
        return self.name.rsplit(".", 1)[0]

    @cached_property
    def head(self) -> str | None:
        """The first lines as text, None if this is no UTF-8 text."""
        piece = self.content[:_HEAD_BYTES]
        if b"\0" in piece:
            return None
        try:
            text = piece.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            cut_in_a_letter = problem.start > len(piece) - 4 and len(piece) == _HEAD_BYTES
            if not cut_in_a_letter:
                return None
            text = piece[: problem.start].decode("utf-8-sig")
        return text

    @cached_property
    def json(self) -> Any:
        """The content as a JSON value, None if this is no JSON. Raises UnusableFile if damaged."""
        if self.head is None or self.head.lstrip()[:1] not in ("{", "["):
            return None
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as problem:
            raise self.refused(f"damaged JSON: {problem}", "complete JSON") from problem

    def refused_cell(self, row: int, column: str, value: object, expected: str) -> UnusableFile:
        """The error that names a cell of this file; `row` counts from 0."""
        return UnusableFile(f"{self.trail}, row {row + 1}, {column}", value, expected)

    def refused(self, problem: object, expected: str) -> UnusableFile:
        """The error that names this file."""
        return UnusableFile(self.trail, problem, expected)


def sources(path: Path) -> Iterator[Source]:
    """Every file at or below `path`, unpacked, in the order of their names.

    Skips hidden files and companions (.CHECKSUM, .toml). A .CHECKSUM beside a file is held
    against it. Raises UnusableFile for what is absent, empty, truncated, encrypted or too large.
    """
    if path.is_dir():
        inside = [entry for entry in sorted(path.rglob("*")) if _is_data(entry, path)]
        if not inside:
            raise UnusableFile(str(path), "a folder without data files", "a folder with some")
        for entry in inside:
            yield from sources(entry)
        return
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise UnusableFile(str(path), problem.strerror, "a file that can be read") from problem
    _check_checksum(path, content)
    yield from _unpacked(Source(path, str(path), content), _NESTING)


def _is_data(entry: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in entry.relative_to(root).parts)
    companion = entry.suffix.lower() in _COMPANION_SUFFIXES or entry.name in _COMPANION_NAMES
    return entry.is_file() and not hidden and not companion


def _check_checksum(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".CHECKSUM")
    if not beside.is_file():
        return
    stated = (beside.read_text(encoding="utf-8", errors="replace").split() or [""])[0].lower()
    found = hashlib.sha256(content).hexdigest()
    if stated != found:
        raise UnusableFile(str(path), f"SHA-256 {found}", f"{stated}, as {beside.name} says")


def _unpacked(source: Source, nesting: int) -> Iterator[Source]:
    if not source.content:
        raise source.refused("an empty file", "a file with rows")
    if source.content[:2] == b"\x1f\x8b":
        content = _gunzip(source)
        trail = source.trail.removesuffix(".gz")
        yield from _inside(Source(source.path, trail, content), source, nesting)
    elif source.content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        for name, content in _unzip(source):
            inner = Source(source.path, f"{source.trail}/{name}", content)
            yield from _inside(inner, source, nesting)
    else:
        yield source


def _inside(inner: Source, outer: Source, nesting: int) -> Iterator[Source]:
    if nesting == 0:
        raise outer.refused("archives in archives in archives", "a file, .gz or .zip")
    yield from _unpacked(inner, nesting - 1)


def _gunzip(source: Source) -> bytes:
    try:
        with gzip.open(io.BytesIO(source.content)) as packed:
            return _read_bounded(packed, source)  # type: ignore[arg-type]
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise source.refused(f"damaged gzip: {problem}", "a complete gzip file") from problem


def _unzip(source: Source) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            members = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            if not members:
                raise source.refused("a zip file without files", "a zip file with data")
            if any(entry.filename == _EXCEL_MARK for entry in members):
                raise source.refused("an Excel workbook", "CSV: save the sheet as CSV first")
            for entry in sorted(members, key=lambda member: member.filename):
                with archive.open(entry) as packed:
                    yield entry.filename, _read_bounded(packed, source)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as problem:
        # A damaged directory makes zipfile seek to impossible places: a bare ValueError. A
        # compression that it does not know is its NotImplementedError.
        raise source.refused(f"damaged zip: {problem}", "a complete zip file") from problem
    except RuntimeError as problem:
        # zipfile raises a bare RuntimeError for an encrypted member.
        raise source.refused(str(problem), "a zip file without a password") from problem


def _read_bounded(packed: IO[bytes], source: Source) -> bytes:
    content = packed.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        expected = f"at most {LARGEST_BYTES:,} bytes unpacked; split the file"
        raise source.refused("too large", expected)
    return content
