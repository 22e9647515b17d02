"""The first process of a job's pod: the `mlsteam` command, with the client that fits this image's Python.

Started by the pod: `start.py FILE ARGUMENTS`; the file becomes its standard input, the rest are `mlsteam`'s. Guarantees
that the command's own Python sees the agent's packages last, so that nothing of the image is replaced.
"""

import os
import signal
import sys


def _end_at_once(number: int, _frame: object) -> None:
    # Nothing has begun yet. Without this, process 1 would not hear that it is to stop while it imports.
    os._exit(128 + number)


def main() -> int:
    """Become the agent."""
    signal.signal(signal.SIGTERM, _end_at_once)
    here = os.path.dirname(os.path.abspath(__file__))
    hook = os.path.join(here, "hook")
    sys.path.insert(0, hook)
    import mlsteam_paths

    folders = mlsteam_paths.folders()
    if not folders:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        known = ", ".join(mlsteam_paths.known())
        sys.stderr.write(f"mlsteam: this image has Python {version}; the agent is for Python {known}.\n")
        return 126
    sys.path[0:1] = folders
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [hook, os.environ.get("PYTHONPATH", "")]))
    from mlsteam.cli.main import main as run

    with open(sys.argv[1], "rb") as told:
        os.dup2(told.fileno(), 0)
    return run(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
