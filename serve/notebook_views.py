"""How do results show themselves in a notebook? Pages in a frame, columns as polars, tables."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from serve.reports.content import Report
from serve.reports.page import render, write_report
from serve.tables import TextTable

_FRAME_HEIGHT: Final = 720


@dataclass(frozen=True)
class Page:
    """A report that a notebook shows in a frame, and that can be saved."""

    report: Report

    def save(self, path: str | Path) -> Path:
        """Write the page. Raises ReportNotWritten."""
        write_report(self.report, Path(path))
        return Path(path)

    def _repr_html_(self) -> str:
        inside = html.escape(render(self.report), quote=True)
        style = f"width:100%;height:{_FRAME_HEIGHT}px;border:0"
        return f'<iframe srcdoc="{inside}" style="{style}"></iframe>'


def frame_of(columns: Mapping[str, Any]) -> pl.DataFrame:
    """Columns as a table; those that end in _ms become UTC datetimes that end in _time."""
    frame = pl.DataFrame({name: pl.Series(values) for name, values in columns.items()})
    times = [name for name in frame.columns if name.endswith("_ms")]
    return frame.with_columns(
        pl.col(name).cast(pl.Datetime("ms", "UTC")).alias(name.removesuffix("_ms") + "_time")
        if name != "time_ms"
        else pl.col(name).cast(pl.Datetime("ms", "UTC")).alias("time")
        for name in times
    ).drop(times)


def html_of(table: TextTable) -> str:
    """A table as a cell shows it."""
    head = "".join(f"<th>{html.escape(one)}</th>" for one in table.heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(one)}</td>" for one in row) + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{html.escape(table.title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
