"""The published client's Keras callback in a real training of the real Keras, against the services."""

import asyncio
import os
import subprocess
from pathlib import Path

from support.ingest import make_place
from support.site import Site

from services.accounts.tokens import issue_token
from services.core.clock import SystemClock
from services.core.values import ValueType
from services.series.load import load_summaries
from services.storage.database import Database

PYTHON = Path(__file__).parents[2] / ".venvs/published-keras/bin/python"
_TRAIN = """
import numpy
import tensorflow as tf
import mlsteam
from mlsteam.keras import MLSteamCallback
track = mlsteam.init()
model = tf.keras.Sequential([tf.keras.layers.Input((2,)), tf.keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae"])
x = numpy.random.default_rng(0).random((64, 2))
history = model.fit(x, x.sum(axis=1), epochs=3, batch_size=16, validation_split=0.25, verbose=0,
    callbacks=[MLSteamCallback(track)])
model.evaluate(x, x.sum(axis=1), verbose=0, callbacks=[MLSteamCallback(track)])
track["last"] = history.history["loss"][-1]
track.stop()
"""


async def test_a_training_of_keras(database: Database, service_environment: dict[str, str], tmp_path: Path) -> None:
    site = Site(await make_place(database), tmp_path / "gateway.log")
    try:
        await site.wait_ready()
        async with database.transaction() as session:
            _, token = await issue_token(
                session, site.place.principal, name="old", api_address=site.url, now=SystemClock().now()
            )
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MLSTEAM_")}
        track_id = site.place.track_id
        variables = {"MLSTEAM_API_TOKEN": token, "MLSTEAM_PROJECT": "demo", "MLSTEAM_TRACK_ID": str(track_id)}
        done = await asyncio.to_thread(
            subprocess.run,
            [PYTHON, "-c", _TRAIN],
            cwd=tmp_path,
            env=kept | variables | {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        async with database.read() as session:
            found = await load_summaries(session, track_id)
    finally:
        site.stop()
    # Three epochs of three batches, each with a validation of one batch; then two batches of `evaluate`.
    expected = {"train/batch": 9, "train/epoch": 3, "test/batch": 5, "test/epoch": 4}
    counts = {f"{part}/{name}": count for part, count in expected.items() for name in ("loss", "mae")}
    assert {key: one.n_points for key, one in found.items()} == counts
    assert {one.type for one in found.values()} == {ValueType.FLOAT}
