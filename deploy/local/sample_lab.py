"""The sample project's lab and pipeline, made over the API as anybody would make them.

Called by stack.py at the first start. Guarantees that what exists by these names already stays as it is.
"""

from typing import Any

import httpx2
from settings import SAMPLE

_CODE = {"kind": "folder", "path": str(SAMPLE)}
LAB = {
    "name": "digits",
    "definition": {"code": _CODE, "command": ["python", "train.py"]},
    "hyperparameters": {"learning_rate": [0.002, 0.01], "hidden": [32, 64]},
}
PIPELINE = {
    "name": "digits-release",
    "definition": {
        "code": _CODE,
        "actions": [
            {
                "kind": "command",
                "name": "Train",
                "command": ["python", "train.py", "--epochs", "10", "--epoch-pause-s", "0.2", "--out", "out"],
            },
            {"kind": "command", "name": "Show the summary", "command": ["cat", "out/summary.json"]},
            {"kind": "publish", "name": "Publish the model", "patterns": ["out/*"], "folder": "release"},
        ],
    },
}


class SampleFailed(Exception):
    """The sample could not be made; the sentence says why."""


async def submit_sample(address: str, token: str, project: str) -> int:
    """Make lab and pipeline, submit the lab's grid, and return how many jobs that makes. Raises: SampleFailed."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        await _make(client, f"/projects/{project}/pipelines", PIPELINE)
        await _make(client, f"/projects/{project}/labs", LAB)
        labs = (await client.get(f"/projects/{project}/labs")).json()["items"]
        lab_id = next(lab["lab_id"] for lab in labs if lab["name"] == LAB["name"])
        made = await client.post(f"/labs/{lab_id}/submissions", json={})
        if made.status_code != 201:
            raise SampleFailed(made.text[:500])
        return int(made.json()["n_jobs"])


async def _make(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answer = await client.post(path, json=body)
    if answer.status_code not in {201, 409}:
        raise SampleFailed(answer.text[:500])
