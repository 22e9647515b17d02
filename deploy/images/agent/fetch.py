"""Brings a job's code into its pod: `fetch.py PLAN`, the plan of prepare.py as a file.

Run by the pod in the agent's own image, which has Python and git. An uploaded archive comes from Track, with the job's
token. On failure the last line says why, and the pod shows it.
"""

import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path


def fetch(target: Path) -> None:
    """Fetch the archive of the job's code. Raises: OSError."""
    base, track = os.environ["MLSTEAM_BACKEND"].rstrip("/"), os.environ["MLSTEAM_TRACK_ID"]
    headers = {"Authorization": f"Bearer {os.environ['MLSTEAM_API_TOKEN']}"}
    request = urllib.request.Request(f"{base}/api/v3/tracks/{track}/job/code", headers=headers)  # noqa: S310 (ours)
    with urllib.request.urlopen(request, timeout=60) as answer, target.open("wb") as file:  # noqa: S310 (ours)
        shutil.copyfileobj(answer, file)


def main() -> int:
    """Run as a program."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:0] = [here, os.path.join(here, "hook")]
    import mlsteam_paths

    sys.path += mlsteam_paths.folders()
    import prepare

    plan = json.loads(Path(sys.argv[1]).read_text())
    Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)
    if plan["code"]["kind"] == "archive":
        try:
            fetch(Path(plan["archive"]))
        except urllib.error.HTTPError as error:
            sys.stderr.write(f"Track does not give the archive: HTTP {error.code}.\n")
            return 1
        except OSError as error:
            sys.stderr.write(f"Track cannot be reached at {os.environ['MLSTEAM_BACKEND']}: {error}\n")
            return 1
    sys.argv[1:] = [json.dumps(plan)]
    return prepare.main()


if __name__ == "__main__":
    sys.exit(main())
