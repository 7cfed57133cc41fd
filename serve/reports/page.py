"""How does a report become a page? One HTML file with everything inside it."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engines.errors import TesterError
from serve.reports import figures, portfolio_section, sections, spread, tabs, words
from serve.reports.content import Report
from serve.reports.highlight import highlighted
from serve.reports.payload import encode, payload

_HERE: Final = Path(__file__).parent
_ASSETS: Final = _HERE / "assets"
_STYLES: Final = (
    "base.css",
    "layout.css",
    "tables.css",
    "tabs.css",
    "charts.css",
    "verdict.css",
)
_SCRIPTS: Final = (
    "format.js",
    "theme.js",
    "decode.js",
    "primitives.js",
    "chart.js",
    "equity.js",
    "rolling.js",
    "price.js",
    "tables.js",
    "trade-file.js",
    "trades.js",
    "tabs.js",
    "scatter.js",
    "heatmap.js",
    "page.js",
)


class ReportNotWritten(TesterError):
    """The page could not be stored where it was asked for; nothing is left there."""


def render(report: Report) -> str:
    """The report as one HTML page that asks for nothing outside itself.

    All text is escaped. Its policy lets only the scripts run that belong to it, by their hashes.
    """
    scripts = {
        "early": _script("early.js"),
        "charts": _library(),
        "page": _wrapped(_SCRIPTS),
    }
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            data=encode(payload(report)),
            styles="\n".join(_asset(name) for name in _STYLES),
            scripts=scripts,
            policy=_policy(scripts.values()),
            notice=_asset("lightweight-charts/NOTICE").strip(),
            highlighted=highlighted,
            figures=figures,
            portfolio_section=portfolio_section,
            sections=sections,
            spreads=spread,
            tabs=tabs,
            words=words,
        )
    )


def write_report(report: Report, path: Path) -> None:
    """Render the report into `path`, all of it or nothing; an older page stays until then.

    Folders on the way are made. Raises ReportNotWritten naming the path when the disk refuses.
    """
    page = render(report).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, page)
    except OSError as error:
        why = error.strerror or str(error)
        raise ReportNotWritten(f"Report {path} was not written: {why}") from error


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _script(name: str) -> str:
    return _asset(name).strip()


def _library() -> str:
    return _script("lightweight-charts/lightweight-charts.standalone.production.js")


def _wrapped(names: tuple[str, ...]) -> str:
    """The page's own scripts in one strict scope: none of their names becomes global."""
    return "\n".join(['(() => {\n"use strict";', *map(_script, names), "})();"])


def _policy(scripts: Iterable[str]) -> str:
    hashes = " ".join(f"'sha256-{_sha256(text)}'" for text in scripts)
    # The charts style their own elements; a style can neither run nor, under this policy, load.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
