"""`mlsteam stop`: end the job or pipeline run of tracks.

Called by main.py. Guarantees that exit code 0 means: each of them has ended, or with --no-wait was asked to.
"""

import time
from typing import Any

import click
import msgspec

from mlsteam.cli.account import connect
from mlsteam.cli.output import json_option, write_json
from mlsteam.cli.reading import find_track_id
from mlsteam.creation import JSON
from mlsteam.reading import expect, read_json

_ENDED = {"succeeded", "failed", "stopped", "lost"}
_PROBLEMS = {
    "track_not_found": "there is no such track, or you may not see it",
    "track_deleted": "the track was deleted",
    "missing_right": "you may not stop it",
    "job_not_found": "no job belongs to it: only the training itself can end it",
}


@click.command()
@click.argument("tracks", nargs=-1, required=True)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until they have ended.")
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait.")
@json_option
def stop(tracks: tuple[str, ...], wait: bool, timeout: float, as_json: bool) -> int:
    """Stop the jobs or pipeline runs of TRACKS, given by id or name; harmless for those that have ended."""
    transport = connect()
    track_ids = [find_track_id(transport, track) for track in tracks]
    body = msgspec.json.encode({"track_ids": track_ids})
    asked = expect(transport.request("POST", "/api/v3/tracks/stop", body, JSON), "stop them").json()["items"]
    deadline = time.monotonic() + timeout
    shown = []
    for item in asked:
        job: dict[str, Any] = {"track_id": item["track_id"], "state": item["state"], "problem": item["problem"]}
        while not item["problem"]:
            now = read_json(transport, f"/api/v3/tracks/{item['track_id']}/job", "look at the job")
            job |= {"state": now["state"], "cause": now["cause"]}
            if not wait or now["state"] in _ENDED or time.monotonic() > deadline:
                break
            time.sleep(0.3)
        shown.append(job)
    if as_json:
        write_json(shown)
    for name, job in () if as_json else zip(tracks, shown, strict=False):
        problem = _PROBLEMS.get(job["problem"], job["problem"])
        click.echo(f"{name}: {problem or job['state'] + ' (' + job['cause'] + ')'}", err=bool(problem))
    is_done = all(not job["problem"] and (job["state"] in _ENDED or not wait) for job in shown)
    return 0 if is_done else 1
