"""What readers of track-api ask, as paths; and in which forms this server can answer.

Used by the sections that read.
"""

from urllib.parse import urlencode

from harness.bodies import key_name
from harness.driver import BenchFailed
from harness.http import Answer, Caller

_COMPACT = "application/vnd.mlsteam.series+msgpack"
_JSON = "application/json"
KEY = key_name(0)


def series(track: str, *, start: float | None = None, stop: float | None = None, key: str = KEY) -> str:
    """Return the path of a series in a thousand buckets, whole or a window of its steps."""
    asked: dict[str, object] = {"key": key, "buckets": 1000}
    if start is not None:
        asked |= {"from": start, "to": stop}
    return f"/api/v3/tracks/{track}/series?{urlencode(asked)}"


def ask(caller: Caller, path: str, *, accept: str = _JSON, status: int = 200, **options: object) -> Answer:
    """Call and return the answer. Raises: BenchFailed when it has another status."""
    answer = caller.call(path, accept=accept, **options)  # type: ignore[arg-type]
    if answer.status != status:
        raise BenchFailed(f"{path} was answered {answer.status}: {answer.body[:300]!r}")
    return answer


def forms(caller: Caller, track: str) -> dict[str, str]:
    """Return the media types in which series are answered, by a short name; the compact one first where it exists."""
    answer = ask(caller, series(track), accept=_COMPACT)
    offered = {"msgpack": _COMPACT} if answer.headers.get("content-type", "").startswith(_COMPACT) else {}
    return offered | {"JSON": _JSON}


def check_series(caller: Caller, path: str, *, stored: int, drawn: int) -> None:
    """Compare the counts of an answer with what was logged. Raises: BenchFailed."""
    found = ask(caller, path).json()["series"]
    if [(one["n_stored"], one["n_drawn"]) for one in found] != [(stored, drawn)]:
        raise BenchFailed(f"{path} does not show {drawn:,} of {stored:,} points: {str(found)[:300]}")
