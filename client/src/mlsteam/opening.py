"""`init()` and `tracks()`: from arguments, environment and configuration to a track, or to a table of tracks.

Called by training code. Guarantees that a server that is away stops no training: a new track then gets its id here, and
the server learns of it when it is back.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlsteam import ranks, reading, workers
from mlsteam.capture.captures import read_wanted
from mlsteam.creation import CreatingTransport, Creation, create, new_track_id, note_creation, read_creation
from mlsteam.errors import APIConnectionError, APIStatusError, SettingsError
from mlsteam.integrations.lightning_hook import allow_result
from mlsteam.modes import DisabledTrack, Mode, ReadOnlyTrack
from mlsteam.notices import say
from mlsteam.settings import Settings, read_mode, read_settings
from mlsteam.track import Track, join
from mlsteam.transport import HttpTransport, Reply

# `init` stands between a person and the training; a server that answers at all answers sooner.
_INIT_TIMEOUT_S = 5.0
_DURABILITIES = ("normal", "sync")


def _is_trouble(reply: Reply) -> bool:
    """Say whether this is of a server that is not itself, or of a proxy, and may be otherwise in a while."""
    return reply.status >= 500 or reply.status in {408, 425, 429} or 300 <= reply.status < 400


def _create(transport: HttpTransport, creation: Creation, folder: Path) -> str:
    """Make the track and return its name; when the server is away, note that it is still to be made."""
    try:
        reply = create(transport.impatient(_INIT_TIMEOUT_S), creation)
        if _is_trouble(reply) or (reply.status < 300 and "track_id" not in reply.json()):
            raise APIConnectionError(f"The server answered {reply.status}, and not as a server of tracks does.")
    except APIConnectionError as error:
        note_creation(folder, creation)
        say(f"{error} The training goes on; its track is made and what it logs is sent when the server is back.")
        return creation.name
    if reply.json().get("error") == "project_not_found":
        raise APIStatusError(
            f"There is no project {creation.project!r}, or the token may not see it.",
            status=404,
            code=str(reply.json().get("error", "")),
        )
    return str(reading.expect(reply, "create a track").json().get("name", creation.name))


def _attach(transport: HttpTransport, track_id: str, folder: Path) -> str:
    """Return the name of a track that exists, as far as the server can be asked."""
    if (creation := read_creation(folder)) is not None:
        # Made by a training that could not reach the server; the sender makes it there first.
        return creation.name
    try:
        reply = transport.impatient(_INIT_TIMEOUT_S).request("GET", f"/api/v3/tracks/{quote(track_id, safe='')}")
    except APIConnectionError as error:
        say(f"{error} The training goes on; what it logs is sent when the server is back.")
        return track_id
    if _is_trouble(reply):
        return track_id
    return str(reading.expect(reply, "open the track").json().get("name", track_id))


def _open(settings: Settings, creation: Creation, *, is_offline: bool, **options: Any) -> Track:
    folder = settings.spool_dir / creation.track_id
    plain = HttpTransport(settings.backend, settings.token)
    if is_offline:
        if not settings.track_id:
            note_creation(folder, creation)
        name = creation.name or creation.track_id
    elif settings.track_id:
        name = _attach(plain, settings.track_id, folder)
    else:
        name = _create(plain, creation, folder)
    return Track(
        creation.track_id,
        name or creation.track_id,
        settings=settings,
        transport=CreatingTransport(plain, folder),
        is_offline=is_offline,
        **options,
    )


def init(
    project_name: str | None = None,
    api_token: str | None = None,
    debug: bool = False,
    track_id: str | None = None,
    *,
    name: str | None = None,
    tags: Iterable[str] | None = None,
    notes: str | None = None,
    mode: str | None = None,
    backend: str | None = None,
    finish_timeout: float = 60.0,
    spool_dir: str | os.PathLike[str] | None = None,
    capture_console: bool | None = None,
    capture_traceback: bool | None = None,
    capture_source: bool | None = None,
    capture_system: bool | None = None,
    durability: str = "normal",
) -> Track:
    """Create a track, or attach to the one that is named, and return it.

    `mode` is online; offline (all stays in the spool until `mlsteam sync`); read-only; or disabled (nothing happens).
    With `durability="sync"` a point survives a power cut when `log` has returned, and not half a second later.
    Everything is captured that `MLSTEAM_CAPTURE` (default `all`) or an argument does not switch off.
    Raises: SettingsError, APIStatusError; in read-only mode also APIConnectionError.
    """
    if durability not in _DURABILITIES:
        raise SettingsError(f"durability is one of {', '.join(_DURABILITIES)}, not {durability!r}.")
    chosen = Mode.of(read_mode(mode))
    if chosen is Mode.DISABLED:
        return DisabledTrack()
    settings = read_settings(
        api_token=api_token,
        backend=backend,
        project=project_name,
        track_id=track_id,
        spool_dir=spool_dir,
        is_offline=chosen is Mode.OFFLINE,
    )
    capture = read_wanted(
        settings.capture,
        console=capture_console,
        traceback=capture_traceback,
        source=capture_source,
        system=capture_system,
    )
    allow_result()
    if chosen is Mode.READ_ONLY:
        if not settings.track_id:
            raise SettingsError("Which track is to be read? Pass track_id or set MLSTEAM_TRACK_ID.")
        transport = HttpTransport(settings.backend, settings.token)
        reply = transport.request("GET", f"/api/v3/tracks/{quote(settings.track_id, safe='')}")
        found = reading.expect(reply, "open the track").json()
        found_id = str(found["track_id"])
        wrapped = CreatingTransport(transport, settings.spool_dir / found_id)
        return ReadOnlyTrack(found_id, str(found["name"]), settings.url_of(found_id), wrapped)
    number = workers.next_number()
    how: dict[str, Any] = {
        "finish_timeout": finish_timeout,
        "is_sync": durability == "sync",
        "is_offline": chosen is Mode.OFFLINE,
    }
    try:
        opened = workers.find(
            settings.spool_dir, number, project=settings.project, track_id=settings.track_id, name=name or ""
        )
    except workers.NoTrackError:
        say("this worker imports code that opens a track, and its parent's has ended: what it logs is not kept.")
        return DisabledTrack()
    if opened is not None:
        return join(opened.track_id, opened.name, settings, **how)
    if not settings.track_id and not settings.project:
        raise SettingsError("Which project? Pass project_name to mlsteam.init or set MLSTEAM_PROJECT.")
    creation = Creation(
        settings.project, settings.track_id or new_track_id(), name=name or "", tags=list(tags or ()), notes=notes or ""
    )
    track = _open(settings, creation, capture=capture, rank=ranks.rank() if settings.track_id else None, **how)
    asked = creation.project, creation.name
    workers.note(track.spool.folder, workers.Opened(track.id, track.name, *asked, number, os.getpid(), workers.ranks()))
    where = track.url if chosen is Mode.ONLINE else "offline, sent by `mlsteam sync`"
    say(f"track {track.name}: {where}" + (f" (spool {track.spool.folder})" if debug else ""))
    return track


def tracks(
    project_name: str | None = None,
    query: str | None = None,
    *,
    status: str | None = None,
    tag: str | None = None,
    sort: str = "-created",
    columns: Sequence[str] = (),
    limit: int = 1000,
    form: reading.Form | None = None,
    api_token: str | None = None,
    backend: str | None = None,
) -> Any:
    """Return the tracks of a project: a pandas DataFrame where pandas is installed, else a list of dicts.

    `query` is what the filter of the page takes: words of names and tags, and conditions such as `status:running
    p.lr=0.01 m.val/loss<0.3`. `columns` are parameters ("p.lr") and last values of metrics ("m.val/loss") to put beside
    each track. `sort` is a column, or several parted by commas, each with a minus for descending. `form` is "pandas",
    "polars" or "list". Raises: SettingsError, APIConnectionError, APIStatusError.
    """
    settings = read_settings(api_token=api_token, backend=backend, project=project_name)
    if not settings.project:
        raise SettingsError("Which project? Pass project_name or set MLSTEAM_PROJECT.")
    transport = HttpTransport(settings.backend, settings.token)
    found = list(
        reading.list_tracks(transport, settings.project, limit, columns, query=query, status=status, tag=tag, sort=sort)
    )
    return reading.as_table(found, form)
