"""A page is stored whole or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from serve.reports.page import ReportNotWritten, render, write_report
from tests.serve.reports import samples


@pytest.fixture
def tiny_disk() -> Iterator[None]:
    """No file may grow beyond 4 KiB: the system refuses the rest, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_file_is_the_page(tmp_path: Path) -> None:
    report = samples.sparse()
    write_report(report, tmp_path / "new" / "report.html")
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == render(report)


@pytest.mark.usefixtures("tiny_disk")
def test_a_full_disk_names_the_path_and_keeps_the_older_page(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("older")
    with pytest.raises(ReportNotWritten, match=r"report\.html was not written: File too large"):
        write_report(samples.sparse(), path)
    assert path.read_text() == "older"


@pytest.mark.usefixtures("tiny_disk")
def test_a_full_disk_leaves_no_part_behind(tmp_path: Path) -> None:
    with pytest.raises(ReportNotWritten):
        write_report(samples.sparse(), tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_a_path_through_a_file_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportNotWritten, match="file/report"):
        write_report(samples.sparse(), tmp_path / "file" / "report.html")


def test_a_folder_in_the_way_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ReportNotWritten, match="was not written"):
        write_report(samples.sparse(), tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
