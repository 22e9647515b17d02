"""A site with a job runner: labs are made of files, submitted, and waited for, all over HTTP."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.client_site import environment_of_site
from support.postgres import TestServer
from support.servers import ServerProcess

from services.jobs.launchers import processes
from services.jobs.launchers.plan import JOB_VARIABLE

WAITS = "import time\nprint('ready', flush=True)\ntime.sleep(600)\n"
ENDED = {"succeeded", "failed", "stopped", "lost"}


def left_of(job: dict[str, Any]) -> set[int]:
    """Return the processes that were started for a job, wherever they are."""
    return processes.holding(JOB_VARIABLE, str(job["job_id"]))


class Workshop:
    """What a person does with labs and pipelines."""

    def __init__(self, variables: dict[str, str], folder: Path, within: Sequence[str], **settings: str) -> None:
        self.variables, self.folder, self.code = variables, folder, folder / "code"
        self._settings = {
            "MLSTEAM_RUNNER_BACKEND": variables["MLSTEAM_BACKEND"],
            "MLSTEAM_RUNNER_FOLDER": str(folder / "runner"),
            "MLSTEAM_RUNNER_MAX_JOBS": "4",
            **settings,
        }
        self.runner = ServerProcess("services.runner", within=within, **self._settings)
        self.api = httpx2.Client(
            base_url=variables["MLSTEAM_BACKEND"] + "/api/v3",
            headers={"authorization": f"Bearer {variables['MLSTEAM_API_TOKEN']}"},
            timeout=60,
        )
        self._n_labs = 0

    def call(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """Call the API and return what it answers."""
        answer = self.api.request(method, path, json=body)
        assert answer.status_code == status if status else answer.status_code < 300, (path, answer.text)
        return answer.json() if answer.content else None

    def lab(self, files: dict[str, str], command: list[str], **definition: Any) -> dict[str, Any]:
        """Make a lab of files."""
        self._n_labs += 1
        folder = self.code / f"lab-{self._n_labs}"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        hyperparameters = definition.pop("hyperparameters", {})
        whole = {"code": {"kind": "folder", "path": str(folder)}, "command": command, **definition}
        body = {"name": f"lab {self._n_labs}", "definition": whole, "hyperparameters": hyperparameters}
        made: dict[str, Any] = self.call("POST", "/projects/demo/labs", body)
        return made

    def submit(self, lab: dict[str, Any]) -> list[str]:
        """Submit a lab's grid and return its tracks."""
        made = self.call("POST", f"/labs/{lab['lab_id']}/submissions", {})
        return [job["track_id"] for job in made["jobs"]]

    def run(self, script: str, **definition: Any) -> str:
        """Submit a lab of one script and return its track."""
        lab = self.lab({"train.py": script}, ["python", "train.py"], **definition)
        return self.submit(lab)[0]

    def job(self, track_id: str) -> dict[str, Any]:
        """Return a job with its history."""
        found: dict[str, Any] = self.call("GET", f"/tracks/{track_id}/job")
        return found

    def until(self, track_id: str, *states: str, within_s: float = 90) -> dict[str, Any]:
        """Wait for a state and return the job."""
        return self.wait(lambda: self.job(track_id), lambda job: job["state"] in (states or ENDED), within_s)

    def until_line(self, track_id: str, line: str, within_s: float = 60) -> None:
        """Wait for a line of stdout."""
        self.wait(lambda: self.lines(track_id), lambda lines: line in lines, within_s)

    @staticmethod
    def wait(look: Callable[[], Any], is_it: Callable[[Any], bool], within_s: float) -> Any:
        """Look until it is so."""
        deadline = time.monotonic() + within_s
        while not is_it(seen := look()):
            if time.monotonic() > deadline:
                pytest.fail(f"it did not come so far: {seen}")
            time.sleep(0.1)
        return seen

    def lines(self, track_id: str, stream: str = "stdout", first: int = 0) -> list[str]:
        """Return the lines of a stream; none when there is no such stream yet."""
        answer = self.api.get(f"/tracks/{track_id}/console/{stream}", params={"from": first, "limit": 1000})
        return [line["text"] for line in answer.json()["lines"]] if answer.status_code == 200 else []

    def values(self, track_id: str) -> dict[str, Any]:
        """Return the config values of a track."""
        return dict(self.call("GET", f"/tracks/{track_id}/values")["values"])

    def close(self) -> None:
        """Stop the runner."""
        self.api.close()
        if self.runner._process.poll() is None:
            self.runner.stop()


@contextmanager
def running_workshop(
    postgres: TestServer, folder: Path, *, within: Sequence[str] = (), **settings: str
) -> Iterator[Workshop]:
    """Run a site and a job runner."""
    (folder / "code").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLSTEAM_CODE_ROOTS", str(folder / "code"))
        with environment_of_site(postgres, folder) as variables:
            workshop = Workshop(variables, folder, within, **settings)
            try:
                yield workshop
            finally:
                workshop.close()
