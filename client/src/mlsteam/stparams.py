"""Hyperparameters from mlsteam.yml, which the platform writes for each combination.

Called by training code. Guarantees that a missing or unreadable file gives the default, and that what was read shows
under `parameters/` of the track.
"""

import contextlib
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlsteam import parameters

_NAME = "mlsteam.yml"
# YAML 1.1 takes 1e-3 for a text, because it has no point; every training means the number.
_EXPONENT = re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+")
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _places() -> Iterator[Path]:
    # A folder that was removed, a user without a home: there is no file then.
    with contextlib.suppress(OSError):
        yield Path.cwd() / _NAME
    with contextlib.suppress(RuntimeError):
        yield Path.home() / _NAME
        yield Path.home() / "lab" / _NAME


def _params(text: str) -> dict[str, Any]:
    """Return what stands under `params`, by its names as they are written: YAML takes `on` and `1` for no names."""
    yaml = importlib.import_module("yaml")
    loader: Any = type("_Loader", (yaml.SafeLoader,), {})
    loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(f"^{_EXPONENT.pattern}$"), list("-+0123456789"))
    parser = loader(text)
    try:
        root = parser.get_single_node()
        for name, node in root.value if isinstance(root, yaml.MappingNode) else ():
            if name.value == "params" and isinstance(node, yaml.MappingNode):
                parser.flatten_mapping(node)
                return {str(key.value): parser.construct_object(value, deep=True) for key, value in node.value}
        return {}
    finally:
        parser.dispose()


def _read() -> dict[str, Any]:
    error_type = importlib.import_module("yaml").YAMLError
    for path in _places():
        try:
            return _params(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # noqa: PERF203  # one of three files
            continue
        except (OSError, ValueError, RecursionError, error_type) as error:
            sys.stderr.write(f"mlsteam: {path} cannot be read, defaults are used: {error}\n")
            return {}
    return {}


def _like(value: Any, default: Any) -> Any:
    """Give a value the type of its default where it says the same; otherwise it stays as it stands."""
    try:
        if isinstance(default, bool):
            return _WORDS.get(str(value).lower(), value)
        if isinstance(default, float) and isinstance(value, int | str) and not isinstance(value, bool):
            return float(value)
        if isinstance(default, int) and isinstance(value, float | str):
            return int(value) if isinstance(value, str) or value.is_integer() else value
    except ValueError:
        return value
    return str(value) if isinstance(default, str) and isinstance(value, int | float) else value


def _chosen(value: Any, default: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else None
    # A name without a value is one that is not defined.
    return default if value is None else value


def get_value(name: str, default: Any = None) -> Any:
    """Return a hyperparameter, of a list of choices the first one, in the type of the default; it is recorded.

    The file is looked for in the working directory, the home directory, and `lab` in the home directory.
    """
    value = _like(_chosen(_read().get(name), default), default)
    parameters.note(name, value)
    return value


def all() -> dict[str, Any]:  # noqa: A001  # read as `stparams.all()`
    """Return all hyperparameters of the file by name; they are recorded. An empty dict without a file."""
    values = {name: _chosen(value, None) for name, value in _read().items()}
    for name, value in values.items():
        parameters.note(name, value)
    return values
