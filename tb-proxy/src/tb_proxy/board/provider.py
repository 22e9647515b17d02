"""Our own data provider: TensorBoard's questions answered from a track's stored series, without event files.

Called by TensorBoard's plugins in a child. Values stay float64; what was uploaded as event files is asked of the data
server and merged in, run by run.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
import numpy as np
from tensorboard.data import provider
from tensorboard.plugins.text import metadata as text_metadata

from tb_proxy.board.channel import AskFailedError, Channel
from tb_proxy.board.hyperparameters import Hyperparameters, of_event_files

_log = logging.getLogger(__name__)
_FRESH_S = 1.0
_TEXTS = 100
_POINTS = 1000
_SCALARS, _TEXT, _HPARAMS = "scalars", "text", "hparams"
_TEXT_CONTENT = text_metadata.create_summary_metadata("", "").plugin_data.content


class TrackProvider(provider.DataProvider):  # type: ignore[misc]  # TensorBoard has no types
    """All runs of one TensorBoard."""

    def __init__(
        self, channel: Channel, runs: Sequence[str], uploads: Callable[[], provider.DataProvider | None]
    ) -> None:
        self._channel = channel
        self._runs = list(runs)
        self._uploads = uploads
        self._lock = threading.Lock()
        self._listed: tuple[float, list[dict[str, Any]]] = (0.0, [])

    # What there is: one question for all runs, remembered for a moment, since a page asks it for each of its tabs.

    def _content(self) -> list[dict[str, Any]]:
        with self._lock:
            until, content = self._listed
            if time.monotonic() >= until:
                content = self._channel.ask("list")
                self._listed = (time.monotonic() + _FRESH_S, content)
            return content

    def _series(self, where: Any, *, is_text: bool) -> list[tuple[int, str, dict[str, list[Any]]]]:
        runs, tags = (where.runs, where.tags) if where else (None, None)
        found = []
        for index, (name, content) in enumerate(zip(self._runs, self._content(), strict=True)):
            if runs is not None and name not in runs:
                continue
            series = content["texts" if is_text else "scalars"]
            if tags is not None:
                series = {tag: series[tag] for tag in tags if tag in series}
            if series:
                found.append((index, name, series))
        return found

    def _merged(self, method: str, mine: dict[str, Any], ctx: Any, **asked: Any) -> dict[str, Any]:
        for run, tags in self._uploaded(method, {}, ctx, **asked).items():
            mine.setdefault(run, {}).update(tags)
        return mine

    def _uploaded(self, method: str, nothing: Any, ctx: Any, **asked: Any) -> Any:
        try:
            return nothing if (uploads := self._uploads()) is None else getattr(uploads, method)(ctx, **asked)
        except grpc.RpcError as error:
            # It ended, or is about to; it is started again, and our own series need not wait for it.
            _log.warning("The data server did not answer: %s", error)
            return nothing

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> provider.ExperimentMetadata:  # noqa: ARG002
        """Say nothing of where the data rests."""
        return provider.ExperimentMetadata(data_location="MLSteam Track")

    def list_plugins(self, ctx: Any = None, *, experiment_id: str) -> list[str]:
        """Return which tabs have something to show."""
        content = self._content()
        names = [_SCALARS] if any(run["scalars"] for run in content) else []
        names += [_TEXT] if any(run["texts"] for run in content) else []
        names += [_HPARAMS] if any(run["configs"] for run in content) else []
        uploaded = self._uploaded("list_plugins", [], ctx, experiment_id=experiment_id)
        return names + [name for name in uploaded if name not in names]

    def list_runs(self, ctx: Any = None, *, experiment_id: str) -> list[provider.Run]:
        """Return the runs: each track, and each folder of uploaded event files."""
        content = self._content()
        runs = [provider.Run(name, name, run["start"]) for name, run in zip(self._runs, content, strict=True)]
        known = set(self._runs)
        uploaded = self._uploaded("list_runs", [], ctx, experiment_id=experiment_id)
        runs += [run for run in uploaded if run.run_name not in known]
        known |= {run.run_name for run in runs}
        folders = [
            f"{name}/{folder}" for name, run in zip(self._runs, content, strict=True) for folder in run["folders"]
        ]
        return runs + [provider.Run(folder, folder, 0.0) for folder in folders if folder not in known]

    def list_scalars(
        self, ctx: Any = None, *, experiment_id: str, plugin_name: str, run_tag_filter: Any = None
    ) -> Mapping[str, Any]:
        """Return the series of numbers."""
        mine = {}
        if plugin_name == _SCALARS:
            for _, name, series in self._series(run_tag_filter, is_text=False):
                mine[name] = {
                    tag: provider.ScalarTimeSeries(
                        max_step=last[0], max_wall_time=last[1], plugin_content=b"", description="", display_name=""
                    )
                    for tag, last in series.items()
                }
        asked = {"experiment_id": experiment_id, "plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        return self._merged("list_scalars", mine, ctx, **asked)

    def read_scalars(
        self, ctx: Any = None, *, experiment_id: str, plugin_name: str, downsample: int | None = None,
        run_tag_filter: Any = None,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Return points of series, as many as asked for at most; each series' last point is among them."""
        mine = {}
        if plugin_name == _SCALARS:
            for index, name, series in self._series(run_tag_filter, is_text=False):
                read = self._channel.ask("scalars", index, list(series), downsample or _POINTS)
                mine[name] = {tag: _scalar_data(columns) for tag, columns in read.items()}
        asked = {"experiment_id": experiment_id, "plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        return self._merged("read_scalars", mine, ctx, downsample=downsample or _POINTS, **asked)

    def read_last_scalars(
        self, ctx: Any = None, *, experiment_id: str, plugin_name: str, run_tag_filter: Any = None
    ) -> Mapping[str, Any]:
        """Return the last point of series; the list holds it already."""
        mine = {}
        if plugin_name == _SCALARS:
            for _, name, series in self._series(run_tag_filter, is_text=False):
                mine[name] = {tag: provider.ScalarDatum(*last) for tag, last in series.items()}
        asked = {"experiment_id": experiment_id, "plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        return self._merged("read_last_scalars", mine, ctx, **asked)

    def list_tensors(
        self, ctx: Any = None, *, experiment_id: str, plugin_name: str, run_tag_filter: Any = None
    ) -> Mapping[str, Any]:
        """Return the series of texts."""
        mine: dict[str, Any] = {}
        if plugin_name == _HPARAMS:
            return mine  # they come with the hyperparameters
        if plugin_name == _TEXT:
            for _, name, series in self._series(run_tag_filter, is_text=True):
                mine[name] = {
                    tag: provider.TensorTimeSeries(
                        max_step=last[0], max_wall_time=last[1], plugin_content=_TEXT_CONTENT, description="",
                        display_name="",
                    )
                    for tag, last in series.items()
                }  # fmt: skip
        asked = {"experiment_id": experiment_id, "plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        return self._merged("list_tensors", mine, ctx, **asked)

    def read_tensors(
        self, ctx: Any = None, *, experiment_id: str, plugin_name: str, downsample: int | None = None,
        run_tag_filter: Any = None,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Return the newest texts of series."""
        mine = {}
        if plugin_name == _TEXT:
            for index, name, series in self._series(run_tag_filter, is_text=True):
                read = self._channel.ask("texts", index, list(series), min(downsample or _TEXTS, _TEXTS))
                mine[name] = {
                    tag: [provider.TensorDatum(s, t, np.array(text.encode(), dtype=object)) for s, t, text in points]
                    for tag, points in read.items()
                }
        asked = {"experiment_id": experiment_id, "plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        return self._merged("read_tensors", mine, ctx, downsample=downsample or _TEXTS, **asked)

    # Images, audio, graphs: only event files have them.

    def list_blob_sequences(
        self, ctx: Any = None, *, experiment_id: str, plugin_name: str, run_tag_filter: Any = None
    ) -> Mapping[str, Any]:
        """Return the sequences of blobs in event files."""
        asked = {"experiment_id": experiment_id, "plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        return self._merged("list_blob_sequences", {}, ctx, **asked)

    def read_blob_sequences(
        self, ctx: Any = None, *, experiment_id: str, plugin_name: str, downsample: int | None = None,
        run_tag_filter: Any = None,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Return references to blobs in event files."""
        asked = {"experiment_id": experiment_id, "plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        return self._merged("read_blob_sequences", {}, ctx, downsample=downsample or _TEXTS, **asked)

    def read_blob(self, ctx: Any = None, *, blob_key: str) -> bytes:
        """Return a blob of an event file."""
        uploads = self._uploads()
        if uploads is None:
            raise AskFailedError("there are no event files")
        blob: bytes = uploads.read_blob(ctx, blob_key=blob_key)
        return blob

    def list_hyperparameters(
        self,
        ctx: Any = None,
        *,
        experiment_ids: Sequence[str],  # noqa: ARG002
        limit: int | None = None,
    ) -> provider.ListHyperparametersResult:
        """Return the config values of all tracks with the values each takes."""
        return self._hyperparameters(ctx).describe(limit)

    def read_hyperparameters(
        self,
        ctx: Any = None,
        *,
        experiment_ids: Sequence[str],  # noqa: ARG002
        filters: Any = None,
        sort: Any = None,
        hparams_to_include: Any = None,
    ) -> list[provider.HyperparameterSessionGroup]:
        """Return the config values of each track, filtered and sorted."""
        return self._hyperparameters(ctx).read(filters or (), sort or (), hparams_to_include)

    def _hyperparameters(self, ctx: Any) -> Hyperparameters:
        by_run = dict(zip(self._runs, (run["configs"] for run in self._content()), strict=True))
        started = self._uploaded("list_tensors", {}, ctx, experiment_id="", plugin_name=_HPARAMS)
        by_run |= of_event_files(started)
        return Hyperparameters(by_run)


def _scalar_data(columns: Sequence[bytes]) -> list[provider.ScalarDatum]:
    steps, times, values = (
        np.frombuffer(c, kind).tolist() for c, kind in zip(columns, ("<i8", "<f8", "<f8"), strict=True)
    )
    return [provider.ScalarDatum(*point) for point in zip(steps, times, values, strict=True)]
