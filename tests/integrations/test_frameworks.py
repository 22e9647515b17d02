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


def test_a_notebook_is_captured_and_shows_its_output(
    server: Recorded, environment: dict[str, str], tmp_path: Path
) -> None:
    cells = [
        "import mlsteam\ntrack = mlsteam.init()\nprint('from a cell')",
        "import os\nos.system('echo from a child')\ntrack['loss'].log(0.5)\ntrack.stop()\nprint('after the end')",
    ]
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    notebook["cells"] = [cell | {"id": f"c{place}", "source": text} for place, text in enumerate(cells)]  # type: ignore[assignment]
    (tmp_path / "book.ipynb").write_text(json.dumps(notebook))
    done = subprocess.run(
        [PYTHON, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--output", "done.ipynb", "book.ipynb"],
        env=environment | {"MLSTEAM_CAPTURE": "all", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = (tmp_path / "done.ipynb").read_text()
    assert "from a cell" in shown
    assert "after the end" in shown
    assert "from a cell" in server.lines("stdout")
    assert server.values("loss") == [0.5]
    assert server.configs()["source/python"]
