"""The pages of docs/reference that follow from the code: `python -m tests.serve.reference`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engines.metrics.aliases import ALIASES
from engines.metrics.registry import FAMILIES, IDEAS, METRICS
from engines.metrics.tradingview import SHEETS, sides_of
from serve.cli import bst
from serve.commands.portfolio_requests import PortfolioRequest
from serve.commands.requests import BacktestRequest, Model, SweepRequest
from strategies.graph.schema import schema

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
WIDTH = 100
METRICS_PAGE = (
    "{ideas} figures of a run, {count} with those of long and of short trades alone (`long_…`, "
    "`short_…`). `bst backtest --json` gives them under `metrics`, the report in its "
    "tabs, a notebook by `result.metrics()`. A figure that is undefined is left empty "
    "(null), never 0. Fractions are fractions: 0.05 is 5 %.\n\n"
    "A figure of a side is made of its own trades; *of all trades* says where it is measured by "
    "the whole account. Days, weeks from Monday on, months and years are UTC and end at their last "
    "close. Drawdowns *at closes* use equity with open profit, *closed* ones that of closed "
    "trades as TradingView counts its falls, *intrabar* ones the worst moment of a position; the "
    "fees of an entry are in all three.\n\n"
    "Every figure is checked against a second algorithm, the returns also against empyrical and "
    "quantstats; `tests/engines/metrics/test_peers.py` says where those are wrong."
)

TRADINGVIEW = (
    "The rows of its exported workbook, by their labels there. *As here only*: TradingView leaves "
    "the sides empty, the report shows them. Figures that are not settled by TradingView's own "
    "exports: percentages of drawdowns and run-ups at closes (here of the initial cash), margin "
    "efficiency of one side (here its growth over its own margin)."
)


def pages() -> dict[str, str]:
    """Text of every generated page, by file name."""
    requests: dict[str, type[Model]] = {
        "backtest": BacktestRequest,
        "portfolio": PortfolioRequest,
        "sweep": SweepRequest,
    }
    schemas = {name: kind.model_json_schema() for name, kind in requests.items()}
    schemas["strategy"] = schema()
    texts = {
        f"{name}.schema.json": json.dumps(found, indent=1) + "\n" for name, found in schemas.items()
    }
    return {**texts, "cli.md": f"# Command line\n\n{_commands()}", "metrics.md": _metrics()}


def _metrics() -> str:
    heads = "| metric | unit | better | formula | source | needs |\n|-|-|-|-|-|-|"
    better = {1: "more", -1: "less", 0: "neither"}
    parts = [f"# Metrics\n\n{METRICS_PAGE.format(count=len(METRICS), ideas=len(IDEAS))}"]
    for title, family in FAMILIES.items():
        rows = [
            f"| `{one.name}` | {one.unit} | {better[one.better]} | {_cell(one.formula)} "
            f"| {one.source} | {', '.join(one.needs)} |"
            for one in family
        ]
        parts.append("\n".join([f"## {title}\n", heads, *rows]))
    parts.append(_tradingview())
    aliases = [f"| `{name}` | `{target}` |" for name, target in sorted(ALIASES.items())]
    parts.append("\n".join(["## Other names\n", "| name | is |\n|-|-|", *aliases]))
    return "\n\n".join(parts) + "\n"


def _tradingview() -> str:
    heads = "| TradingView says | sheet | in its unit | in percent | long and short |\n|-|-|-|-|-|"
    rows = [
        f"| {row.label} | {sheet} | {_name(row.value)} | {_name(row.percent)} "
        f"| {'yes' if len(sides_of(row)) > 1 else 'as here only' if row.sides else 'no'} |"
        for sheet, found in SHEETS.items()
        for row in found
    ]
    return "\n".join(["## TradingView's report\n", TRADINGVIEW, "", heads, *rows])


def _name(name: str) -> str:
    return f"`{name}`" if name else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _commands() -> str:
    told: list[tuple[tuple[str, ...], click.Command]] = [(("bst",), bst)]
    context = click.Context(bst)
    commands = {name: _command(context, name) for name in bst.list_commands(context)}
    told += [(("bst", name), command) for name, command in commands.items()]
    for group_name, group in commands.items():
        if isinstance(group, click.Group):
            told += [(("bst", group_name, name), one) for name, one in group.commands.items()]
    return "\n".join(_help(words, command) for words, command in told)


def _command(context: click.Context, name: str) -> click.Command:
    found = bst.get_command(context, name)
    assert found is not None
    return found


def _help(words: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(
        command,
        info_name=" ".join(words),
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    context.terminal_width = WIDTH
    return f"## {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
