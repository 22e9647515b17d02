"""Config values as TensorBoard's hyperparameters: their domains, and the runs that have them. Pure.

Called by provider.py. TensorBoard leaves filtering and sorting to whoever gives the data.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tensorboard.data import provider
from tensorboard.plugins.hparams import metadata

Value = bool | int | float | str
_Domain = provider.HyperparameterDomainType
# A domain of more values is not a list to choose from.
_MAX_DOMAIN = 200


def of_event_files(tensors: Mapping[str, Any]) -> dict[str, dict[str, Value]]:
    """Return what `add_hparams` has written, by run, from the tensors that the plugin's data server lists.

    TensorBoard would read it by itself, and then show nothing of the runs that have none of it.
    """
    found: dict[str, dict[str, Value]] = {}
    for run, tags in tensors.items():
        if (series := tags.get(metadata.SESSION_START_INFO_TAG)) is not None:
            info = metadata.parse_session_start_info_plugin_data(series.plugin_content)
            found[run] = {
                name: getattr(value, kind) for name, value in info.hparams.items() if (kind := value.WhichOneof("kind"))
            }
    return found


def _domain_of(values: Sequence[Value]) -> tuple[Any, Any]:
    if all(isinstance(value, bool) for value in values):
        return _Domain.DISCRETE_BOOL, sorted({bool(value) for value in values})
    # TensorBoard answers with an error for all of them when one is NaN or infinite: such a name is shown as words.
    if all(isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) for value in values):
        numbers = sorted({float(value) for value in values})
        if len(numbers) > _MAX_DOMAIN:
            return _Domain.INTERVAL, (numbers[0], numbers[-1])
        return _Domain.DISCRETE_FLOAT, numbers
    return _Domain.DISCRETE_STRING, sorted({str(value) for value in values})[:_MAX_DOMAIN]


class Hyperparameters:
    """Config values by run."""

    def __init__(self, by_run: Mapping[str, Mapping[str, Value]]) -> None:
        self._by_run = {run: configs for run, configs in by_run.items() if configs}
        names = sorted({name for configs in self._by_run.values() for name in configs})
        self._domains = {
            name: _domain_of([configs[name] for configs in self._by_run.values() if name in configs]) for name in names
        }

    def describe(self, limit: int | None) -> provider.ListHyperparametersResult:
        """Return all names with their domains, those that differ between runs first."""
        described = [
            provider.Hyperparameter(name, name, kind, domain, differs=len(domain) > 1)
            for name, (kind, domain) in self._domains.items()
        ]
        described.sort(key=lambda found: not found.differs)
        return provider.ListHyperparametersResult(described[: limit or None], self.read((), (), None))

    def read(
        self, filters: Iterable[Any], sort: Sequence[Any], names: Iterable[str] | None
    ) -> list[provider.HyperparameterSessionGroup]:
        """Return one group for each run that passes all filters."""
        wanted = set(self._domains if names is None else names)
        wanted |= {entry.hyperparameter_name for entry in (*filters, *sort)}
        runs = [run for run in self._by_run if all(self._passes(run, one) for one in filters)]
        for order in reversed(sort):
            name = order.hyperparameter_name
            is_descending = order.sort_direction is provider.HyperparameterSortDirection.DESCENDING
            having = [run for run in runs if self._value(run, name) is not None]
            having.sort(key=lambda run, name=name: self._value(run, name), reverse=is_descending)  # type: ignore[misc]
            runs = having + [run for run in runs if self._value(run, name) is None]
        return [self._group(run, wanted) for run in runs]

    def _value(self, run: str, name: str) -> Any:
        value = self._by_run[run].get(name)
        if value is None or name not in self._domains:
            return None
        match self._domains[name][0]:
            case _Domain.DISCRETE_BOOL:
                return bool(value)
            case _Domain.DISCRETE_STRING:
                return str(value)
        return float(value)

    def _passes(self, run: str, asked: Any) -> bool:
        value = self._value(run, asked.hyperparameter_name)
        match asked.filter_type:
            case provider.HyperparameterFilterType.REGEX:
                return re.search(asked.filter, "" if value is None else str(value)) is not None
            case provider.HyperparameterFilterType.INTERVAL:
                low, high = asked.filter
                return isinstance(value, float) and low <= value <= high
        return value in asked.filter

    def _group(self, run: str, names: set[str]) -> provider.HyperparameterSessionGroup:
        session = provider.HyperparameterSessionRun(experiment_id="", run=run)
        values = [
            provider.HyperparameterValue(name, self._domains[name][0], self._value(run, name))
            for name in self._by_run[run]
            if name in names
        ]
        return provider.HyperparameterSessionGroup(root=session, sessions=[session], hyperparameter_values=values)
