"""From an order to what a supervisor does on this machine: folders, steps, the agent, and as whom.

Called by local.py. Guarantees that a job's processes get the variables of plan.py and a few that any program needs.
"""

import json
import os
import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.jobs.definition import Allowed
from services.jobs.launchers import plan
from services.jobs.launchers.launcher import LaunchFailed, Order
from services.jobs.spec import ArchiveCode

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ARCHIVE, SPOOL, CODE, BIN = "code.archive", "spool", "code", "bin"
_HERE = Path(__file__).parent
# What installing packages and fetching code may need of the server's own surroundings: mirrors, proxies, certificates.
_OUTWARD = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE")
_INSTALLING = ("PIP_", "UV_")


@dataclass(frozen=True, slots=True)
class Machine:
    """What jobs find here."""

    allowed: Allowed
    # Where environments are kept.
    environments: Path
    # What a job's `python` is when its lab names none.
    python: str = sys.executable
    # What pip installs of the client into a new environment; empty for nothing.
    client: str = ""
    # The unix user of all jobs; empty for the runner's own.
    user: str = ""
    # More of them at once is a program that has gone wild, and would take the machine with it.
    max_processes: int = 4096

    @property
    def agent(self) -> tuple[str, ...]:
        """The command that the agent is a subcommand of; without the working folder's modules, which are the user's."""
        return (sys.executable, "-I", "-m", "mlsteam")


def user_options(machine: Machine) -> dict[str, Any]:
    """Return how a process is started as the jobs' user. Raises: LaunchFailed."""
    if not machine.user:
        return {}
    try:
        found = pwd.getpwnam(machine.user)
    except KeyError:
        raise LaunchFailed(f"The job runner has no unix user {machine.user!r} to run jobs as.") from None
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def make_folders(place: Path, machine: Machine) -> None:
    """Make the folders of a job."""
    place.mkdir(mode=0o711)
    (place / "state").mkdir(mode=0o700)
    for name in (CODE, SPOOL, BIN, "tmp", "home"):
        (place / "work" / name).mkdir(parents=True, mode=0o700)
    machine.environments.mkdir(parents=True, exist_ok=True)


def hand_over(place: Path, machine: Machine) -> None:
    """Give the job's part of its folder, and the environments, to the jobs' user."""
    if not machine.user:
        return
    options = user_options(machine)
    for path in (place / "work", *(place / "work").iterdir(), machine.environments):
        shutil.chown(path, options["user"], options["group"])
        path.chmod(0o700 if path.is_dir() else 0o600)


def _base(order: Order, work: Path) -> dict[str, str]:
    return {
        "PATH": f"{work / BIN}:{PATH}",
        "HOME": str(work / "home"),
        "TMPDIR": str(work / "tmp"),
        "LANG": "C.UTF-8",
        plan.JOB_VARIABLE: str(order.job_id),
    }


def supervisor_plan(order: Order, place: Path, machine: Machine) -> dict[str, Any]:
    """Return what the supervisor is told. Raises: LaunchFailed."""
    spec, work = order.spec, place / "work"
    if isinstance(spec.code, ArchiveCode) and order.open_archive is None:
        raise LaunchFailed("The archive of the code was deleted.")
    code_dir = work / CODE
    outward = {name: os.environ[name] for name in _OUTWARD if name in os.environ}
    base = _base(order, work) | outward
    secrets = {name: value for name, value in order.secrets.items() if name in {plan.GIT_TOKEN, "GIT_USER"}}
    installing = {name: value for name, value in os.environ.items() if name.startswith(_INSTALLING)}
    prepare = [sys.executable, "-I", str(_HERE / "prepare.py")]
    told = plan.prepare_plan(order, target=str(code_dir), archive=str(work / ARCHIVE), allowed=machine.allowed)
    environment = {
        "python": spec.environment.python or machine.python,
        "requirements": spec.environment.requirements,
        "code": str(code_dir),
        "client": machine.client,
        "cache": str(machine.environments),
        "bin": str(work / BIN),
    }
    limits = {"memory_mb": spec.limits.memory_mb, "cpu_s": spec.limits.cpu_s, "processes": machine.max_processes}
    # Of a user that has only jobs, and not of root, of whom the kernel counts none.
    is_jobs_own = user_options(machine).get("user", 0) != 0
    agent = plan.agent_plan(spec, prepare=prepare, code_dir=str(code_dir), allowed=machine.allowed)
    return {
        "state_dir": str(place / "state"),
        "user": user_options(machine),
        "limits": limits | {"user_processes": 2 * machine.max_processes if is_jobs_own else 0},
        "steps": [
            {
                "name": "fetching the code",
                "note": "fetching the code",
                "argv": prepare,
                "env": base | secrets,
                "cwd": str(work),
                "stdin": json.dumps(told),
            },
            {
                "name": "preparing the environment",
                "note": "preparing the environment",
                "argv": [sys.executable, "-I", str(_HERE / "environment.py")],
                "env": base | installing,
                "cwd": str(work),
                "stdin": json.dumps(environment),
            },
        ],
        "agent": {
            "argv": [*machine.agent, "agent"],
            "env": _base(order, work) | plan.variables(order, spool_dir=str(work / SPOOL)),
            "cwd": str(code_dir),
            "stdin": json.dumps(agent),
        },
    }
