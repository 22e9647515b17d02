"""How long and how large a run is; the defaults are those of `make bench`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Read from the command line by run.py."""

    seconds: float = 5.0
    warm_s: float = 1.0
    transposer_s: float = 60.0
    runs: int = 50
    # 0 leaves the long series out.
    long_points: int = 50_000_000


def progress(sentence: str) -> None:
    """Tell whoever waits what is being done."""
    print(f"  .. {sentence}", flush=True)
