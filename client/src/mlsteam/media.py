"""Images, figures, tables and histograms to the bytes of a file that the page shows.

Called by handles.py, for values that are no plain ones. Imports none of the libraries whose objects it takes: who logs
an object of a library has imported it.

An entry of such a series is a file `<key>/<step>.<suffix>`, the step with eight digits: the folder then lists them in
order, the suffix says which preview the page opens, and each can be linked and downloaded by itself. Without a step
the name is the time, so that nothing is overwritten when a training is resumed.
"""

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from mlsteam.errors import BadValueError

MAX_PIXELS = 100_000_000
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


@dataclass(frozen=True)
class Rendered:
    """The file that stands for a value."""

    content: bytes
    suffix: str
    content_type: str


class Histogram:
    """Counts between edges; there is one edge more than there are counts. Raises: BadValueError."""

    def __init__(self, counts: Iterable[float], edges: Iterable[float]) -> None:
        self.counts, self.edges = [float(count) for count in counts], [float(edge) for edge in edges]
        if len(self.edges) != len(self.counts) + 1:
            raise BadValueError(
                f"A histogram of {len(self.counts)} counts has {len(self.counts) + 1} edges, not {len(self.edges)}."
            )

    @classmethod
    def of(cls, values: Any, bins: int = 64) -> "Histogram":
        """Count values, an array or tensor of any shape, in bins of equal width; NaN and infinities are left out."""
        if bins < 1:
            raise BadValueError("A histogram has at least one bin.")
        array = _as_array(values)
        flat = array.ravel().tolist() if array is not None else list(values)
        numbers = [float(number) for number in flat]
        finite = [number for number in numbers if number - number == 0.0]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        if low == high:
            low, high = low - 0.5, high + 0.5
        width = (high - low) / bins
        counts = [0] * bins
        for number in finite:
            counts[min(int((number - low) / width), bins - 1)] += 1
        return cls(counts, [low + width * place for place in range(bins)] + [high])


def _libraries(value: object) -> set[str]:
    return {kind.__module__.partition(".")[0] for kind in type(value).__mro__}


def _as_array(value: Any) -> Any:
    """Return a numpy array for an array or tensor, None for anything else."""
    libraries = _libraries(value)
    if "torch" in libraries:
        return value.detach().cpu().float().numpy() if value.is_floating_point() else value.detach().cpu().numpy()
    if "numpy" in libraries and hasattr(value, "ndim"):
        return value
    if libraries & {"jax", "jaxlib", "tensorflow"} and hasattr(value, "__array__"):
        # A value that a compiled function is still to compute is none yet.
        with contextlib.suppress(AttributeError, NotImplementedError, TypeError):
            return value.__array__()
    return None


def encode_png(rows: bytes, width: int, height: int, channels: int) -> bytes:
    """Write 8-bit pixels, row by row, as a PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    stride = width * channels
    # The byte before each row says that it is not filtered.
    raw = b"".join(b"\0" + rows[start : start + stride] for start in range(0, len(rows), stride))
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(raw, 3)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _image(array: Any, *, is_channel_first: bool) -> Rendered:
    """Draw HxW or HxWxC pixels: bytes as they are, floats from 0 to 1, bools black and white."""
    if is_channel_first and array.ndim == 3 and array.shape[0] in _COLOR_TYPES:
        array = array.transpose(1, 2, 0)
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in _COLOR_TYPES or 0 in array.shape:
        raise BadValueError(
            f"An image has the shape HxW, or HxWxC of 1 to 4 channels, not {tuple(array.shape)}; for numbers use "
            "mlsteam.Histogram.of(values), for a batch of images log one at a time."
        )
    height, width = array.shape[:2]
    if height * width > MAX_PIXELS:
        raise BadValueError(f"An image has at most {MAX_PIXELS} pixels; use .upload() for larger ones.")
    if array.dtype.kind == "f":
        # A NaN is drawn black; comparing it is false.
        scaled = array * 255.0 + 0.5
        scaled[~(scaled > 0)] = 0
        scaled[scaled > 255] = 255
        array = scaled.astype("uint8")
    elif array.dtype.kind == "b":
        array = array.astype("uint8") * 255
    elif array.dtype.itemsize > 1:
        if array.min() < 0 or array.max() > 255:
            raise BadValueError("Pixels are integers from 0 to 255, or floats from 0 to 1.")
        array = array.astype("uint8")
    return Rendered(encode_png(array.tobytes(), width, height, channels), "png", "image/png")


def _figure(value: Any) -> Rendered:
    out = io.BytesIO()
    value.savefig(out, format="png", bbox_inches="tight")
    return Rendered(out.getvalue(), "png", "image/png")


def _table(value: Any, libraries: set[str]) -> Rendered:
    if "pyarrow" in libraries:
        rows = [value.column_names, *zip(*(column.to_pylist() for column in value.columns), strict=True)]
        text = "".join(",".join(_cell(cell) for cell in row) + "\n" for row in rows)
    else:
        text = value.write_csv() if "polars" in libraries else value.to_csv()
    return Rendered(text.encode(), "csv", "text/csv")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(char in text for char in ',"\r\n') else text


def _json(content: object, suffix: str) -> Rendered:
    return Rendered(msgspec.json.encode(content), suffix, "application/json")


def render(value: Any) -> Rendered | None:  # noqa: PLR0911  # one for each kind
    """Return the file that stands for a value; None when this is no image, figure, table or histogram.

    Raises: BadValueError.
    """
    if isinstance(value, Histogram):
        return _json({"edges": value.edges, "counts": value.counts}, "histogram.json")
    libraries = _libraries(value)
    if "PIL" in libraries and hasattr(value, "save"):
        out = io.BytesIO()
        (value if value.mode in {"1", "L", "LA", "I", "P", "RGB", "RGBA"} else value.convert("RGB")).save(out, "PNG")
        return Rendered(out.getvalue(), "png", "image/png")
    if "matplotlib" in libraries and hasattr(value, "savefig"):
        return _figure(value)
    if "plotly" in libraries and hasattr(value, "to_json"):
        # The form that `plotly.io.from_json` opens again. As HTML it would carry 4 MB of script, which no page may run.
        return Rendered(value.to_json().encode(), "plotly.json", "application/json")
    if libraries & {"pandas", "polars", "pyarrow"} and (hasattr(value, "columns") or hasattr(value, "to_frame")):
        return _table(value if hasattr(value, "columns") else value.to_frame(), libraries)
    if isinstance(value, tuple) and len(value) == 2 and all(_as_array(part) is not None for part in value):
        # What numpy.histogram returns.
        counts, edges = (_as_array(part).ravel().tolist() for part in value)
        return render(Histogram(counts, edges))
    array = _as_array(value)
    if array is None or array.size == 1:
        return None
    return _image(array, is_channel_first="torch" in libraries)


def entry_name(step: float | None, timestamp: float | None) -> str:
    """Name one entry of a series of files, so that names sort as steps do."""
    if step is None:
        now = time.time() if timestamp is None else timestamp
        return time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"
    whole = int(step)
    name = f"{'-' if step < 0 else ''}{abs(whole):08d}"
    return name if step == whole else name + f"{abs(step) % 1:.6f}".rstrip("0")[1:]
