"""What tb-proxy holds open while it runs.

Shutdown order: uvicorn stops accepting and waits for requests in flight; the reaper stops; every TensorBoard ends and
its folder is removed; the pool closes.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from services.core.supervise import Supervisor
from services.storage.database import Database
from tb_proxy.processes.local import LocalSpawner
from tb_proxy.processes.registry import Registry
from tb_proxy.settings import TbProxySettings


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything a route may use."""

    database: Database
    registry: Registry
    supervisor: Supervisor | None


@asynccontextmanager
async def open_resources(settings: TbProxySettings) -> AsyncIterator[Resources]:
    """Open everything, run the reaper, and close in reverse."""
    async with AsyncExitStack() as stack:
        database = Database.from_settings(settings)
        stack.push_async_callback(database.close)
        registry = Registry(
            LocalSpawner(database, refresh_s=settings.tb_proxy_refresh_s),
            max_children=settings.tb_proxy_max_children,
            idle_s=settings.tb_proxy_idle_s,
            start_timeout_s=settings.tb_proxy_start_timeout_s,
        )
        stack.push_async_callback(registry.close)
        supervisor = await stack.enter_async_context(Supervisor().running(reaper=registry.run))
        yield Resources(database, registry, supervisor)
