"""The API of the cluster: strict creation, and lists that stay true by watching.

Called by launcher.py. Guarantees that whoever follows a kind of object sees every change that lasts, through cut
connections, silent ones, versions that are gone, and servers that are away.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx2
import msgspec
import structlog
from lightkube import ApiError, AsyncClient
from lightkube.core.resource import NamespacedResource

log = structlog.get_logger()

ResourceT = TypeVar("ResourceT", bound=NamespacedResource)
_GONE = 410
# The server ends a watch after this; one that is silent for longer has died without a word.
_WATCH_S = 240
_SILENT_S = _WATCH_S + 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 15.0


class Cluster(AsyncClient):
    """lightkube's client, and what it lacks."""

    async def create_strictly(self, made: ResourceT) -> ResourceT:
        """Create an object; a field that the server does not know is an error, not dropped. Raises: ApiError."""
        created: ResourceT = await self._client.request("post", obj=made, params={"fieldValidation": "Strict"})
        return created


@dataclass(frozen=True, slots=True)
class Listed(Generic[ResourceT]):
    """All there are; what was seen before and is not in it is gone."""

    items: list[ResourceT]


@dataclass(frozen=True, slots=True)
class Changed(Generic[ResourceT]):
    """One object that is new, changed or gone."""

    item: ResourceT
    is_gone: bool


class Follower(Generic[ResourceT]):
    """Follows one kind of object in one namespace."""

    def __init__(self, cluster: Cluster, kind: type[ResourceT], namespace: str, labels: dict[str, Any] | None) -> None:
        self._cluster, self._kind, self._namespace, self._labels = cluster, kind, namespace, labels
        self._version: str | None = None
        self._pause_s = _FIRST_PAUSE_S

    async def follow(self) -> AsyncIterator[Listed[ResourceT] | Changed[ResourceT]]:
        """Give a list, then changes, for ever; another list whenever changes may have been missed."""
        while True:
            try:
                if self._version is None:
                    yield await self._list()
                    self._pause_s = _FIRST_PAUSE_S
                async for change in self._watch():
                    self._pause_s = _FIRST_PAUSE_S
                    yield change
            except TimeoutError:
                log.info("kubernetes_watch_silent", kind=self._kind.__name__)
            except (httpx2.HTTPError, msgspec.MsgspecError) as error:
                if _code_of(error) == _GONE:
                    log.info("kubernetes_version_gone", kind=self._kind.__name__)
                    self._version = None
                    continue
                log.warning("kubernetes_watch_broke", kind=self._kind.__name__, error=str(error)[:500])
                # Not all replicas at the same moment.
                await asyncio.sleep(self._pause_s * random.uniform(0.5, 1))  # noqa: S311 (not a secret)
                self._pause_s = min(_LONGEST_PAUSE_S, self._pause_s * 2)

    async def _list(self) -> Listed[ResourceT]:
        # lightkube's overloads cannot follow a type that is a parameter.
        pages: Any = self._cluster.list(self._kind, namespace=self._namespace, labels=self._labels)
        items = [item async for item in pages]
        self._version = pages.resourceVersion
        return Listed(items)

    async def _watch(self) -> AsyncIterator[Changed[ResourceT]]:
        changes: Any = self._cluster.watch(
            self._kind,
            namespace=self._namespace,
            labels=self._labels,
            server_timeout=_WATCH_S,
            resource_version=self._version,
        )
        try:
            while True:
                async with asyncio.timeout(_SILENT_S):
                    what, item = await anext(changes)
                self._version = item.metadata.resourceVersion
                yield Changed(item, is_gone=what == "DELETED")
        finally:
            await changes.aclose()


def _code_of(error: Exception) -> int:
    if isinstance(error, ApiError):
        return error.status.code or 0
    return error.response.status_code if isinstance(error, httpx2.HTTPStatusError) else 0
