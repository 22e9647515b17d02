"""`mlsteam ls`, `get` and `export`: what is stored.

Called by main.py. A track is given by its id, or by its name in the project of the settings.
"""

import re
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from mlsteam.cli.account import connect
from mlsteam.cli.output import json_option, progress, write_json, write_rows
from mlsteam.errors import SettingsError
from mlsteam.reading import (
    Entry,
    download,
    export_series,
    get_leaf,
    list_tracks,
    read_json,
    read_tree,
    written_whole,
)
from mlsteam.settings import read_settings
from mlsteam.transport import HttpTransport

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SUFFIXES = {"text": "txt", "csv": "csv", "parquet": "parquet", "arrow": "arrows"}


def _project() -> str:
    project = read_settings().project
    if not project:
        raise SettingsError("Which project? Set MLSTEAM_PROJECT, or run `mlsteam init PROJECT` here.")
    return project


def find_track_id(transport: HttpTransport, track: str) -> str:
    """Return the id of a track that is given by id, or by its name. Raises: ClickException, SettingsError."""
    if _ID.fullmatch(track):
        return track
    found = [one for one in list_tracks(transport, _project(), 1000, q=track) if one["name"] == track]
    if len(found) == 1:
        return str(found[0]["track_id"])
    how_many = "is no track" if not found else f"are {len(found)} tracks"
    raise click.ClickException(f"There {how_many} of the name {track!r} in this project; give its id.")


def _flat(entries: list[Entry]) -> list[dict[str, Any]]:
    rows = []
    for entry in entries:
        row: dict[str, Any] = {"key": entry.key + ("/" if entry.is_folder and not entry.leaf else ""), "kind": "folder"}
        if entry.leaf:
            row |= {name: value for name, value in msgspec.structs.asdict(entry.leaf).items() if value is not None}
            row["size"] = entry.leaf.n_points or entry.leaf.n_lines or entry.leaf.size_bytes
        else:
            row["size"] = entry.n_leaves
        rows.append(row)
        rows += _flat(entry.children or [])
    return rows


@click.command()
@click.argument("track", required=False)
@click.argument("path", default="")
@click.option("--projects", is_flag=True, help="List projects instead.")
@click.option("--query", "-q", help="Which tracks: words, or status:running p.lr=0.01 m.val/loss<0.3.")
@click.option("--status", help="Only tracks that are created, running, finished, failed or stopped.")
@click.option("--tag", help="Only tracks with this tag.")
@click.option("--limit", default=50, show_default=True, help="At most so many tracks.")
@click.option("--recursive", "-r", is_flag=True, help="All levels of the tree.")
@json_option
def ls(  # noqa: PLR0917  # click passes them by name
    track: str | None,
    path: str,
    projects: bool,
    query: str | None,
    status: str | None,
    tag: str | None,
    limit: int,
    recursive: bool,
    as_json: bool,
) -> None:
    """List the tracks of the project, or what lies in the tree of TRACK below PATH."""
    transport = connect()
    if projects:
        items = read_json(transport, "/api/v3/projects?limit=500", "list the projects")["items"]
        write_rows(items, ["name", "role", "description"], as_json=as_json)
    elif track is None:
        rows = list(list_tracks(transport, _project(), limit, query=query, status=status, tag=tag))
        write_rows(rows, ["track_id", "name", "status", "tags", "created_at"], as_json=as_json)
    else:
        entries = read_tree(transport, find_track_id(transport, track), path, 0 if recursive else 1)
        write_rows(_flat(entries), ["key", "kind", "type", "value", "size"], as_json=as_json)


@click.command()
@click.argument("track")
@click.argument("key")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Where a file goes; default: here.")
@json_option
def get(track: str, key: str, output: Path | None, as_json: bool) -> None:
    """Print a config value or the newest value of a series; save a file."""
    transport = connect()
    track_id = find_track_id(transport, track)
    leaf = get_leaf(transport, track_id, key)
    facts = {name: value for name, value in msgspec.structs.asdict(leaf).items() if value is not None}
    if leaf.kind == "file":
        facts["path"] = str(download(transport, track_id, key, output or Path()))
    if as_json:
        write_json(facts)
    elif leaf.kind == "console":
        raise click.ClickException(f"{key!r} is console; the page shows it.")
    else:
        click.echo(facts.get("path", leaf.value))


@click.command()
@click.argument("track")
@click.argument("keys", nargs=-1, required=True)
@click.option("--format", "-f", "form", type=click.Choice(sorted(_SUFFIXES)), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="A file for one key, a folder for several.")
def export(track: str, keys: tuple[str, ...], form: str, output: Path | None) -> None:
    """Write all points of series: `timestamp,log_value` lines (text), CSV with steps, Parquet, or Arrow.

    A KEY that ends with a slash is a folder: all series below it.
    """
    transport = connect()
    track_id = find_track_id(transport, track)
    wanted: list[str] = []
    for key in keys:
        below = _flat(read_tree(transport, track_id, key.rstrip("/"))) if key.endswith("/") else []
        wanted += [row["key"] for row in below if row["kind"] == "series"] if key.endswith("/") else [key]
    if not wanted:
        raise click.ClickException("There is no series below " + ", ".join(keys))
    if len(wanted) == 1 and output is None:
        if form in {"parquet", "arrow"} and sys.stdout.isatty():
            raise click.UsageError(f"{form} is not for a terminal; give --output.")
        export_series(transport, track_id, wanted[0], form, sys.stdout.buffer.write)
        return
    with progress() as bar:
        for key in bar.track(wanted, description="exporting"):
            target = output or Path()
            if len(wanted) > 1 or target.is_dir():
                target = target / f"{key}.{_SUFFIXES[form]}"
            with written_whole(target) as write:
                export_series(transport, track_id, key, form, write)
