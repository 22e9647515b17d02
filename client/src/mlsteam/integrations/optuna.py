"""Optuna: a callback of `study.optimize(objective, callbacks=[MLSteamCallback(track)])`.

Optuna's callbacks are plain callables, so this file imports nothing of it. May be called from several threads.
"""

from typing import Any

import mlsteam


class MLSteamCallback:
    """Logs value, parameters and duration of each trial under `trials/`, and the best one under `best/`."""

    def __init__(self, track: mlsteam.Track, key: str = "") -> None:
        self._track, self._folder = track, f"{key}/" if key else ""

    def __call__(self, study: Any, trial: Any) -> None:
        """Add a finished trial, with its number as step."""
        number, trials = trial.number, f"{self._folder}trials"
        values = trial.values or []
        names = ["value"] if len(values) == 1 else [f"value_{place}" for place in range(len(values))]
        points: dict[str, Any] = {f"{trials}/{name}": float(value) for name, value in zip(names, values, strict=True)}
        points |= {f"{trials}/parameters/{name}": _plain(value) for name, value in trial.params.items()}
        points[f"{trials}/state"] = trial.state.name
        if trial.duration is not None:
            points[f"{trials}/duration_s"] = trial.duration.total_seconds()
        self._track.log(points, step=number)
        if len(study.directions) == 1 and values and study.best_trial.number == number:
            best = {"trial": number, "value": float(values[0])}
            parameters = {name: _plain(value) for name, value in trial.params.items()}
            self._track[f"{self._folder}best"] = best | {"parameters": parameters}


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)
