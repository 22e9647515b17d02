"""LightGBM: a callback of `train`, `cv` and of the scikit-learn classes, `callbacks=[MLSteamCallback(track)]`.

LightGBM's callbacks are plain callables, so this file imports nothing of it.
"""

from typing import Any

import mlsteam


class MLSteamCallback:
    """Logs the metrics of each evaluation set as `<set>/<metric>`, with the round as step, and the parameters."""

    # Before early stopping (30), which ends the round with an exception.
    order = 20
    before_iteration = False

    def __init__(self, track: mlsteam.Track) -> None:
        self._track = track

    def __call__(self, env: Any) -> None:
        """Add a point to each metric of a round."""
        if env.iteration == env.begin_iteration and env.params:
            self._track["parameters/lightgbm"] = {
                name: value if isinstance(value, bool | int | float | str) else str(value)
                for name, value in env.params.items()
                if value is not None
            }
        values = {
            f"{found[0]}/{found[1]}".replace(" ", "/"): float(found[2]) for found in env.evaluation_result_list or ()
        }
        self._track.log(values, step=env.iteration)
