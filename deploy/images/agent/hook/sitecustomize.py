"""Lets the Pythons of a job's command import `mlsteam`, behind everything that their image has.

Read by Python at its start, because the agent puts this folder on PYTHONPATH. That variable itself would put packages
before the image's own. A sitecustomize of the image is read as well.
"""

import importlib.machinery
import importlib.util
import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))


def _read_own() -> None:
    others = [path for path in sys.path if os.path.abspath(path or ".") != _here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


try:
    import mlsteam_paths

    sys.path += [folder for folder in mlsteam_paths.folders() if folder not in sys.path]
finally:
    _read_own()
