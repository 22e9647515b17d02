"""From an order to what its processes are told: variables, the agent's plan, where the code comes from. Pure.

Called by every launcher. Guarantees that a job gets these variables and nothing of the server's own.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.jobs.definition import Allowed
from services.jobs.launchers.launcher import Order
from services.jobs.spec import CommandAction, GitAction, JobSpec, PublishAction

# By it, whatever a job has started is found again.
JOB_VARIABLE = "MLSTEAM_JOB_ID"
# The variable of a lab's or pipeline's secrets that git is given as a password.
GIT_TOKEN = "GIT_TOKEN"  # noqa: S105 (a name)


def variables(order: Order, *, spool_dir: str) -> dict[str, str]:
    """Return the variables of the job; those of ours cannot be replaced by the user's."""
    return {
        **order.spec.variables,
        **order.secrets,
        "MLSTEAM_BACKEND": order.backend,
        "MLSTEAM_API_TOKEN": order.token,
        "MLSTEAM_PROJECT": order.project,
        "MLSTEAM_TRACK_ID": str(order.track_id),
        "MLSTEAM_SPOOL_DIR": spool_dir,
        JOB_VARIABLE: str(order.job_id),
        # Their values are struck out in the console before it leaves the machine.
        "MLSTEAM_MASKED": ",".join(sorted(order.secrets)),
    }


def _words(command: Sequence[str], *, uses_shell: bool) -> list[str]:
    return ["/bin/sh", "-c", command[0]] if uses_shell else list(command)


def agent_plan(spec: JobSpec, *, prepare: Sequence[str], code_dir: str, allowed: Allowed) -> dict[str, Any]:
    """Return what `mlsteam agent` reads: the command of a lab, or the actions of a pipeline in their order.

    `prepare` is the command that runs prepare.py where the agent is.
    """
    if spec.command:
        return {"command": _words(spec.command, uses_shell=spec.uses_shell)}
    actions: list[dict[str, Any]] = []
    for action in spec.actions:
        name = action.name or action.kind
        if isinstance(action, CommandAction):
            words = _words(action.command, uses_shell=action.uses_shell)
            actions.append({"name": name, "kind": "command", "command": words})
        elif isinstance(action, GitAction):
            told = json.dumps(git_plan(action.url, action.revision, code_dir, allowed))
            actions.append({"name": name, "kind": "command", "command": [*prepare, told]})
        else:
            actions.append(_publish(name, action, uses_track=spec.uses_track))
    return {"actions": actions}


def _publish(name: str, action: PublishAction, *, uses_track: bool) -> dict[str, Any]:
    skipped = "" if uses_track else "Use Track is off: there is no track to publish to."
    return {
        "name": name, "kind": "publish", "patterns": list(action.patterns), "folder": action.folder, "skipped": skipped,
    }  # fmt: skip


def git_plan(url: str, revision: str, target: str, allowed: Allowed) -> dict[str, Any]:
    """Return what prepare.py is told to fetch a repository."""
    return {
        "target": target,
        "code": {"kind": "git", "url": url, "revision": revision},
        "git_hosts": sorted(allowed.git_hosts),
    }


def prepare_plan(order: Order, *, target: str, archive: str, allowed: Allowed) -> Mapping[str, Any]:
    """Return what prepare.py is told to make the working folder of a job: its code and its mlsteam.yml."""
    code = order.spec.code.model_dump(mode="json") if order.spec.code else {"kind": "none"}
    return {
        "target": target,
        "code": code,
        "archive": archive,
        "roots": list(allowed.code_roots),
        "git_hosts": sorted(allowed.git_hosts),
        "params": order.spec.params,
    }
