"""XGBoost: a callback of `train` and of the other classes, `XGBClassifier(callbacks=[MLSteamCallback(track)])`."""

import contextlib
from typing import Any

from xgboost.callback import TrainingCallback

import mlsteam


class MLSteamCallback(TrainingCallback):  # type: ignore[misc]  # the framework is not installed where types are checked
    """Logs the metrics of each evaluation set as `<set>/<metric>`, with the round as step."""

    def __init__(self, track: mlsteam.Track) -> None:
        super().__init__()
        self._track = track

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Add a point to each metric; never ends the training."""
        values: dict[str, float] = {}
        for name, of_set in evals_log.items():
            for metric, scores in of_set.items():
                # Of a cross-validation: mean and deviation.
                last = scores[-1]
                values[f"{name}/{metric}"] = float(last[0] if isinstance(last, tuple) else last)
        self._track.log(values, step=epoch)
        return False

    def after_training(self, model: Any) -> Any:
        """Set the best round, where early stopping has found one."""
        # A model without early stopping, or that of a cross-validation, has none of them and raises either.
        with contextlib.suppress(AttributeError, TypeError):
            for name in ("best_iteration", "best_score"):
                self._track[f"parameters/{name}"] = getattr(model, name)
        return model
