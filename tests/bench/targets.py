"""What each figure should be on a machine of two cores that everything shares, load generator and database included.

Drawn from what prototypes reached, with headroom; a figure whose target is missed is a finding, not a failed run.
"""

from harness.report import Target, at_least, at_most

# Points a second until committed, by load.
INGEST_RATE: dict[str, Target] = {
    "i": at_least(8.0e6),
    "ii": at_least(0.5e6),
    "iii": at_least(6.0e6),
    "v": at_least(0.5e6),
}
# Milliseconds from when a batch was due until it was committed, at one batch a second from each of 500 clients.
ACK_P50_MS, ACK_P99_MS = at_most(5.0), at_most(30.0)
LOG_NS, LOOKED_UP_NS, ROW_NS, LOG_P999_NS = at_most(1000.0), at_most(1500.0), at_most(200.0), at_most(50_000.0)
IMPORT_MS, START_MS = at_most(80.0), at_most(300.0)
# Of a core, and MiB of an outage, both at 10,000 points a second.
SENDER_PERCENT, OUTAGE_MIB = at_most(3.0), at_most(64.0)
# Of twenty published clients, each at the most it sends; its thread looks about once a second, also at the end.
PUBLISHED_RATE, PUBLISHED_S = at_least(60_000 * 0.98), at_most(5.0)
# Bytes a point on disk, everything counted.
SIZE_FLOAT32, SIZE_FLOAT64, SIZE_WIDE = at_most(7.0), at_most(11.0), at_most(9.0)
# Milliseconds of a read over HTTP.
READ_MS: dict[str, Target] = {
    "1M": at_most(5.0),
    "long": at_most(20.0),
    "200x50k": at_most(60.0),
    "tree": at_most(20.0),
    "304": at_most(3.0),
}
# TensorBoard: milliseconds until it answers, with a fork and without, and proportional memory in MiB.
TB_COLD_MS, TB_WARM_MS = at_most(80.0), at_most(15.0)
TB_COLD_SERIES_MS, TB_WARM_SERIES_MS = at_most(200.0), at_most(60.0)
TB_OVERHEAD_MS = at_most(3.0)
TB_CHILD_MIB, TB_ALL_MIB = at_most(20.0), at_most(1024.0)
# The batch log of the last third of a run against the third before it; more is growth, less is noise.
BACKLOG_GROWTH = at_most(1.2)
# Milliseconds of a chart whose points have to be read from the disk.
COLD_MS = at_most(50.0)
# Milliseconds from an action in a page to its picture.
PAGE_MS = at_most(200.0)
# Bytes of a point after much was deleted and as much written again, against those before.
REUSED = at_most(1.2)


def paced(rate: float) -> Target:
    """Return the target of a paced load: it was really sent."""
    return at_least(0.95 * rate)
