"""Where the embedded stack keeps its things and which ports it takes, read once from the environment."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "deploy" / "local" / "sample"


# The processes beside the gateway, and what Python runs for each.
MODULES = {
    "ingest-api": "ingest_api",
    "track-api": "track_api",
    "tb-proxy": "tb_proxy",
    "transposer": "ingest_api.transposer",
    "runner": "services.runner",
}


@dataclass(frozen=True, slots=True)
class StackSettings:
    """MLSTEAM_PORT, _HOST, _RUN_DIR, _DATABASE_URL, _PUBLIC_URL, _SAMPLE, _OWNER_PID, as deploy/README.md has them."""

    port: int
    host: str
    run_dir: Path
    database_url: str | None
    public_url: str
    with_sample: bool
    owner_pid: int | None = None

    @property
    def ports(self) -> dict[str, int]:
        """The port of every process, by name."""
        names = ("gateway", *MODULES)
        return {name: self.port + offset for offset, name in enumerate(names)}

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.run_dir / "logs"

    @property
    def state_file(self) -> Path:
        """Where a running stack says who and where it is."""
        return self.run_dir / "stack.json"

    def service_environment(self, database_url: str) -> dict[str, str]:
        """Return the variables that all services get."""
        environment = dict(os.environ)
        environment |= {
            "MLSTEAM_DATABASE_URL": database_url,
            "MLSTEAM_PUBLIC_URL": self.public_url,
            "MLSTEAM_TRACK_API_STATIC_DIR": str(ROOT / "frontend" / "dist"),
            "PYTHONUNBUFFERED": "1",
        }
        environment |= self._job_environment()
        environment.setdefault("MLSTEAM_BLOB_URL", (self.run_dir / "data" / "blobs").as_uri())
        for name in MODULES:
            prefix = f"MLSTEAM_{name.replace('-', '_').upper()}"
            environment[f"{prefix}_PORT"] = str(self.ports[name])
            environment[f"{prefix}_HOST"] = "127.0.0.1"
        # A token of another server in the caller's shell is none of the services' business.
        for name in ("MLSTEAM_API_TOKEN", "MLSTEAM_TRACK_ID"):
            environment.pop(name, None)
        return environment

    def _job_environment(self) -> dict[str, str]:
        """Return where code may come from, and how the job runner works here."""
        # The sample's folder, one to put code into, and what the caller's environment allows.
        roots = [str(SAMPLE), str(self.run_dir / "code"), os.environ.get("MLSTEAM_CODE_ROOTS", "")]
        # Not the public address: that may be one that only browsers can reach.
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 (compared, not bound)
        ours = {
            "MLSTEAM_CODE_ROOTS": ":".join(filter(None, roots)),
            "MLSTEAM_RUNNER_FOLDER": str(self.run_dir / "data" / "runner"),
            "MLSTEAM_RUNNER_BACKEND": f"http://{host}:{self.port}",
            "MLSTEAM_RUNNER_CLIENT": str(ROOT / "client"),
            "MLSTEAM_RUNNER_STOPS_JOBS": "1",
        }
        return {name: value for name, value in ours.items() if name == "MLSTEAM_CODE_ROOTS" or name not in os.environ}


def read_settings() -> StackSettings:
    """Read the environment, or end with a sentence about what is wrong in it."""
    text = os.environ.get("MLSTEAM_PORT", "8080")
    if not text.isdigit() or not 1 <= int(text) <= 65_530:
        sys.exit(f"MLSTEAM_PORT must be a number from 1 to 65530 (five more ports after it are used), not {text!r}")
    port = int(text)
    host = os.environ.get("MLSTEAM_HOST", "127.0.0.1")
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared, not bound)
    return StackSettings(
        port=port,
        host=host,
        run_dir=Path(os.environ.get("MLSTEAM_RUN_DIR") or ROOT / ".run").resolve(),
        database_url=os.environ.get("MLSTEAM_DATABASE_URL") or None,
        public_url=os.environ.get("MLSTEAM_PUBLIC_URL") or f"http://{shown}:{port}",
        with_sample=os.environ.get("MLSTEAM_SAMPLE", "1") not in {"0", "no", "false"},
        owner_pid=int(os.environ.get("MLSTEAM_OWNER_PID") or 0) or None,
    )
