"""A console line to a record. Called by console.py, streams.py and, after a crash, tee.py."""

from mlsteam.records import Kind, Record
from mlsteam.spool import Spool


def keep_line(spool: Spool, stream: str, line: str, at: float) -> None:
    """Put one line of a stream into the spool; nothing happens after the end of the track."""
    if not spool.is_closed:
        spool.append_entry(Record(Kind.CONSOLE, stream, at, 0.0, 0, line))
