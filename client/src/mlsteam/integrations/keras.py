"""Keras: the callback of the published client, with its keys. Also importable as `mlsteam.keras.MLSteamCallback`.

Used by training code: `model.fit(..., callbacks=[MLSteamCallback(track)])`.
"""

import importlib.util
from typing import Any

import mlsteam

if importlib.util.find_spec("keras") is not None:
    from keras.callbacks import Callback
else:
    from tensorflow.keras.callbacks import Callback


class MLSteamCallback(Callback):  # type: ignore[misc]  # the framework is not installed where types are checked
    """Logs `train/batch/..`, `train/epoch/..`, `test/batch/..` and `test/epoch/..`.

    The results of validation during `fit` are those under `test/`, as Keras evaluates with the same hooks.
    """

    def __init__(self, track: mlsteam.Track) -> None:
        super().__init__()
        self._track = track
        self._batches = {"train": 0, "test": 0}
        self._epoch: int | None = None

    def _log(self, folder: str, logs: dict[str, Any] | None, step: int | None) -> None:
        values = {name: value for name, value in (logs or {}).items() if not name.startswith("val_")}
        self._track.log(
            {f"{folder}/{name}": value for name, value in values.items() if name not in {"batch", "size"}}, step
        )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember the epoch: validation belongs to it."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add a point for a batch; steps go on over epochs."""
        self._log("train/batch", logs, self._batches["train"])
        self._batches["train"] += 1

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add a point for an epoch."""
        self._log("train/epoch", logs, epoch)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add a point for a batch of an evaluation."""
        self._log("test/batch", logs, self._batches["test"])
        self._batches["test"] += 1

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Add a point for an evaluation."""
        self._log("test/epoch", logs, self._epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """An evaluation after the training belongs to no epoch."""
        self._epoch = None
