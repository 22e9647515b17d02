"""Hugging Face Transformers: a callback, `Trainer(callbacks=[MLSteamCallback(track)])`.

Guarantees that only the process of rank zero logs.
"""

from typing import Any

from transformers import TrainerCallback

import mlsteam

# The rest of Trainer's names begins with `train_` or has no prefix; all of it is the training's.
_FOLDERS = {"eval_": "eval/", "test_": "test/", "train_": "train/"}


def _key(name: str) -> str:
    for prefix, folder in _FOLDERS.items():
        if name.startswith(prefix):
            return folder + name.removeprefix(prefix)
    return f"train/{name}"


class MLSteamCallback(TrainerCallback):  # type: ignore[misc]  # the framework is not installed where types are checked
    """Logs what Trainer logs, and its arguments and the model's configuration under `parameters/`."""

    def __init__(self, track: mlsteam.Track) -> None:
        self._track = track

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Set the parameters."""
        if not state.is_world_process_zero:
            return
        self._track["parameters/trainer"] = _plain(args.to_sanitized_dict())
        config = getattr(model, "config", None)
        if config is not None:
            self._track["parameters/model"] = _plain(config.to_dict())

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Add a point to each number."""
        if state.is_world_process_zero and logs:
            numbers = {_key(name): value for name, value in logs.items() if isinstance(value, int | float)}
            self._track.log(numbers, step=state.global_step)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        str(name): value if isinstance(value, bool | int | float | str) else str(value)[:1000]
        for name, value in values.items()
        if value is not None
    }
