"""TensorBoard's `SummaryWriter` as a front of a track, for code that has one: change the import, keep the calls.

Used by training code. Imports nothing of TensorBoard or PyTorch. Guarantees that what is no longer asked for at the
call (`close`, `flush`) waits for nothing but the server's commit.
"""

import sys
import time
from collections.abc import Mapping
from typing import Any

import mlsteam
from mlsteam.integrations import tensorboard_media as media
from mlsteam.media import entry_name


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
        array = media.as_order(media.as_numpy(img_tensor), dataformats.upper(), "HWC")
        self._track[tag].log(array, step=global_step, timestamp=walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Add many images as one, eight in a row."""
        array = media.as_order(media.as_numpy(img_tensor), dataformats.upper(), "NHWC")
        self._track[tag].log(media.grid(array), step=global_step, timestamp=walltime)

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: int | None = None,
        fps: float = 4,
        walltime: float | None = None,
    ) -> None:
        """Add videos, of shape NTCHW, as one GIF."""
        self._upload(tag, global_step, walltime, "gif", media.gif(vid_tensor, fps))

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Add a sound, of samples from -1 to 1, as a WAV file."""
        self._upload(tag, global_step, walltime, "wav", media.wav(snd_tensor, sample_rate))

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add precision and recall at each threshold, as a table."""
        table = media.precision_recall(labels, predictions, num_thresholds, weights)
        self._upload(tag, global_step, walltime, "csv", table)

    def add_pr_curve_raw(
        self,
        tag: str,
        true_positive_counts: Any,
        false_positive_counts: Any,
        true_negative_counts: Any,
        false_negative_counts: Any,
        precision: Any,
        recall: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add the same of counts; precision and recall follow from those."""
        counts = (true_positive_counts, false_positive_counts, true_negative_counts, false_negative_counts)
        columns = [media.as_numpy(one).ravel().tolist() for one in counts]
        places = [place / max(len(columns[0]) - 1, 1) for place in range(len(columns[0]))]
        self._upload(tag, global_step, walltime, "csv", media.precision_recall_of(zip(places, *columns, strict=True)))

    def add_embedding(
        self,
        mat: Any,
        metadata: Any = None,
        label_img: Any = None,
        global_step: int | None = None,
        tag: str = "default",
        metadata_header: Any = None,
    ) -> None:
        """Add vectors with their labels as a table, and their images as one."""
        self._upload(tag, global_step, None, "csv", media.embedding(mat, metadata, metadata_header))
        if label_img is not None:
            self.add_images(f"{tag}/images", label_img, global_step)

    def add_graph(self, model: Any, *_: Any, **__: Any) -> None:
        """Keep the modules of a model as a text."""
        self._track[f"graph/{type(model).__name__}.txt"].upload(str(model).encode(), content_type="text/plain")

    def add_onnx_graph(self, prototxt: Any) -> None:
        """Keep an ONNX file."""
        self._track["graph/model.onnx"].upload(prototxt)

    def add_custom_scalars(self, *_: Any, **__: Any) -> None:
        """Do nothing: the page puts any keys on one chart."""

    add_custom_scalars_multilinechart = add_custom_scalars_marginchart = add_custom_scalars

    def get_logdir(self) -> Any:
        """Return the `log_dir` that was given."""
        return self.log_dir

    def _upload(self, tag: str, step: int | None, walltime: float | None, suffix: str, content: bytes) -> None:
        at = time.time() if walltime is None else walltime
        self._track[f"{tag}/{entry_name(None if step is None else float(step), at)}.{suffix}"].upload(content)

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


def _close_figure(figure: Any) -> None:
    # Only what is imported can have made the figure.
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
