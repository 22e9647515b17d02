"""Everything that TensorBoard's page asks for about event files, asked through tb-proxy and looked at.

Used by the tests of the committed event files and of those that PyTorch has just written. Guarantees that every route
of every plugin is called: what TensorBoard gains or loses with a new version fails here.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
from support.board import Board

# The page does not ask these: pictures of the browser, names of other eras, answers to scanners.
_UNUSED = frozenset(
    {"/", "/index.html", "/favicon.ico", "/___rPc_sWiTcH___", "/data/logdir"}
    | {f"/{name}" for name in ("events", "graphs", "images", "audio", "histograms")}
)


# How the page names the parts of a mesh that the server numbers.
_MESH = {1: "VERTEX", 2: "FACE", 3: "COLOR"}
# In a process of its own: importing TensorBoard warns, and takes half a second.
_ROUTES = """
import json, pathlib
from tb_proxy.board.child import inherit, make_app
pathlib.Path("data").mkdir()
order = {"prefix": "/tb/x", "runs": ["r"], "folder": ".", "has_uploads": True, "user_id": None}
print("routes", json.dumps(list(make_app(inherit(), order, None, lambda: None).exact_routes)))
"""


def all_routes(folder: Path) -> set[str]:
    """Return every address that TensorBoard answers, as it says itself."""
    command = [sys.executable, "-W", "ignore", "-c", _ROUTES]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    (line,) = [line for line in said.splitlines() if line.startswith("routes ")]
    routes = {route.removeprefix("/tb/x") for route in json.loads(line.removeprefix("routes "))}
    return {route for route in routes if route not in _UNUSED and not route.endswith((".js", ".html"))}


class Asker:
    """Asks, and remembers what was asked."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.asked: set[str] = set()

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        self.asked.add(f"/{path}")
        answer = await self._board.client.get(self._board.url(path), params=params)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer

    async def json(self, path: str, **params: Any) -> Any:
        return (await self.get(path, **params)).json()

    async def post(self, path: str, **content: Any) -> Any:
        self.asked.add(f"/{path}")
        answer = await self._board.client.post(self._board.url(path), **content)
        assert answer.status_code == 200, (path, answer.text[:500])
        return answer.json()


async def until_loaded(board: Board) -> None:
    """Wait until TensorBoard's data server has read the files."""
    wanted = {
        "scalars", "images", "audio", "histograms", "distributions", "graphs", "pr_curves", "projector", "text",
        "hparams", "mesh", "custom_scalars", "timeseries",
    }  # fmt: skip
    missing = wanted
    for _ in range(300):
        listing = await board.get("data/plugins_listing")
        missing = wanted - {name for name, plugin in listing.items() if plugin["enabled"]}
        if not missing:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(missing)


async def check_content(board: Board, run: str) -> set[str]:
    """Ask for all that write_event_files.py wrote into a run; return which addresses were asked."""
    ask = Asker(board)
    await _check_core(ask, run)
    await _check_blobs(ask, run)
    await _check_tensors(ask, run)
    await _check_graphs(ask, run)
    await _check_projector(ask, run)
    await _check_scalars(ask, board, run)
    return {route for route in ask.asked if not route.endswith(".html")}


async def _check_core(ask: Asker, run: str) -> None:
    for name in ("environment", "experiments", "window_properties", "plugins_listing", "experiment_runs"):
        await ask.json(f"data/{name}")
    assert {run, f"{run}/hparams", f"{run}/torch_both_a"} <= set(await ask.json("data/runs"))
    assert (await ask.get("data/plugin_entry.html", name="projector")).text
    ask.asked.add("/data/notifications")  # a redirect to a file of the page, which the page does not need


async def _check_blobs(ask: Asker, run: str) -> None:
    tags = await ask.json("data/plugin/images/tags")
    assert tags[run]["torch/image"]["samples"] == 1
    shown = await ask.json("data/plugin/images/images", run=run, tag="torch/image", sample=0)
    assert [image["step"] for image in shown] == [0, 1, 2]
    picture = await ask.get("data/plugin/images/individualImage", **_blob(shown[0]))
    assert picture.content.startswith(b"\x89PNG")
    assert picture.headers["content-type"] == "image/png"
    newer = await ask.post(
        "data/plugin/timeseries/timeSeries",
        data={"requests": json.dumps([{"plugin": "images", "tag": "torch/image", "run": run, "sample": 0}])},
    )
    image_id = newer[0]["runToSeries"][run][0]["imageId"]
    same = await ask.get("data/plugin/timeseries/imageData", imageId=image_id)
    assert same.content.startswith(b"\x89PNG")
    assert (await ask.json("data/plugin/audio/tags"))[run]["torch/audio"]["samples"] == 1
    heard = await ask.json("data/plugin/audio/audio", run=run, tag="torch/audio", sample=0)
    sound = await ask.get("data/plugin/audio/individualAudio", **_blob(heard[0]))
    assert sound.content[:4] == b"RIFF"


def _blob(entry: dict[str, Any]) -> dict[str, str]:
    # The page takes it as the query of the next address.
    return dict(httpx2.QueryParams(entry["query"]))


async def _check_tensors(ask: Asker, run: str) -> None:
    asked = {"run": run, "tag": "torch/weights"}
    assert "torch/weights" in (await ask.json("data/plugin/histograms/tags"))[run]
    (_, step, buckets), *_ = await ask.json("data/plugin/histograms/histograms", **asked)
    assert (step, sum(count for _, _, count in buckets)) == (0, 500)
    assert "torch/weights" in (await ask.json("data/plugin/distributions/tags"))[run]
    assert len(await ask.json("data/plugin/distributions/distributions", **asked)) == 3
    assert "torch/text/text_summary" in (await ask.json("data/plugin/text/tags"))[run]
    texts = await ask.json("data/plugin/text/text", run=run, tag="torch/text/text_summary")
    assert "<strong>step</strong>" in texts[0]["text"]
    assert "<script" not in texts[0]["text"]
    assert "torch/curve" in (await ask.json("data/plugin/pr_curves/tags"))[run]
    curves = await ask.json("data/plugin/pr_curves/pr_curves", run=run, tag="torch/curve")
    assert len(curves[run]) == 3
    meshes = (await ask.json("data/plugin/mesh/tags"))[run]
    tag = next(iter(meshes))
    parts = await ask.json("data/plugin/mesh/meshes", run=run, tag=tag, sample=0)
    found = [
        await ask.get(
            "data/plugin/mesh/data",
            run=run,
            tag=tag,
            sample=0,
            step=part["step"],
            content_type=_MESH[part["content_type"]],
        )
        for part in parts
    ]
    assert 9 * 4 in [len(answer.content) for answer in found]  # three corners of three float32


async def _check_graphs(ask: Asker, run: str) -> None:
    info = await ask.json("data/plugin/graphs/info")
    assert info[run]["run_graph"]
    assert "Linear" in (await ask.get("data/plugin/graphs/graph", run=run, conceptual="false")).text
    (tag, facts), *_ = info[run]["tags"].items()
    assert facts["profile"]
    await ask.get("data/plugin/graphs/run_metadata", run=run, tag=tag)


async def _check_projector(ask: Asker, run: str) -> None:
    assert run in await ask.json("data/plugin/projector/runs")
    (embedding,) = (await ask.json("data/plugin/projector/info", run=run))["embeddings"]
    named = {"run": run, "name": embedding["tensorName"]}
    assert (await ask.get("data/plugin/projector/tensor", **named)).content
    assert (await ask.get("data/plugin/projector/metadata", **named)).text.split()[:2] == ["m0", "m1"]
    sprite = await ask.get("data/plugin/projector/sprite_image", **named)
    assert sprite.content.startswith(b"\x89PNG")
    ask.asked.add("/data/plugin/projector/bookmarks")  # the configuration has none


async def _check_scalars(ask: Asker, board: Board, run: str) -> None:
    assert {board.run, run} <= set(await ask.json("data/plugin/scalars/tags"))
    asked = {"run": run, "tag": "torch/loss"}
    assert [point[1:] for point in await ask.json("data/plugin/scalars/scalars", **asked)][:2] == [[0, 1.0], [1, 0.5]]
    many = await ask.post("data/plugin/scalars/scalars_multirun", data={"tag": "torch/loss", "runs": run})
    assert len(many[run]) == 3
    tags = await ask.json("data/plugin/timeseries/tags")
    assert run in tags["scalars"]["runTagInfo"]
    layout = await ask.json("data/plugin/custom_scalars/layout")
    assert layout["category"][0]["title"] == "charts"
    drawn = await ask.json("data/plugin/custom_scalars/scalars", run=run, tag="torch/loss")
    assert len(drawn["tag_to_events"]["torch/loss"]) == 3
    table = await ask.get("data/plugin/custom_scalars/download_data", **asked, format="csv")
    assert len(table.text.splitlines()) == 4
    experiment = await ask.post("data/plugin/hparams/experiment", json={"experimentName": ""})
    names = {info["name"] for info in experiment["hparamInfos"]}
    assert {"model/layer", "lr", "opt"} <= names, names
    order = {"experimentName": "", "sliceSize": 10, "colParams": [], "allowedStatuses": []}
    order["allowedStatuses"] = ["STATUS_UNKNOWN", "STATUS_RUNNING", "STATUS_SUCCESS", "STATUS_FAILURE"]
    groups = (await ask.post("data/plugin/hparams/session_groups", json=order))["sessionGroups"]
    assert {"adam"} <= {group["hparams"].get("opt") for group in groups}
    metric = {"experimentName": "", "sessionName": board.run, "metricName": {"group": "", "tag": "train/loss"}}
    assert await ask.post("data/plugin/hparams/metric_evals", json=metric)
    request = json.dumps(order)
    await ask.get("data/plugin/hparams/download_data", format="csv", columnsVisibility="[true]", request=request)
