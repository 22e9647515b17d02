"""What tb-proxy holds open while it runs.

Shutdown order: uvicorn stops accepting and waits for requests in flight; the loops stop; every TensorBoard ends and
its folder is removed; the zygote ends; the pool closes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from services.core.supervise import Supervisor
from services.storage.blobs import BlobStore
from services.storage.database import Database
from tb_proxy.page.bundle import Bundle
from tb_proxy.processes.forked import ForkedSpawner
from tb_proxy.processes.registry import Registry
from tb_proxy.processes.stock import StockSpawner
from tb_proxy.settings import TbMode, TbProxySettings

_SPAWNERS: dict[TbMode, type[ForkedSpawner] | type[StockSpawner]] = {
    TbMode.FORK: ForkedSpawner,
    TbMode.PROCESS: StockSpawner,
}


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything a route may use."""

    database: Database
    registry: Registry
    bundle: Bundle
    supervisor: Supervisor | None


@asynccontextmanager
async def open_resources(settings: TbProxySettings) -> AsyncIterator[Resources]:
    """Open everything, run the reaper, and close in reverse."""
    async with AsyncExitStack() as stack:
        database = Database.from_settings(settings)
        stack.push_async_callback(database.close)
        spawner = _SPAWNERS[settings.tb_mode](
            database,
            BlobStore(settings.blob_url),
            refresh_s=settings.tb_proxy_refresh_s,
            max_upload_bytes=settings.tb_proxy_max_upload_bytes,
        )
        stack.push_async_callback(spawner.close)
        registry = Registry(
            spawner,
            max_children=settings.tb_proxy_max_children,
            idle_s=settings.tb_proxy_idle_s,
            start_timeout_s=settings.tb_proxy_start_timeout_s,
        )
        stack.push_async_callback(registry.close)
        loops = Supervisor().running(reaper=registry.run, zygote=spawner.run)
        supervisor = await stack.enter_async_context(loops)
        bundle = await asyncio.to_thread(Bundle)
        yield Resources(database, registry, bundle, supervisor)
