"""The files of the agent's image, of this checkout, for the Python that runs the tests."""

import importlib.util
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
_NEEDED = ("click", "markdown_it", "mdurl", "msgspec", "psutil", "pygments", "rich", "urllib3", "yaml", "_yaml")


def make_image(folder: Path) -> Path:
    """Lay out the files as deploy/images/agent/collect.py does, but for the packages, which are this environment's."""
    agent = ROOT / "deploy" / "images" / "agent"
    folder.mkdir()
    for program in (agent / "start.py", agent / "fetch.py", ROOT / "services/src/services/jobs/launchers/prepare.py"):
        shutil.copy(program, folder)
    shutil.copytree(agent / "hook", folder / "hook")
    compiled = folder / "lib" / f"cp{sys.version_info[0]}{sys.version_info[1]}-gnu"
    compiled.mkdir(parents=True)
    anywhere = folder / "lib" / "any"
    anywhere.mkdir()
    for name in (*_NEEDED, "backports"):
        if (found := importlib.util.find_spec(name)) is not None and found.submodule_search_locations:
            (anywhere / name).symlink_to(next(iter(found.submodule_search_locations)))
    (anywhere / "mlsteam").symlink_to(ROOT / "client" / "src" / "mlsteam")
    return folder
