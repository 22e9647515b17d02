"""Event files as TensorBoard's own reader sees them."""

import math
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util

from services.configs.store import ConfigValue
from services.core.values import ValueType
from services.tensorboard.events import file_start, scalar_records, text_record
from services.tensorboard.logdir import config_table
from services.tensorboard.thinning import thin_out


def test_tensorboard_reads_what_was_written_in_single_precision(tmp_path: Path) -> None:
    values = np.array([1 / 3, math.nan, math.inf, -0.0, 1e300])
    steps = np.array([0, 1, 300, 2**53, -4])
    times = np.array([1e9, 1e9 + 0.25, 0.0, 2.0, 3.0])
    file = tmp_path / "events.out.tfevents.1.track"
    records = scalar_records("訓練/loss", values, steps, times) + text_record("note", "# é", -1, 5.0)
    file.write_bytes(file_start(1.0) + records)
    first, *scalars, text = EventFileLoader(str(file)).Load()
    assert first.file_version == "brain.Event:2"
    assert [event.step for event in scalars] == steps.tolist()
    assert [event.wall_time for event in scalars] == times.tolist()
    assert {event.summary.value[0].tag for event in scalars} == {"訓練/loss"}
    read = [tensor_util.make_ndarray(event.summary.value[0].tensor).item() for event in scalars]
    assert np.array(read, "<f4").tobytes() == np.array([1 / 3, math.nan, math.inf, -0.0, math.inf], "<f4").tobytes()
    assert (text.step, text.summary.value[0].tensor.string_val[0].decode()) == (-1, "# é")


def test_no_points_are_no_records() -> None:
    none = np.zeros(0)
    assert scalar_records("a", none, none.astype(np.int64), none) == b""


def test_thinning_keeps_the_ends_and_the_peaks() -> None:
    values = np.zeros(100_000)
    values[[77, 50_000]] = [5.0, -5.0]
    kept = thin_out(values, 1000)
    assert len(kept) <= 1000
    assert {0, 77, 50_000, 99_999} <= set(kept.tolist())
    assert len(thin_out(values[:10], 1000)) == 10


def test_what_users_wrote_stays_in_its_cell() -> None:
    config = ConfigValue(1, "a_b", ValueType.STR, "x|y\n![i](http://e)", 0.0)
    last = config_table([config]).splitlines()[-1]
    assert last == r"| a\_b | x\|y \!\[i\]\(http://e\) |"
    assert config_table([]) == ""
