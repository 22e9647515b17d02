"""What the commands print: JSON for scripts, a table for people.

Called by the commands. Guarantees that with --json standard output holds one JSON document and nothing else.
"""

from collections.abc import Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


def write_json(content: object) -> None:
    """Write one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2))


def write_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """Write rows as JSON, or some columns of them as a table."""
    if as_json:
        write_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(escape(_shown(row.get(column))) for column in columns))
    Console().print(table)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def progress() -> Progress:
    """Return a progress bar on standard error; silent where that is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not Console(stderr=True).is_terminal,
    )
