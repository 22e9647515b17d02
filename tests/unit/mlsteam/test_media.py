"""What is logged as a file: pixels come back exactly, names sort as steps do, mistakes are named."""

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from mlsteam.errors import BadValueError
from mlsteam.media import Histogram, entry_name, render


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 2), (2, 3, 3), (2, 3, 4)])
def test_pixels_come_back_exactly(shape: tuple[int, ...]) -> None:
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    file = render(pixels)
    assert file
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(file.content))).reshape(shape), pixels)


def test_floats_bools_and_nan_are_drawn() -> None:
    for pixels, drawn in (
        ([[0.0, 0.5, 1.0, 7.0, -1.0, float("nan")]], [[0, 128, 255, 255, 0, 0]]),
        ([[True, False]], [[255, 0]]),
    ):
        file = render(np.array(pixels))
        assert file
        assert np.asarray(Image.open(io.BytesIO(file.content))).tolist() == drawn


@pytest.mark.parametrize(
    "bad", [np.zeros(5), np.zeros((2, 2, 5)), np.zeros((0, 3)), np.full((2, 2), 256), np.zeros((1,) * 4 + (2,))]
)
def test_what_is_no_image_is_refused_with_a_sentence(bad: object) -> None:
    with pytest.raises(BadValueError, match=r"image|Pixels"):
        render(bad)


def test_scalars_stay_values() -> None:
    for value in (np.float32(1), np.array(1.0), np.array([1.0]), "x", None, object()):
        assert render(value) is None


def test_pil_images_tables_and_histograms() -> None:
    image = render(Image.new("CMYK", (2, 2)))
    assert image
    assert image.suffix == "png"
    table = render(pa.table({"a": [1, None], "b": ['x,"', "y"]}))
    assert table
    assert table.content == b'a,b\n1,"x,"""\n,y\n'
    histogram = render(np.histogram([1, 2, 2], bins=2))
    assert histogram
    assert json.loads(histogram.content) == {"edges": [1, 1.5, 2], "counts": [1, 2]}
    assert Histogram.of([1.0, float("nan"), float("inf")], bins=1).counts == [1]
    with pytest.raises(BadValueError, match="3 edges"):
        Histogram([1, 2], [1, 2])


def test_names_sort_as_steps_do() -> None:
    steps = [0, 1, 1.5, 2, 10, 99_999_999]
    names = [entry_name(step, None) for step in steps]
    assert names == sorted(names)
    assert names[2:4] == ["00000001.5", "00000002"]
    assert entry_name(-3, None) == "-00000003"
    assert entry_name(None, 0.25) == "19700101T000000.250000Z"
