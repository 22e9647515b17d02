"""The user guide's callback: `on_train_epoch_end(self, trainer, pl_module, result)`, as Lightning before 1.3 called it.

Later versions pass no third argument, and such a callback would end the training with a TypeError. `allow_result`,
called by `mlsteam.init`, gives that parameter a default of None, in Lightning as it is or as soon as it is imported.
Guarantees that nothing else of Lightning changes.
"""

import inspect
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any

_MODULES = ("lightning.pytorch.callbacks.callback", "pytorch_lightning.callbacks.callback")
_HOOK = "on_train_epoch_end"


def _relax(kind: type) -> None:
    function = vars(kind).get(_HOOK)
    if not isinstance(function, FunctionType) or function.__defaults__:
        return
    needed = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if len(needed) == 4:
        function.__defaults__ = (None,)


def _relax_all(kind: Any) -> None:
    for below in kind.__subclasses__():
        _relax(below)
        _relax_all(below)


def _patch(module: ModuleType) -> None:
    base: Any = getattr(module, "Callback", None)
    if base is None or "__init_subclass__" in vars(base):
        return
    if len(inspect.signature(getattr(base, _HOOK)).parameters) != 3:
        # A version that passes the outputs itself.
        return
    _relax_all(base)

    def init_subclass(cls: Any, /, **arguments: Any) -> None:
        super(base, cls).__init_subclass__(**arguments)
        _relax(cls)

    base.__init_subclass__ = classmethod(init_subclass)


class _Finder:
    """Waits for the import of the module, lets the others find it, and patches what they loaded.

    Not a MetaPathFinder by name: the module that has that class takes a twentieth of the time of `import mlsteam`.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _MODULES:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find and finder is not self else None
            if spec is not None and spec.loader is not None:
                spec.loader.exec_module = _patched(spec.loader.exec_module)
                found: ModuleSpec = spec
                return found
        return None


def _patched(load: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    def exec_module(module: ModuleType) -> None:
        load(module)
        _patch(module)

    return exec_module


def allow_result() -> None:
    """Let the guide's callback run in today's Lightning."""
    for name in _MODULES:
        if name in sys.modules:
            _patch(sys.modules[name])
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
