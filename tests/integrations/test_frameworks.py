"""What the snippets do not show: the user guide's callback in Lightning, its logger contract, pictures, notebooks."""

import json
import subprocess
from pathlib import Path

import pytest
from integrations.conftest import PYTHON, Run
from support.recording_server import Recorded

MODEL = """
import torch
class Model({base}):
    def __init__(self, lr=0.1):
        super().__init__(); self.save_hyperparameters(); self.layer = torch.nn.Linear(4, 1)
    def training_step(self, batch, _):
        loss = self.layer(batch).pow(2).mean()
        self.log("loss/train", loss, on_epoch=True); return loss
    def validation_step(self, batch, _):
        self.log("loss/val", self.layer(batch).pow(2).mean())
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)
data = torch.utils.data.DataLoader(torch.ones(8, 4), batch_size=4)
"""
# As it stands in the user guide.
CALLBACK = """
class MyCallback(Callback):
    def on_train_epoch_end(self, trainer, pl_module, result):
        logs = trainer.logged_metrics
        # ['loss/val', 'acc/val', 'epoch', 'loss/train', 'acc/train']
        for key, value in logs.items():
            track[key].log(value)
"""
FIT = """
trainer = L.Trainer(max_epochs=3, callbacks=[MyCallback()], logger=False, enable_checkpointing=False)
trainer.fit(Model(), data, data)
"""
IMPORTS = "import lightning as L\nfrom lightning.pytorch import Callback\n"
INIT = "import mlsteam\ntrack = mlsteam.init()\n"


@pytest.mark.parametrize("start", [INIT + IMPORTS + CALLBACK, IMPORTS + INIT + CALLBACK, IMPORTS + CALLBACK + INIT])
def test_the_callback_of_the_user_guide_runs_whatever_is_imported_first(start: str, run: Run, server: Recorded) -> None:
    run(start + MODEL.format(base="L.LightningModule") + FIT)
    assert len(server.values("loss/val")) == 3
    assert len(server.values("loss/train_epoch")) == 3
    assert server.statuses[-1] == "finished"


def test_the_logger_keeps_lightnings_contract(run: Run, server: Recorded) -> None:
    code = """
import pickle
from lightning.pytorch.loggers import Logger
from mlsteam.integrations.lightning import MLSteamLogger
logger = MLSteamLogger()
assert isinstance(logger, Logger) and logger.version is None
trainer = L.Trainer(max_epochs=2, logger=logger, log_every_n_steps=1, enable_checkpointing=False)
trainer.fit(Model(), data, data)
assert logger.experiment.id == logger.version and logger.name
logger.log_hyperparams({"optimizer": {"name": "sgd"}, "layers": [1, 2]})
logger.log_metrics({"after": torch.tensor(0.5)}, step=9)
logger.save()
copy = pickle.loads(pickle.dumps(logger))
assert copy._init_arguments["track_id"] == logger.version
"""
    run(IMPORTS + "import mlsteam\n" + MODEL.format(base="L.LightningModule") + code)
    assert {"loss/train_step", "loss/train_epoch", "loss/val", "after"} <= server.series_keys()
    assert server.configs()["parameters/optimizer/name"] == "sgd"
    assert server.configs()["parameters/layers"] == "[1, 2]"


def test_a_failed_fit_fails_the_track_of_the_logger(run: Run, server: Recorded) -> None:
    code = """
from mlsteam.integrations.lightning import MLSteamLogger
class Broken(Model):
    def training_step(self, batch, _):
        raise ZeroDivisionError
logger = MLSteamLogger()
try:
    L.Trainer(max_epochs=1, logger=logger, enable_checkpointing=False).fit(Broken(), data)
except ZeroDivisionError:
    pass
"""
    run(IMPORTS + MODEL.format(base="L.LightningModule") + code)
    assert server.statuses[-1] == "failed"


def test_a_writer_takes_pictures(run: Run, server: Recorded) -> None:
    code = """
import numpy, torch
from matplotlib import pyplot
from mlsteam.integrations.tensorboard import SummaryWriter
with SummaryWriter() as writer:
    writer.add_image("image", torch.rand(3, 4, 5), 1)
    writer.add_image("gray", numpy.zeros((4, 5)), 1, dataformats="HW")
    writer.add_histogram("weights", torch.randn(100), 1, bins="tensorflow")
    figure = pyplot.figure()
    writer.add_figure("figure", figure, 1)
    assert not pyplot.get_fignums()
"""
    run("import matplotlib; matplotlib.use('Agg')\n" + code)
    assert {key.split("/")[0] for key in server.files} >= {"image", "gray", "figure"}
    assert all(content for _, content in server.files.values())


def test_cross_validations_log_their_means(run: Run, server: Recorded) -> None:
    code = """
import lightgbm, mlsteam, numpy, xgboost
from mlsteam.integrations.lightgbm import MLSteamCallback as OfLightgbm
from mlsteam.integrations.xgboost import MLSteamCallback as OfXgboost
track = mlsteam.init()
x = numpy.random.default_rng(0).random((120, 3))
y = (x[:, 0] > 0.5).astype(float)
theirs = xgboost.cv({"objective": "binary:logistic"}, xgboost.DMatrix(x, y), num_boost_round=4, nfold=3,
    metrics=["logloss", "auc"], callbacks=[OfXgboost(track)])
track["xgboost"] = float(list(theirs["test-logloss-mean"])[-1])
found = lightgbm.cv({"objective": "binary", "verbose": -1, "min_data_in_leaf": 1}, lightgbm.Dataset(x, y),
    num_boost_round=4, nfold=3, metrics=["binary_logloss", "auc"], callbacks=[OfLightgbm(track)])
track["lightgbm"] = found["valid binary_logloss-mean"][-1]
"""
    run(code)
    configs = server.configs()
    assert len(server.values("test/logloss")) == 4
    assert server.values("test/logloss")[-1] == pytest.approx(configs["xgboost"])
    assert server.values("valid/binary_logloss")[-1] == pytest.approx(configs["lightgbm"])
    assert {"train/auc", "test/auc", "valid/auc"} <= server.series_keys()


def test_a_writer_takes_all_that_pytorchs_takes(run: Run, server: Recorded) -> None:
    code = """
import inspect, numpy, torch
from torch.utils.tensorboard import SummaryWriter as Theirs
from mlsteam.integrations.tensorboard import SummaryWriter
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
with SummaryWriter() as writer:
    writer.add_images("grid", torch.rand(10, 3, 4, 5), 1)
    writer.add_images("last", torch.rand(10, 4, 5, 3).to(torch.bfloat16), 1, dataformats="NHWC")
    writer.add_image("gray", torch.rand(4, 5), 1, dataformats="HW")
    writer.add_video("video", torch.rand(2, 6, 3, 8, 8), 1, fps=10)
    writer.add_audio("sound", torch.sin(torch.arange(4410) / 10).unsqueeze(0), 1, sample_rate=44100)
    writer.add_pr_curve("pr", torch.tensor([0, 1, 1, 0]), torch.tensor([0.1, 0.9, 0.4, 0.6]), 1, num_thresholds=3)
    writer.add_pr_curve_raw("raw", [1, 1], [1, 0], [0, 1], [0, 1], [0.5, 1.0], [1.0, 0.5], 1, 2)
    writer.add_embedding(torch.rand(4, 2), ["a", "b", "c", "d"], torch.rand(4, 3, 2, 2), 1, tag="vectors")
    writer.add_graph(model, torch.rand(1, 2))
    writer.add_custom_scalars({"a": {"b": ["Multiline", ["x"]]}})
for name, method in inspect.getmembers(Theirs, inspect.isfunction):
    if not name.startswith("_") and name not in {"add_mesh", "add_tensor", "add_histogram_raw", "add_image_with_boxes"}:
        ours = inspect.signature(getattr(SummaryWriter, name)).parameters
        theirs = list(inspect.signature(method).parameters)
        takes_any = any(one.kind is one.VAR_POSITIONAL for one in ours.values())
        assert takes_any or list(ours)[: len(theirs)] == theirs, (name, list(ours), theirs)
"""
    run(code)
    files = {key: content for key, (_, content) in server.files.items()}
    assert files["grid/00000001.png"].startswith(b"\x89PNG")
    assert int.from_bytes(files["grid/00000001.png"][16:20], "big") == 40
    assert int.from_bytes(files["grid/00000001.png"][20:24], "big") == 8
    assert files["last/00000001.png"].startswith(b"\x89PNG")
    assert files["video/00000001.gif"].startswith(b"GIF89a")
    assert files["sound/00000001.wav"].startswith(b"RIFF")
    assert len(files["sound/00000001.wav"]) == 44 + 2 * 4410
    assert files["pr/00000001.csv"].decode().splitlines()[2] == "0.5,0.5,0.5,1.0,1.0,1.0,1.0"
    assert files["raw/00000001.csv"].decode().splitlines()[1:] == ["0.0,0.5,1.0,1,1,0,0", "1.0,1.0,0.5,1,0,1,1"]
    assert files["vectors/00000001.csv"].decode().startswith("label,x0,x1\na,")
    assert files["vectors/images/00000001.png"]
    assert b"Linear(in_features=2" in files["graph/Sequential.txt"]


def test_a_notebook_is_captured_and_shows_its_output(
    server: Recorded, environment: dict[str, str], tmp_path: Path
) -> None:
    cells = [
        "import mlsteam\ntrack = mlsteam.init()\nprint('from a cell')",
        "import os\nos.system('echo from a child')\ntrack['loss'].log(0.5)\ntrack.stop()\nprint('after the end')",
    ]
    shown = run_notebook(cells, environment | {"MLSTEAM_CAPTURE": "all"}, tmp_path)
    assert "from a cell" in shown
    assert "after the end" in shown
    assert "from a cell" in server.lines("stdout")
    assert server.values("loss") == [0.5]
    assert server.configs()["source/python"]


@pytest.mark.parametrize(("last", "status"), [([], "failed"), (["track['loss'].log(1.0)"], "finished")])
def test_a_notebook_ends_as_its_last_cell(
    last: list[str], status: str, server: Recorded, environment: dict[str, str], tmp_path: Path
) -> None:
    run_notebook(["import mlsteam\ntrack = mlsteam.init()", "1 / 0", *last], environment, tmp_path)
    assert "ZeroDivisionError" in server.configs()["source/traceback"]
    assert server.statuses[-1] == status


def run_notebook(cells: list[str], environment: dict[str, str], folder: Path) -> str:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    notebook["cells"] = [cell | {"id": f"c{place}", "source": text} for place, text in enumerate(cells)]  # type: ignore[assignment]
    (folder / "book.ipynb").write_text(json.dumps(notebook))
    done = subprocess.run(
        [
            PYTHON,
            "-m",
            "jupyter",
            "nbconvert",
            "--to",
            "notebook",
            "--execute",
            "--allow-errors",
            "--output",
            "done.ipynb",
            "book.ipynb",
        ],
        env=environment | {"HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "done.ipynb").read_text()
