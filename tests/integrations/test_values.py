"""Scalars of the real frameworks, of every float width that they have, and workers of a real DataLoader."""

import math
from pathlib import Path

import pytest
from integrations.conftest import Run
from support.recording_server import Recorded

_INIT = "import mlsteam\ntrack = mlsteam.init()\n"
_TORCH = """
import torch
for name in ("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"):
    value = torch.tensor(0.15625, dtype=torch.float32).to(getattr(torch, name))
    track["kept/" + name].log(value)
    track.log({"row/" + name: value.reshape(1, 1).requires_grad_(not name.startswith("float8"))})
    track["config/" + name] = value
track["kept/int"].log(torch.tensor(2**62))
track["kept/bool"].log(torch.tensor(True))
track["kept/parameter"].log(torch.nn.Parameter(torch.tensor(0.15625)))
"""
_JAX = """
import jax, jax.numpy as jnp, ml_dtypes
for name in ("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"):
    value = jnp.asarray(0.15625, dtype=name)
    track["kept/" + name].log(value)
    track.log({"row/" + name: value.reshape(1, 1)})
    track["config/" + name] = value
track["kept/int"].log(jnp.asarray(5))
track["kept/bool"].log(jnp.asarray(True))

@jax.jit
def traced(x):
    try:
        track["kept/traced"].log(x)
    except mlsteam.BadValueError:
        return x + 1
    return x
assert traced(1.0) == 2
"""
_TENSORFLOW = """
import tensorflow as tf
for name in ("float64", "float32", "float16", "bfloat16"):
    value = tf.constant(0.15625, dtype=name)
    track["kept/" + name].log(value)
    track.log({"row/" + name: tf.reshape(value, (1, 1))})
    track["config/" + name] = tf.Variable(value)
for name in ("float8_e4m3fn", "float8_e5m2"):
    value = tf.cast(tf.constant(0.15625), name)
    track["kept/" + name].log(value)
track["kept/int"].log(tf.constant(5))
track["kept/bool"].log(tf.constant(True))
"""
_NUMPY = """
import numpy, ml_dtypes
for of_type in (numpy.float64, numpy.float32, numpy.float16, numpy.longdouble, ml_dtypes.bfloat16,
                ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2):
    name = of_type.__name__
    track["kept/" + name].log(of_type(0.15625))
    track.log({"row/" + name: numpy.full((1, 1), 0.15625, of_type)})
    track["config/" + name] = numpy.array(0.15625, of_type)
track["kept/int"].log(numpy.uint8(5))
track["kept/bool"].log(numpy.bool_(True))
track["kept/int4"].log(ml_dtypes.int4(5))
"""


@pytest.mark.parametrize("code", [_TORCH, _JAX, _TENSORFLOW, _NUMPY], ids=["torch", "jax", "tensorflow", "numpy"])
def test_scalars_of_every_width_are_numbers(code: str, run: Run, server: Recorded) -> None:
    run(_INIT + code)
    floats = [key for key in server.series_keys() if "float" in key or "double" in key]
    assert len(floats) >= 8
    assert {key: server.values(key) for key in floats} == {key: [0.15625] for key in floats}
    configs = {key: value for key, value in server.configs().items() if key.startswith("config/")}
    assert configs
    assert set(configs.values()) == {0.15625}
    others = {
        key: group["type"]
        for batch in server.batches
        for group in batch["series"]
        for key in group["keys"]
        if key in {"kept/int", "kept/bool", "kept/int4"}
    }
    assert others.items() >= {"kept/int": "i64", "kept/bool": "bool"}.items()


def test_what_is_no_number_stays_what_it_is(run: Run, server: Recorded) -> None:
    run(
        _INIT
        + """
import numpy, torch
for value in (torch.ones(3), numpy.ones(2), numpy.complex64(1), numpy.datetime64("2026-01-01"), [1.0], None, 1j, b"x"):
    try:
        track["x"].log(value)
    except mlsteam.BadValueError:
        continue
    raise AssertionError(value)
for value in (torch.tensor(float("nan"), dtype=torch.bfloat16), torch.tensor(float("-inf"), dtype=torch.float16)):
    track["y"].log(value)
"""
    )
    nan, infinite = server.values("y")
    assert math.isnan(nan)
    assert infinite == -math.inf


_LOADER = """
import mlsteam, sys, torch

class Data(torch.utils.data.Dataset):
    def __init__(self, track):
        self.track = track
        self.handle = track["data/index"]
    def __len__(self):
        return 400
    def __getitem__(self, index):
        self.handle.log(float(index))
        worker = torch.utils.data.get_worker_info().id
        self.track.log({"data/worker": float(worker), "data/value": torch.tensor(index / 2, dtype=torch.bfloat16)})
        return torch.tensor(float(index))

if __name__ == "__main__":
    track = mlsteam.init()
    loader = torch.utils.data.DataLoader(Data(track), batch_size=10, num_workers=4, multiprocessing_context=sys.argv[1])
    for epoch in range(2):
        for batch in loader:
            track["loss"].log(batch.mean())
"""


@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver"])
def test_four_workers_of_a_data_loader_log(how: str, run: Run, server: Recorded, tmp_path: Path) -> None:
    (tmp_path / "load.py").write_text(_LOADER)
    run(f"import subprocess, sys; subprocess.run([sys.executable, 'load.py', {how!r}], check=True)")
    assert sorted(server.values("data/index")) == sorted([float(index) for index in range(400)] * 2)
    assert len(server.values("data/value")) == 800
    assert set(server.values("data/worker")) == {0.0, 1.0, 2.0, 3.0}
    assert len(server.values("loss")) == 80
    assert server.statuses[-1] == "finished"
    assert "source/traceback" not in server.configs()


# As people write it: the track is opened at the top, and a worker that is not forked imports all of it again.
_LOADER_OF_TOP = """
import sys, time, torch, mlsteam
track = mlsteam.init(name=f"loader at {time.time()}")
track["at"] = time.time()

class Data(torch.utils.data.Dataset):
    def __len__(self):
        return 400
    def __getitem__(self, index):
        track["data/index"].log(float(index))
        return torch.tensor(float(index))

if __name__ == "__main__":
    loader = torch.utils.data.DataLoader(Data(), batch_size=10, num_workers=4, multiprocessing_context=sys.argv[1])
    for batch in loader:
        track["loss"].log(batch.mean())
"""


@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver"])
def test_four_workers_that_import_the_script_again_log(how: str, run: Run, server: Recorded, tmp_path: Path) -> None:
    (tmp_path / "load.py").write_text(_LOADER_OF_TOP)
    run(f"import subprocess, sys; subprocess.run([sys.executable, 'load.py', {how!r}], check=True)")
    assert len(server.made) == 1
    assert sorted(server.values("data/index")) == [float(index) for index in range(400)]
    assert len(server.values("loss")) == 40
    assert server.statuses.count("finished") == 1
    assert (
        len([config for batch in server.batches for config in batch.get("configs", []) if config["key"] == "at"]) == 1
    )
