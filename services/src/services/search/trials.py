"""From the jobs of a search and what their tracks hold to trials.

Called by the keeper and by readers. Guarantees that nothing is remembered that a job's row or its series do not say.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np

from services.core.values import ValueType
from services.jobs.model import Job
from services.jobs.store import find_steps
from services.search.model import PRUNED, Curve, Search, Trial, trial_of
from services.series.column import Column
from services.series.source import Source, SourceCache, load_sources
from services.series.window import Axis
from services.storage.database import ReadSession

# Steps are compared as they are up to here, beyond by their first eight binary digits (less than a hundredth off): so
# that a curve of a million points is some two thousand, the same ones for each trial.
_EXACT_BITS = 8


async def read_trials(
    session: ReadSession, cache: SourceCache, search: Search, jobs: Sequence[Job], *, has_curves: bool
) -> list[Trial]:
    """Return the trials of a search in the order of its jobs, with their curves if a pruner wants them."""
    objective = search.plan.objective
    pruned = await find_steps(session, search.submission_id, PRUNED)
    sources = await load_sources(session, cache, {job.track_id: (objective,) for job in jobs})
    held: Mapping[UUID, Source] = {source.track_id: source for source in sources}
    trials = []
    for job in jobs:
        source, cause = held.get(job.track_id), pruned[job.job_id].cause if job.job_id in pruned else None
        value = _last(source) if source is not None else None
        curve = curve_of(source) if source is not None and has_curves else Curve()
        trials.append(trial_of(job, value, curve, objective, cause))
    return trials


def _last(source: Source) -> float | None:
    value = source.last[0]
    return None if isinstance(value, str) else float(value)


def curve_of(source: Source) -> Curve:
    """Return a series in order of its steps, or of its points where it has none; of too long ones nothing."""
    if source.type is ValueType.STR or not isinstance(source.settled, Column | None):
        return Curve()
    column = source.settled if source.recent is None else source.recent if source.settled is None else source.joined()
    if column is None:
        return Curve()
    ordered = column.ordered(Axis.STEP, 0)
    is_step = (ordered.x >= 0) & (ordered.x < 2**53)
    steps = ordered.x[is_step].astype(np.int64)
    times = (column.times if ordered.chosen is None else column.times[ordered.chosen])[is_step]
    bits = np.frexp(np.maximum(steps, 1).astype(np.float64))[1]
    coarse = np.maximum(bits - _EXACT_BITS, 0)
    places, first = np.unique((steps >> coarse) << coarse, return_index=True)
    return Curve(places.tolist(), ordered.numbers[is_step][first].tolist(), times[first].tolist())
