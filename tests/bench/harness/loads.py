"""What is sent: how many clients, keys and points a batch has, and in which form.

Read by the sections, which choose a load, and by the generator's process, which sends it.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Form = Literal["msgpack", "json", "mlflow"]


@dataclass(frozen=True, slots=True)
class Load:
    """Every client is one writer of one track of its own, with one batch in flight, as the real client is."""

    name: str
    clients: int
    keys: int
    points: int
    form: Form = "msgpack"
    # Points a second of all clients together; None sends as fast as answers come.
    rate: float | None = None
    # Of the values; trainings have float32, and full float64 noise is the worst case for whoever stores it.
    precision: Literal["float32", "float64"] = "float32"

    @property
    def batch_points(self) -> int:
        """Return the points of one batch."""
        return self.keys * self.points

    def sentence(self) -> str:
        """Say what is sent."""
        clients = f"{self.clients} clients x {self.keys:,} keys x {self.points:,} points"
        pace = "flat out" if self.rate is None else f"{self.rate / 1e6:g} M points/s"
        return f"{clients}, {self.form}, {pace}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the generator's process needs to know."""

    load: Load
    port: int
    token: str
    # One target a client: our track's id, or the other tool's run id.
    targets: list[str]
    warm_s: float
    seconds: float
    # Send exactly so many batches a client, each once, and end; no warm-up, nothing is probed.
    batches: int | None = None

    def to_plain(self) -> dict[str, Any]:
        """Return it as it travels to the generator."""
        return asdict(self)

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> "Plan":
        """Read what to_plain wrote."""
        return cls(**{**plain, "load": Load(**plain["load"])})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the generator found; latencies in seconds, of the batches answered in the counted time."""

    points: int
    batches: int
    seconds: float
    p50_s: float
    p99_s: float
    # Batches each client had acknowledged, warm-up and all.
    acked_batches: list[int]
    # Answers that asked to try again later.
    refused: int
    ran_out: bool
    wire_bytes_per_point: float
    cpu_s: float

    @property
    def points_a_second(self) -> float:
        """Return the rate in the counted time."""
        return self.points / self.seconds
