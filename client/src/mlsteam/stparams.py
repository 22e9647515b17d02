"""Hyperparameters from mlsteam.yml, which the platform writes for each combination.

Called by training code. Guarantees that a missing or unreadable file gives the default.
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NAME = "mlsteam.yml"


def _places() -> Iterator[Path]:
    yield Path.cwd() / _NAME
    yield Path.home() / _NAME
    yield Path.home() / "lab" / _NAME


def _read() -> dict[Any, Any]:
    yaml = importlib.import_module("yaml")
    for path in _places():
        if not path.is_file():
            continue
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            sys.stderr.write(f"mlsteam: {path} cannot be read, defaults are used: {error}\n")
            return {}
        params = content.get("params") if isinstance(content, dict) else None
        return params if isinstance(params, dict) else {}
    return {}


def get_value(name: str, default: Any = None) -> Any:
    """Return the value of a hyperparameter; of a list of choices the first one."""
    value = _read().get(name, default)
    if isinstance(value, list):
        return value[0] if value else default
    return value
