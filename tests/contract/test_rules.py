"""Rules that matter are lints: one place commits, imports go down, every setting is documented."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

import mlsteam
from ingest_api.settings import IngestApiSettings, TransposerSettings
from services.core.settings import ServiceSettings
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.runner.settings import RunnerSettings
from tb_proxy.settings import TbProxySettings
from track_api.settings import TrackApiSettings

ROOT = Path(__file__).parents[2]
_PYTHON = [
    path
    for folder in ("services", "ingest-api", "track-api", "tb-proxy", "client")
    for path in (ROOT / folder / "src").rglob("*.py")
]


def test_only_the_database_commits() -> None:
    guilty = [str(path.relative_to(ROOT)) for path in _PYTHON if re.search(r"\bsession\.commit\(", path.read_text())]
    assert guilty == ["services/src/services/storage/database.py"]


def test_catching_everything_is_rare_and_explained() -> None:
    allowed = {"supervise.py", "sender.py", "problem.py", "background.py", "runner.py", "searches.py"}
    guilty = [
        path.name
        for path in _PYTHON
        if re.search(r"except (Base)?Exception\b", path.read_text()) and path.name not in allowed
    ]
    assert guilty == []


def test_imports_go_down() -> None:
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("settings", "page"),
    [
        (ServiceSettings, "services/README.md"),
        (IngestApiSettings, "ingest-api/README.md"),
        (TransposerSettings, "ingest-api/README.md"),
        (TrackApiSettings, "track-api/README.md"),
        (TbProxySettings, "tb-proxy/README.md"),
        (RunnerSettings, "services/README.md"),
        (KubernetesSettings, "services/README.md"),
    ],
)
def test_every_setting_is_documented(settings: type[BaseSettings], page: str) -> None:
    text = (ROOT / page).read_text() + (ROOT / "services/README.md").read_text()
    prefix = settings.model_config.get("env_prefix", "")
    missing = []
    for name, field in settings.model_fields.items():
        variable = str(field.validation_alias) if field.validation_alias else (prefix + name).upper()
        if f"`{variable}`" not in text:
            missing.append(variable)
        assert field.description, name
    assert missing == []


def test_the_public_names_of_the_client_are_complete_and_sorted() -> None:
    assert mlsteam.__all__ == sorted(mlsteam.__all__)
    for name in mlsteam.__all__:
        assert getattr(mlsteam, name)


def test_lock_files_name_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "frontend/package-lock.json"):
        text = (ROOT / name).read_text()
        assert '"resolved"' not in text, name
        if name.endswith(".lock"):
            assert "://" not in text, name
            assert "--hash=sha256:" in text, name
