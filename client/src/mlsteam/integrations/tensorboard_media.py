"""What `SummaryWriter` takes beside numbers, as files that a browser shows: grids of images, GIF, WAV, tables.

Used by tensorboard.py. Imports numpy, which whoever logs tensors has, and Pillow for GIFs.
"""

import csv
import importlib
import io
import math
import wave
from collections.abc import Iterable, Sequence
from typing import Any

from mlsteam.errors import BadValueError, SettingsError

_GRID_COLUMNS = 8


def as_numpy(values: Any) -> Any:
    """Return an array for a tensor, an array, or nested lists."""
    detach = getattr(values, "detach", None)
    tensor = detach().cpu() if detach else values
    # NumPy has no bfloat16.
    tensor = tensor.float() if detach and tensor.is_floating_point() else tensor
    return importlib.import_module("numpy").asarray(tensor)


def as_bytes(pixels: Any) -> Any:
    """Return pixels as bytes: floats are from 0 to 1, integers from 0 to 255."""
    numpy = importlib.import_module("numpy")
    scaled = pixels * 255 if pixels.dtype.kind == "f" else pixels
    return numpy.clip(scaled, 0, 255).astype(numpy.uint8)


def as_order(array: Any, given: str, wanted: str) -> Any:
    """Return an array with its axes in another order; an axis that it does not have is of length 1."""
    if sorted(given) != sorted(set(given)) or len(given) != array.ndim or not set(given) <= set(wanted):
        raise BadValueError(f"{given!r} does not name the {array.ndim} axes of an image; they are some of {wanted!r}.")
    missing = [name for name in wanted if name not in given]
    array = array.reshape(array.shape + (1,) * len(missing))
    return array.transpose([(given + "".join(missing)).index(name) for name in wanted])


def grid(images: Any, columns: int = _GRID_COLUMNS) -> Any:
    """Return one image HWC of many, NHWC, from left to right and from above."""
    numpy = importlib.import_module("numpy")
    count, height, width, channels = images.shape
    columns = max(min(columns, count), 1)
    rows = math.ceil(count / columns)
    empty = numpy.zeros((rows * columns - count, height, width, channels), images.dtype)
    cells = numpy.concatenate([images, empty]).reshape(rows, columns, height, width, channels)
    return cells.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def gif(videos: Any, fps: float) -> bytes:
    """Return videos NTCHW, side by side, as one GIF. Raises: SettingsError without Pillow."""
    try:
        pillow = importlib.import_module("PIL.Image")
    except ImportError as error:
        raise SettingsError("Videos need Pillow: pip install pillow.") from error
    pixels = as_bytes(as_order(as_numpy(videos), "NTCHW", "TNHWC"))
    frames = [grid(frame) for frame in pixels]
    pictures = [pillow.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame[..., :3]) for frame in frames]
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=max(1000 / fps, 20), loop=0)
    return file.getvalue()


def wav(sound: Any, sample_rate: int) -> bytes:
    """Return samples from -1 to 1 as a WAV file of 16 bits."""
    numpy = importlib.import_module("numpy")
    samples = numpy.clip(as_numpy(sound).squeeze(), -1, 1)
    if samples.ndim > 1:
        raise BadValueError(f"A sound has one channel, not the shape {samples.shape}.")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


def precision_recall(labels: Any, predictions: Any, thresholds: int, weights: Any = None) -> bytes:
    """Return a table with a row for each threshold, as CSV."""
    numpy = importlib.import_module("numpy")
    is_true, guesses = as_numpy(labels).ravel().astype(bool), as_numpy(predictions).ravel()
    weight = numpy.ones(len(guesses)) if weights is None else as_numpy(weights).ravel()
    rows = []
    for threshold in numpy.linspace(0, 1, thresholds).tolist():
        is_guessed = guesses >= threshold
        hits = float(weight[is_true & is_guessed].sum())
        false_hits = float(weight[~is_true & is_guessed].sum())
        missed = float(weight[is_true & ~is_guessed].sum())
        right = float(weight[~is_true & ~is_guessed].sum())
        rows.append([threshold, hits, false_hits, right, missed])
    return precision_recall_of(rows)


def precision_recall_of(rows: Iterable[Sequence[float]]) -> bytes:
    """Return the same of counts: threshold, true and false positives, true and false negatives."""
    head = ["threshold", "precision", "recall", "true_positives", "false_positives"]
    lines = []
    for threshold, hits, false_hits, right, missed in rows:
        precision = hits / (hits + false_hits) if hits + false_hits else 1.0
        recall = hits / (hits + missed) if hits + missed else 0.0
        lines.append([threshold, precision, recall, hits, false_hits, right, missed])
    return table([*head, "true_negatives", "false_negatives"], lines)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as CSV."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return file.getvalue().encode()


def embedding(matrix: Any, metadata: Sequence[Any] | None, names: Sequence[str] | None) -> bytes:
    """Return vectors with what is known of each, as CSV."""
    vectors = as_numpy(matrix)
    known = [list(one) if isinstance(one, list | tuple) else [one] for one in metadata or [[]] * len(vectors)]
    if len(known) != len(vectors):
        raise BadValueError(f"{len(vectors)} vectors have as many metadata, not {len(known)}.")
    names = list(names or [f"label{place}" if place else "label" for place in range(len(known[0]) if known else 0)])
    head = [*names, *(f"x{place}" for place in range(vectors.shape[1]))]
    return table(head, ([*one, *vector] for one, vector in zip(known, vectors.tolist(), strict=True)))
