"""PyTorch Lightning: a logger. Used by training code: `Trainer(logger=MLSteamLogger(track))`.

Guarantees that only the process of rank zero logs, and that a track which the logger was given is not ended by it.
"""

import importlib.util
from argparse import Namespace
from typing import Any

import mlsteam

# The same library under its two names; classes of one are not known to the other.
if importlib.util.find_spec("lightning") is not None:
    from lightning.pytorch.loggers.logger import Logger, rank_zero_experiment
    from lightning.pytorch.utilities.rank_zero import rank_zero_only
else:
    from pytorch_lightning.loggers.logger import Logger, rank_zero_experiment
    from pytorch_lightning.utilities.rank_zero import rank_zero_only


class MLSteamLogger(Logger):  # type: ignore[misc]  # the framework is not installed where types are checked
    """Logs what `self.log` of a LightningModule is given, and its hyperparameters under `parameters/`."""

    def __init__(self, track: mlsteam.Track | None = None, *, prefix: str = "", **init_arguments: Any) -> None:
        """Log into a track, or into one that `mlsteam.init(**init_arguments)` makes when it is first needed."""
        super().__init__()
        self._track, self._prefix, self._init_arguments = track, prefix, init_arguments
        self._is_own = track is None

    @property
    @rank_zero_experiment  # type: ignore[untyped-decorator]  # as above
    def experiment(self) -> mlsteam.Track:
        """The track."""
        if self._track is None:
            self._track = mlsteam.init(**self._init_arguments)
        return self._track

    @property
    def name(self) -> str:
        """The name of the track, once there is one."""
        return self._track.name if self._track else "mlsteam"

    @property
    def version(self) -> str | None:
        """The id of the track, once there is one."""
        return self._track.id if self._track else None

    @rank_zero_only  # type: ignore[untyped-decorator]  # as above
    def log_hyperparams(self, params: dict[str, Any] | Namespace, *_: Any, **__: Any) -> None:
        """Set the parameters; what is no plain value is kept as text."""
        values = vars(params) if isinstance(params, Namespace) else params
        self.experiment["parameters"] = _plain(dict(values))

    @rank_zero_only  # type: ignore[untyped-decorator]  # as above
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Add a point to each metric."""
        self.experiment.log({self._prefix + key: value for key, value in metrics.items()}, step=step)

    @rank_zero_only  # type: ignore[untyped-decorator]  # as above
    def finalize(self, status: str) -> None:
        """End the track that this logger made; Lightning may still log after `fit`, so a success ends it at exit."""
        if self._track is not None and self._is_own and status != "success":
            self._track.stop("failed")

    def __getstate__(self) -> dict[str, Any]:
        # Spawned workers get a copy; a track stays in its process, and theirs attach to it.
        state = self.__dict__ | {"_track": None}
        if self._track is not None:
            state["_init_arguments"] = self._init_arguments | {"track_id": self._track.id}
        return state


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            plain |= {f"{name}/{below}": leaf for below, leaf in _plain(value).items()}
        else:
            plain[str(name)] = value if isinstance(value, bool | int | float | str) else str(value)
    return plain
