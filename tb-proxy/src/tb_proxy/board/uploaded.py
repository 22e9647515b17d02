"""What uploaded event files hold: the data server's answers, and the scalars that it leaves out among them.

Made by data_server.py, asked by provider.py.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from tensorboard.data import provider
from tensorboard.data.grpc_provider import GrpcDataProvider

from services.tensorboard.thinning import thin_out
from tb_proxy.board.wide_scalars import WideScalars

_SCALARS = "scalars"
_Points = list[provider.ScalarDatum]


class UploadedProvider(GrpcDataProvider):  # type: ignore[misc]  # TensorBoard has no types
    """The data server, and all scalars whatever their type."""

    def __init__(self, address: str, stub: Any, wide: WideScalars) -> None:
        super().__init__(address, stub)
        self._wide = wide

    def list_plugins(self, ctx: Any = None, **asked: Any) -> list[str]:
        """Return which tabs have something to show."""
        names: list[str] = super().list_plugins(ctx, **asked)
        return names if _SCALARS in names or not self._wide.lasts(None) else [*names, _SCALARS]

    def list_scalars(
        self, ctx: Any = None, *, plugin_name: str, run_tag_filter: Any = None, **asked: Any
    ) -> Mapping[str, Any]:
        """Return the series of numbers."""
        served: dict[str, Any] = super().list_scalars(
            ctx, plugin_name=plugin_name, run_tag_filter=run_tag_filter, **asked
        )
        for run, lasts in self._lasts(plugin_name, run_tag_filter).items():
            for tag, last in lasts.items():
                known = served.setdefault(run, {}).get(tag)
                served[run][tag] = provider.ScalarTimeSeries(
                    max_step=max(last.step, known.max_step) if known else last.step,
                    max_wall_time=max(last.wall_time, known.max_wall_time) if known else last.wall_time,
                    plugin_content=known.plugin_content if known else b"",
                    description=known.description if known else "",
                    display_name=known.display_name if known else "",
                )
        return served

    def read_scalars(
        self, ctx: Any = None, *, plugin_name: str, downsample: int, run_tag_filter: Any = None, **asked: Any
    ) -> Mapping[str, Any]:
        """Return points of series, as many as asked for at most."""
        asked |= {"plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        served: dict[str, Any] = super().read_scalars(ctx, downsample=downsample, **asked)
        wide = self._wide.points(run_tag_filter) if plugin_name == _SCALARS else {}
        for run, series in wide.items():
            known = served.setdefault(run, {})
            for tag, points in series.items():
                known[tag] = _thinned(_joined(known.get(tag, []), points), downsample)
        return served

    def read_last_scalars(
        self, ctx: Any = None, *, plugin_name: str, run_tag_filter: Any = None, **asked: Any
    ) -> Mapping[str, Any]:
        """Return the last point of series."""
        asked |= {"plugin_name": plugin_name, "run_tag_filter": run_tag_filter}
        served: dict[str, Any] = super().read_last_scalars(ctx, **asked)
        for run, lasts in self._lasts(plugin_name, run_tag_filter).items():
            known = served.setdefault(run, {})
            for tag, last in lasts.items():
                known[tag] = _joined([known[tag]] if tag in known else [], [last])[-1]
        return served

    def _lasts(self, plugin_name: str, where: Any) -> dict[str, dict[str, provider.ScalarDatum]]:
        return self._wide.lasts(where) if plugin_name == _SCALARS else {}


def _joined(some: _Points, others: _Points) -> _Points:
    # A series may change its type on the way.
    return sorted([*some, *others], key=lambda point: point.step) if some else others


def _thinned(points: _Points, limit: int) -> _Points:
    return [points[at] for at in thin_out(np.array([point.value for point in points]), limit)]
