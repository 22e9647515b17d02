"""NVIDIA GPUs through NVML, when the package `nvidia-ml-py` and a driver are there.

Called by system.py. Guarantees an empty answer where there is none.
"""

import importlib
from typing import Any


class Gpus:
    """The GPUs of this machine."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[Any] = []
        try:
            nvml = importlib.import_module("pynvml")
        except ImportError:
            return
        try:
            nvml.nvmlInit()
            self._handles = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount())]
        except nvml.NVMLError:
            # The package without a driver.
            return
        self._nvml = nvml

    def facts(self) -> dict[str, Any]:
        """Return the name and memory of each GPU, and the driver's version."""
        nvml, found = self._nvml, {}
        for number, handle in enumerate(self._handles):
            memory = self._ask("nvmlDeviceGetMemoryInfo", handle)
            name = self._ask("nvmlDeviceGetName", handle)
            found[str(number)] = {
                "name": name.decode() if isinstance(name, bytes) else str(name),
                "memory_bytes": int(memory.total) if memory else 0,
            }
        return {"gpu": found | {"driver": str(nvml.nvmlSystemGetDriverVersion())}} if found else {}

    def sample(self) -> dict[str, float]:
        """Return what each GPU does now; what a model does not tell is left out."""
        values: dict[str, float] = {}
        for number, handle in enumerate(self._handles):
            if load := self._ask("nvmlDeviceGetUtilizationRates", handle):
                values[f"gpu/{number}/percent"] = float(load.gpu)
            if memory := self._ask("nvmlDeviceGetMemoryInfo", handle):
                values[f"gpu/{number}/memory_bytes"] = float(memory.used)
            if (heat := self._ask("nvmlDeviceGetTemperature", handle, 0)) is not None:
                values[f"gpu/{number}/celsius"] = float(heat)
            if (power := self._ask("nvmlDeviceGetPowerUsage", handle)) is not None:
                values[f"gpu/{number}/watts"] = power / 1000
        return values

    def _ask(self, name: str, *arguments: Any) -> Any:
        try:
            return getattr(self._nvml, name)(*arguments)
        except self._nvml.NVMLError:
            return None
