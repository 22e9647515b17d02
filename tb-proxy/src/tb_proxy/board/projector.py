"""TensorBoard's projector, which one run's bad or unfinished files do not take away from all others.

Used by child.py in place of TensorBoard's own, which gives up at the first file that it cannot read, and does not look
again: a job's configuration is there before its tensors, and may be written anew.
"""

import logging
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tensorboard.context import RequestContext
from tensorboard.plugins.projector import metadata
from tensorboard.plugins.projector.projector_plugin import LRUCache, ProjectorPlugin

_TENSORS = 1
_log = logging.getLogger(__name__)


class Projector(ProjectorPlugin):  # type: ignore[misc]  # TensorBoard has no types
    """The projector of one child."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._configs: dict[str, Any] = {}
        self._seen: object = None
        self._lock = threading.Lock()

    def _update_configs(self) -> None:
        runs = sorted(run.run_name for run in self.data_provider.list_runs(RequestContext(), experiment_id=""))
        with self._lock:
            seen = (runs, self._files())
            if seen != self._seen:
                self._run_paths = None
                self.tensor_cache = LRUCache(_TENSORS)
                super()._update_configs()
                self._seen = seen

    def _files(self) -> list[tuple[Path, int, int]]:
        # Tensors lie beside the configuration that names them.
        folders = [path.parent for path in Path(self.logdir).rglob(metadata.PROJECTOR_FILENAME)] if self.logdir else []
        found = []
        for path in sorted(path for folder in folders for path in folder.rglob("*")):
            with suppress(OSError):
                found.append((path, path.stat().st_size, path.stat().st_mtime_ns))
        return found

    def _read_latest_config_files(self, run_path_pairs: Any) -> tuple[dict[str, Any], dict[str, str]]:
        configs: dict[str, Any] = {}
        paths: dict[str, str] = {}
        for pair in run_path_pairs:
            try:
                found = super()._read_latest_config_files([pair])
            except Exception as error:  # noqa: BLE001  # whatever a user's file does to a parser
                _log.warning("The projector's configuration of %r cannot be read: %s", pair[0], error)
                continue
            configs |= found[0]
            paths |= found[1]
        return configs, paths

    def _augment_configs_with_checkpoint_info(self) -> None:
        kept: dict[str, Any] = {}
        for run, config in self._configs.items():
            self._configs = {run: config}
            try:
                super()._augment_configs_with_checkpoint_info()
            except Exception as error:  # noqa: BLE001  # as above
                _log.warning("Tensors of the projector in %r cannot be read: %s", run, error)
                continue
            kept |= self._configs
        self._configs = kept
