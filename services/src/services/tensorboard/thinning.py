"""Few points of many, so that a line drawn of them looks like all.

Called by scalars.py, logdir.py and, in tb-proxy's children, by board/: nothing but numpy is loaded with it.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def thin_out(values: NDArray[np.float64], limit: int) -> NDArray[np.intp]:
    """Return which points to keep of many: the smallest and the largest of each stretch, the first and the last."""
    if len(values) <= limit:
        return np.arange(len(values))
    if limit < 4:
        return np.array([len(values) - 1], dtype=np.intp)
    edges = np.linspace(0, len(values), (limit - 2) // 2 + 1).astype(np.intp)
    # NaN would win every comparison; it is kept only where nothing else is.
    low, high = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
    kept = [0, len(values) - 1]
    for start, stop in pairwise(edges.tolist()):
        kept += [start + int(np.argmin(low[start:stop])), start + int(np.argmax(high[start:stop]))]
    return np.unique(np.array(kept, dtype=np.intp))
