"""Every snippet of the adapters' page runs with the real framework, and what it should log arrives."""

import re
from pathlib import Path

import pytest
from integrations.conftest import Run
from support.recording_server import Recorded

PAGE = Path(__file__).parents[2] / "client/src/mlsteam/integrations/README.md"
SNIPPETS = dict(re.findall(r"^## (.+?)\n.*?```python\n(.*?)```", PAGE.read_text(), re.MULTILINE | re.DOTALL))
SERIES = {
    "PyTorch Lightning": {"loss/train", "epoch"},
    "Hugging Face Transformers": {"train/loss", "train/learning_rate", "train/grad_norm", "eval/loss"},
    "Keras": {f"{part}/{name}" for part in ("train/batch", "train/epoch", "test/batch") for name in ("loss", "mae")}
    | {"test/epoch/loss", "test/epoch/mae"},
    "scikit-learn": {"search/mean_test_score", "search/candidate", "test/accuracy", "test/f1", "test/log_loss"},
    "XGBoost": {"train/rmse"},
    "LightGBM": {"train/l2"},
    "Optuna": {"trials/value", "trials/parameters/x", "trials/state"},
    "logging": {"logs/warning"},
    "SummaryWriter": {"loss/train", "acc/train", "acc/val", "note", "hparam/accuracy"},
}
CONFIGS = {
    "PyTorch Lightning": {"parameters/lr": 0.1},
    "Hugging Face Transformers": {"parameters/trainer/max_steps": 4, "parameters/model/hidden_size": 16},
    "scikit-learn": {"parameters/model/class": "LogisticRegression", "parameters/model/max_iter": 500},
    "LightGBM": {"parameters/lightgbm/objective": "l2"},
    "SummaryWriter": {"parameters/lr": 0.1},
}


def test_the_page_has_a_snippet_of_each() -> None:
    assert set(SNIPPETS) == set(SERIES)


@pytest.mark.parametrize("name", sorted(SERIES))
def test_a_snippet_logs_what_it_should(name: str, run: Run, server: Recorded) -> None:
    run(f"import mlsteam\ntrack = mlsteam.init()\n{SNIPPETS[name]}")
    assert SERIES[name] <= server.series_keys()
    configs = server.configs()
    assert {key: configs.get(key) for key in CONFIGS.get(name, {})} == CONFIGS.get(name, {})
    assert server.statuses[-1] == "finished"
    assert "source/traceback" not in configs
