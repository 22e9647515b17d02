"""TensorBoard's `SummaryWriter` as a front of a track, for code that has one: change the import, keep the calls.

Used by training code. Imports nothing of TensorBoard or PyTorch. Guarantees that what is no longer asked for at the
call (`close`, `flush`) waits for nothing but the server's commit.
"""

import sys
from collections.abc import Mapping
from typing import Any

import mlsteam


class SummaryWriter:
    """Takes the calls of `torch.utils.tensorboard.SummaryWriter`; a folder (`log_dir`) is not needed."""

    def __init__(self, log_dir: Any = None, *_: Any, track: mlsteam.Track | None = None, **__: Any) -> None:
        """Write into a track, or into one that `mlsteam.init()` makes."""
        self.log_dir = log_dir
        self._is_own = track is None
        self._track = mlsteam.init() if track is None else track

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """Add a point."""
        self._track[tag].log(scalar_value, step=global_step, timestamp=walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add a point to each key below a folder."""
        self._track.log({main_tag: dict(tag_scalar_dict)}, step=global_step, timestamp=walltime)

    def add_text(
        self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Add a text to a series."""
        self._track[tag].log(text_string, step=global_step, timestamp=walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Add an image; `dataformats` says where channels, height and width are."""
        order = ["HWC".index(letter) for letter in dataformats.upper()]
        array = _numpy(img_tensor)
        if len(order) == 3:
            array = array.transpose([order.index(place) for place in range(3)])
        self._track[tag].log(array, step=global_step, timestamp=walltime)

    def add_figure(
        self, tag: str, figure: Any, global_step: int | None = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """Add a matplotlib figure, or several; they are closed after it, as PyTorch's writer does."""
        figures = figure if isinstance(figure, list) else [figure]
        for place, one in enumerate(figures):
            key = tag if len(figures) == 1 else f"{tag}/{place}"
            self._track[key].log(one, step=global_step, timestamp=walltime)
            if close:
                _close_figure(one)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = 64,
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Add a histogram; names of rules for bins ("tensorflow", "auto") become 64 bins of equal width."""
        count = bins if isinstance(bins, int) else 64
        histogram = mlsteam.Histogram.of(values, min(count, max_bins or count))
        self._track[tag].log(histogram, step=global_step, timestamp=walltime)

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        hparam_domain_discrete: Any = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Set the parameters, and add a point to each metric."""
        self._track["parameters"] = {
            name: value if isinstance(value, bool | int | float | str) else str(value)
            for name, value in hparam_dict.items()
        }
        self._track.log(dict(metric_dict), step=global_step)

    def flush(self) -> None:
        """Wait, at most ten seconds, until the server has all."""
        self._track.flush(10.0)

    def close(self) -> None:
        """End the track, if this writer made it."""
        if self._is_own:
            self._track.stop()

    def __enter__(self) -> "SummaryWriter":  # noqa: PYI034  # Self came with Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _numpy(values: Any) -> Any:
    detach = getattr(values, "detach", None)
    return detach().cpu().numpy() if detach else values


def _close_figure(figure: Any) -> None:
    # Only what is imported can have made the figure.
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
