"""`mlsteam import-tensorboard`: event files to series and files, with their times and steps.

Called by main.py. Guarantees that what is not imported is counted and named.
"""

import re
from collections import Counter
from pathlib import Path

import click

import mlsteam
from mlsteam.cli.output import json_option, progress, write_json
from mlsteam.errors import TrackError
from mlsteam.eventfiles import Found, events
from mlsteam.track import Track

_BAD = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_IMAGES = {b"\x89PNG": ("png", "image/png"), b"\xff\xd8": ("jpg", "image/jpeg"), b"GIF8": ("gif", "image/gif")}


def key_of(folder: str, tag: str) -> str:
    """Make a key of a run's folder and a tag; segments that a key cannot hold are left out."""
    parts = [part for part in _BAD.sub("_", f"{folder}/{tag}").split("/") if part not in {"", ".", ".."}]
    return "/".join(parts) or "untitled"


def _log(track: Track, folder: str, found: Found) -> str:
    """Log one value and say what it was; "" when it is of a kind that is not imported."""
    handle = track[key_of(folder, found.tag)]
    if found.number is not None:
        handle.log(found.number, found.step, found.time)
        return "points"
    if found.rows:
        edges = [found.rows[0][0], *(right for _, right, _ in found.rows)]
        handle.log(mlsteam.Histogram([count for _, _, count in found.rows], edges), found.step, found.time)
        return "histograms"
    if found.plugin == "text":
        for text in found.texts:
            handle.log(text.decode(errors="replace"), found.step, found.time)
        return "texts"
    if found.plugin == "images":
        # The first two texts of the newer form are width and height.
        drawn = [one for one in found.texts if any(one.startswith(magic) for magic in _IMAGES)]
        for place, image in enumerate(drawn):
            suffix, content_type = next(kind for magic, kind in _IMAGES.items() if image.startswith(magic))
            name = f"{found.step:08d}" + (f"-{place}" if len(drawn) > 1 else "")
            handle[f"{name}.{suffix}"].upload(image, content_type)
        return "images" if drawn else ""
    return ""


@click.command("import-tensorboard")
@click.argument("logdir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--project", help="Where the track is made (MLSTEAM_PROJECT).")
@click.option("--track", help="Add to this track instead of making one.")
@click.option("--name", help="The name of a new track; default: the name of the folder.")
@json_option
def import_tensorboard(logdir: Path, project: str | None, track: str | None, name: str | None, as_json: bool) -> int:
    """Bring the event files below LOGDIR into one track; folders of runs become folders of keys."""
    files = sorted(path for path in logdir.rglob("*tfevents*") if path.is_file())
    if not files:
        raise click.ClickException(f"There are no event files below {logdir}.")
    done: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    with (
        mlsteam.init(
            project,
            track_id=track,
            name=name or logdir.resolve().name,
            # It is another training that is told of.
            capture_console=False,
            capture_traceback=False,
            capture_source=False,
            capture_system=False,
        ) as opened,
        progress() as bar,
    ):
        for path in bar.track(files, description="importing"):
            folder = path.parent.relative_to(logdir).as_posix()
            for found in events(path):
                try:
                    kind = _log(opened, folder, found)
                except TrackError as error:
                    kind, skipped[str(error)] = "skipped", skipped[str(error)] + 1
                if kind and kind != "skipped":
                    done[kind] += 1
                elif not kind:
                    skipped[found.plugin or "unknown"] += 1
        is_sent = opened.wait(600)
    answer = {"track_id": opened.id, "imported": dict(done), "skipped": dict(skipped), "is_sent": is_sent}
    if as_json:
        write_json(answer)
    else:
        for what, counted in (("imported", done), ("skipped", skipped)):
            if counted:
                click.echo(f"{what}: " + ", ".join(f"{count} {kind}" for kind, count in counted.items()))
    return 0 if is_sent else 1
