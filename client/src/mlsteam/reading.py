"""The read side: what is committed under a key, the tree of a track, the tracks of a project.

Called by track.py, handles.py and the CLI. Guarantees that what it answers is what the server has committed: points
still on their way are not in it (`track.wait()` first, to read what was just written).
"""

import csv
import importlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import quote, urlencode

import msgspec

from mlsteam.errors import APIStatusError, KeyNotFoundError, SettingsError
from mlsteam.transport import Reply, Transport

Form = Literal["pandas", "polars", "arrow", "list"]
Row = tuple[float | None, float, bool | int | float | str]
_IN_MEMORY_BYTES = 32 * 1024 * 1024
_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Leaf(msgspec.Struct):
    """What stands at a key; fields that its kind does not have are None. Of a series `value` is the newest."""

    kind: Literal["config", "series", "console", "file"]
    type: str | None = None
    value: bool | int | float | str | None = None
    step: float | None = None
    time: float | None = None
    n_points: int | None = None
    n_lines: int | None = None
    size_bytes: int | None = None
    content_type: str | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        if self.type == "float" and isinstance(self.value, str | int):
            # JSON has no word for some floats, and writes others as integers.
            self.value = _WORDS.get(self.value) if isinstance(self.value, str) else float(self.value)


class Entry(msgspec.Struct):
    """One name in a folder: a leaf, a folder, or both; `children` is None below the depth that was asked for."""

    name: str
    key: str
    is_folder: bool
    n_leaves: int
    leaf: Leaf | None = None
    children: list["Entry"] | None = None


class _Level(msgspec.Struct):
    entries: list[Entry]
    next_cursor: str | None = None


def expect(reply: Reply, action: str) -> Reply:
    """Return a reply that is a success. Raises: APIStatusError."""
    if 200 <= reply.status < 300:
        return reply
    answer = reply.json()
    message = f"The server did not {action}: {answer.get('detail') or f'it answered {reply.status}.'}"
    if reply.status in {401, 403}:
        message += " Is MLSTEAM_API_TOKEN of this server, and still valid?"
    code, request_id = str(answer.get("error", "")), str(answer.get("request_id", ""))
    raise APIStatusError(message, status=reply.status, code=code, request_id=request_id)


def read_json(transport: Transport, path: str, action: str, of_type: Any = Any) -> Any:
    """Return the JSON of an address. Raises: APIConnectionError, APIStatusError."""
    reply = expect(transport.request("GET", path), action)
    try:
        return msgspec.json.decode(reply.body, type=of_type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise APIStatusError(f"The server did not {action}: its answer is not ours.", status=reply.status) from None


def read_tree(transport: Transport, track_id: str, path: str = "", depth: int = 0) -> list[Entry]:
    """Return what lies below a folder path, by name; depth 0 is all of it. Raises: APIError."""
    entries: list[Entry] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"path": path, "depth": depth} | ({"cursor": cursor} if cursor else {})
        level = read_json(transport, f"/api/v3/tracks/{track_id}/tree?{urlencode(asked)}", "show the tree", _Level)
        entries += level.entries
        cursor = level.next_cursor
    return entries


def find_entry(transport: Transport, track_id: str, key: str) -> Entry | None:
    """Return what stands at a key. Raises: APIConnectionError, APIStatusError."""
    path = f"/api/v3/tracks/{track_id}/entry?{urlencode({'key': key})}"
    try:
        entry: Entry = read_json(transport, path, "show the tree", Entry)
    except APIStatusError as error:
        if error.code == "leaf_not_found":
            return None
        raise
    return entry


def get_leaf(transport: Transport, track_id: str, key: str) -> Leaf:
    """Return the leaf at a key. Raises: KeyNotFoundError, APIConnectionError, APIStatusError."""
    entry = find_entry(transport, track_id, key)
    if entry is None or entry.leaf is None:
        below = f" It is a folder of {entry.n_leaves} keys." if entry else " What was just logged needs track.wait()."
        raise KeyNotFoundError(f"Nothing is stored under {key!r}.{below}")
    return entry.leaf


def export_series(transport: Transport, track_id: str, key: str, form: str, take: Callable[[bytes], object]) -> None:
    """Give all points of a series as text, csv, arrow or parquet to `take`, piece by piece.

    Raises: KeyNotFoundError, APIError.
    """
    path = f"/api/v3/tracks/{track_id}/export?{urlencode({'key': key, 'format': form})}"
    reply = transport.stream(path, take)
    if reply.status == 404 and reply.json().get("error") == "leaf_not_found":
        raise KeyNotFoundError(f"There is no series under {key!r}. What was just logged needs track.wait().")
    expect(reply, "export the series")


@contextmanager
def written_whole(target: Path) -> Iterator[Callable[[bytes], object]]:
    """Give a function that writes a file piece by piece; what breaks before its end leaves nothing. Raises: OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".part")
    try:
        with fresh.open("wb") as file:
            yield file.write
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _exported(transport: Transport, track_id: str, key: str, form: str) -> Iterator[IO[bytes]]:
    """Give a series as an open file: in memory while it is small, on the disk above that."""
    # Imported when it is needed: `import mlsteam` stays fast.
    with importlib.import_module("tempfile").SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
        export_series(transport, track_id, key, form, file.write)
        file.seek(0)
        yield file


def _typed(text: str, type_name: str | None) -> bool | int | float | str:
    """Read a value of CSV, which does not tell a text from the number that it spells."""
    if type_name == "str":
        return text
    if type_name == "bool":
        return text == "true"
    try:
        return int(text) if type_name == "int" and text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


def read_rows(transport: Transport, track_id: str, key: str) -> list[Row]:
    """Return all points of a series as (step, time, value), in order of time. Raises: KeyNotFoundError, APIError."""
    type_name = get_leaf(transport, track_id, key).type
    with _exported(transport, track_id, key, "csv") as file:
        lines = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))
        next(lines, None)
        # Where types mix, each line ends with its own.
        return [
            (float(step) if step else None, float(time), _typed(value, own[0] if own else type_name))
            for time, step, value, *own in lines
        ]


def best_form() -> Form:
    """Say which kind of table fits: of the first library that is installed, else a plain list."""
    for name, form in (("pandas", "pandas"), ("polars", "polars"), ("pyarrow", "arrow")):
        if find_spec(name) is not None:
            return form  # type: ignore[return-value]  # the three names are forms
    return "list"


def read_values(transport: Transport, track_id: str, key: str, form: Form | None = None) -> Any:
    """Return all points of a series as a table with the columns step, time (unix seconds) and value.

    Values of several types keep them in a list and in pandas; in polars and Arrow all of them are texts then.
    Raises: KeyNotFoundError, SettingsError, APIConnectionError, APIStatusError.
    """
    form = form or best_form()
    if form not in ("pandas", "polars", "arrow", "list"):
        raise SettingsError(f"A form is pandas, polars, arrow or list, not {form!r}.")
    if form == "list":
        return read_rows(transport, track_id, key)
    if form == "polars":
        polars = importlib.import_module("polars")
        with _exported(transport, track_id, key, "arrow") as file:
            return polars.read_ipc_stream(file).select("step", "time", "value")
    if form == "arrow" or find_spec("pyarrow") is not None:
        ipc = importlib.import_module("pyarrow.ipc")
        with _exported(transport, track_id, key, "arrow") as file:
            table = ipc.open_stream(file).read_all().select(["step", "time", "value"])
        if form == "arrow":
            return table
        if table.schema.field("value").type != "string":
            return table.to_pandas()
    # Also where texts and numbers mix: a column of pandas holds both.
    pandas = importlib.import_module("pandas")
    return pandas.DataFrame(read_rows(transport, track_id, key), columns=["step", "time", "value"])


def download(transport: Transport, track_id: str, key: str, path: Path) -> Path:
    """Write a file of a track to a path, or into a folder; a broken download leaves nothing half.

    Raises: KeyNotFoundError, APIConnectionError, APIStatusError, OSError.
    """
    target = path / key.rpartition("/")[2] if path.is_dir() else path
    with written_whole(target) as write:
        reply = transport.stream(f"/api/v3/tracks/{track_id}/files/{quote(key)}?download=true", write)
        if reply.status == 404 and reply.json().get("error") == "leaf_not_found":
            raise KeyNotFoundError(f"There is no file under {key!r}. What was just uploaded needs track.wait().")
        expect(reply, "give the file")
    return target


def delete(transport: Transport, track_id: str, key: str) -> None:
    """Delete a key, or a folder with all below it. Raises: KeyNotFoundError, APIConnectionError, APIStatusError."""
    reply = transport.request("DELETE", f"/api/v3/tracks/{track_id}/tree?{urlencode({'path': key})}")
    if reply.status == 404 and reply.json().get("error") == "leaf_not_found":
        raise KeyNotFoundError(f"Nothing is stored under {key!r}.")
    expect(reply, "delete the key")


def list_tracks(
    transport: Transport, project: str, limit: int, columns: Sequence[str] = (), **asked: str | None
) -> Iterator[dict[str, Any]]:
    """Give tracks of a project, at most `limit`, each with its values of the columns.

    Raises: APIConnectionError, APIStatusError.
    """
    given: dict[str, Any] = {name: value for name, value in asked.items() if value} | {"column": list(columns)}
    cursor: str | None = ""
    while cursor is not None and limit > 0:
        page = given | {"limit": str(min(limit, 500))} | ({"cursor": cursor} if cursor else {})
        path = f"/api/v3/projects/{quote(project, safe='')}/tracks?{urlencode(page, doseq=True)}"
        answer = read_json(transport, path, "list the tracks")
        for track in answer["items"][:limit]:
            values = track.pop("values", {})
            yield track | {name: _word(values.get(name)) for name in columns}
        limit -= len(answer["items"])
        cursor = answer["next_cursor"]


def _word(value: Any) -> Any:
    return _WORDS.get(value, value) if isinstance(value, str) else value


def as_table(rows: list[dict[str, Any]], form: Form | None) -> Any:
    """Return rows as a pandas or polars frame or as they are; pandas where it is installed. Raises: SettingsError."""
    form = form or ("pandas" if find_spec("pandas") is not None else "list")
    if form == "list":
        return rows
    if form not in ("pandas", "polars"):
        raise SettingsError(f"A table of tracks is pandas, polars or list, not {form!r}.")
    return importlib.import_module(form).DataFrame(rows)
