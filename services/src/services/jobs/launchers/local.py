"""Jobs as processes of this machine, each under a supervisor of its own that outlives the runner.

Called by the runner. A job's folder holds `state` (the runner's: what its supervisor says, what it is told) and `work`
(the job's: code, spool, home). Guarantees what launcher.py promises: a job is found again by its folder, its supervisor
by number and start time, and processes that have no supervisor any more by a variable they were started with.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog

from services.core.ids import new_id
from services.jobs.launchers import processes, steps
from services.jobs.launchers.events import report_of
from services.jobs.launchers.launcher import NoRoom, Order, Phase, Report
from services.jobs.launchers.left import Left, TokenOf
from services.jobs.launchers.plan import JOB_VARIABLE
from services.jobs.launchers.steps import Machine
from services.jobs.launchers.supervisor import EVENTS, PID, STOP

log = structlog.get_logger()

_LOOK_EVERY_S = 0.2
_LEAST_FREE_BYTES = 256 << 20


@dataclass(slots=True)
class _Watched:
    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    offset: int = 0
    is_over: bool = False
    pid: tuple[int, int] | None = None
    reports: list[Report] = field(default_factory=list)


class LocalLauncher:
    """Starts processes, watches them, stops them."""

    kind = "local"

    def __init__(self, folder: Path, machine: Machine, *, max_jobs: int, backend: str, token_of: TokenOf) -> None:
        self._folder, self._machine, self._left = folder, machine, Left(machine, backend, token_of)
        self._max_jobs = max_jobs
        self._known: dict[UUID, _Watched] = {}
        self._beginning: set[UUID] = set()
        (folder / "jobs").mkdir(parents=True, exist_ok=True)
        # Of each job only its own folder is open to it.
        (folder / "jobs").chmod(0o711)
        self._runner_id = _kept_id(folder / "runner_id")
        self._cleaning: set[asyncio.Task[None]] = set()

    @property
    def runner_id(self) -> UUID:
        """Return the id that is kept in the folder."""
        return self._runner_id

    @property
    def place(self) -> str:
        """Return the name of this machine."""
        return os.uname().nodename

    @property
    def max_jobs(self) -> int:
        """Return how many jobs may run here at once."""
        return self._max_jobs

    def _place_of(self, job_id: UUID) -> Path:
        return self._folder / "jobs" / str(job_id)

    async def start(self, order: Order) -> None:
        """Make the job's folder and start its supervisor. Raises: LaunchFailed, NoRoom."""
        place = self._place_of(order.job_id)
        if order.job_id in self._known or order.job_id in self._beginning:
            return
        if (place / "state").exists():
            self._known[order.job_id] = _Watched(place, pid=_read_pid(place))
            return
        self._beginning.add(order.job_id)
        try:
            await self._begin(order, place)
        finally:
            self._beginning.discard(order.job_id)

    async def _begin(self, order: Order, place: Path) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < _LEAST_FREE_BYTES:
            raise NoRoom(f"The disk of the job runner has only {free >> 20} MiB left.")
        plan = steps.supervisor_plan(order, place, self._machine)
        try:
            steps.make_folders(place, self._machine)
            if order.open_archive is not None:
                await _fetch(order.open_archive, place / "work" / steps.ARCHIVE)
            steps.hand_over(place, self._machine)
            process = await asyncio.to_thread(self._spawn, order.job_id, place, json.dumps(plan).encode())
            self._known[order.job_id] = _Watched(place, process)
        except OSError as error:
            raise NoRoom(f"The job's folder cannot be made: {error.strerror}.") from error
        finally:
            if order.job_id not in self._known:
                shutil.rmtree(place, ignore_errors=True)

    @staticmethod
    def _spawn(job_id: UUID, place: Path, plan: bytes) -> "subprocess.Popen[bytes]":
        with (place / "state" / "supervisor.log").open("wb") as said:
            process = subprocess.Popen(  # our own words
                [sys.executable, "-m", "services.jobs.launchers.supervisor"],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                cwd=place / "state",
                # Without what the runner knows: its database's password, for one.
                env={"PATH": steps.PATH, "LC_ALL": "C.UTF-8", JOB_VARIABLE: str(job_id)},
                start_new_session=True,
            )
        assert process.stdin is not None  # noqa: S101 (asked for)
        process.stdin.write(plan)
        process.stdin.close()
        return process

    async def watch(self) -> AsyncIterator[Report]:
        """Give what supervisors say, for ever; and of one that is gone without its last word, that its job is lost."""
        while True:
            for job_id, watched in list(self._known.items()):
                for report in await asyncio.to_thread(self._look, job_id, watched):
                    yield report
            await asyncio.sleep(_LOOK_EVERY_S)

    def _look(self, job_id: UUID, watched: _Watched) -> list[Report]:
        found, watched.reports = watched.reports, []
        if watched.is_over:
            return found
        # Looked at before reading: whatever it said before it ended is there then.
        is_alive = self._is_alive(watched)
        found += self._read(job_id, watched)
        if not is_alive and not watched.is_over:
            watched.is_over = True
            n_killed = _sweep(job_id)
            cause = "its supervisor is gone without a word; how the command ended will never be known"
            left = f"; {n_killed} of its processes were ended" if n_killed else ""
            found.append(Report(job_id, Phase.LOST, datetime.now(UTC), cause + left, "SupervisorGone"))
        return found

    @staticmethod
    def _is_alive(watched: _Watched) -> bool:
        if watched.process is not None:
            return watched.process.poll() is None
        return watched.pid is not None and processes.start_of(watched.pid[0]) == watched.pid[1]

    @staticmethod
    def _read(job_id: UUID, watched: _Watched) -> list[Report]:
        try:
            with (watched.folder / "state" / EVENTS).open("rb") as file:
                file.seek(watched.offset)
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            if line.endswith(b"\n"):
                watched.offset += len(line)
                found.append(report_of(job_id, json.loads(line)))
        watched.is_over = watched.is_over or any(report.phase is Phase.ENDED for report in found)
        return found

    async def adopt(self, job_ids: list[UUID]) -> None:
        """Find the supervisors of an earlier process's jobs; end and remove what belongs to none of them."""
        for job_id in job_ids:
            place = self._place_of(job_id)
            # From the first word on: the one that was being written down may have got lost with its listener.
            known = self._known.get(job_id)
            watched = self._known[job_id] = _Watched(place, known.process if known else None)
            if watched.process is not None:
                continue
            watched.pid = _read_pid(place)
            if watched.pid is None:
                await asyncio.to_thread(self._forget_unbegun, job_id, place)
                watched.is_over = True
                gone = "nothing of it was found when the job runner started again"
                watched.reports.append(Report(job_id, Phase.LOST, datetime.now(UTC), gone, "NotFound"))
        for place in (self._folder / "jobs").iterdir():
            if (found := _id_of(place)) is not None and found not in self._known and found not in self._beginning:
                log.info("folder_of_ended_job_found", job_id=str(found))
                task = asyncio.create_task(self._end_and_clean(found))
                self._cleaning.add(task)
                task.add_done_callback(self._cleaning.discard)

    @staticmethod
    def _forget_unbegun(job_id: UUID, place: Path) -> None:
        _sweep(job_id)
        shutil.rmtree(place, ignore_errors=True)

    async def _end_and_clean(self, job_id: UUID) -> None:
        await asyncio.to_thread(_sweep, job_id)
        await self.clean(job_id)

    async def stop(self, job_id: UUID, grace_s: float) -> None:
        """Tell the supervisor by a file; it needs nobody to be there while it does so."""
        place = self._place_of(job_id) / "state"
        if job_id not in self._known or not place.is_dir():
            cause, now = "stopped before anything began", datetime.now(UTC)
            watched = self._known.setdefault(job_id, _Watched(self._place_of(job_id), is_over=True))
            watched.reports.append(Report(job_id, Phase.ENDED, now, cause, signal="SIGTERM"))
            return
        if not (place / STOP).exists():
            new = place / f"{STOP}.new"
            new.write_text(json.dumps({"grace_s": grace_s, "at": time.time()}))
            new.replace(place / STOP)

    async def clean(self, job_id: UUID) -> None:
        """Send what the job has left in its spool, then remove its folder; what cannot be sent is kept."""
        place = self._place_of(job_id)
        spool = place / "work" / steps.SPOOL
        watched = self._known.get(job_id)
        if watched is not None and watched.process is not None:
            # It has said its last word, and ends.
            await asyncio.to_thread(watched.process.wait)
        if not await self._left.send(job_id, spool):
            kept = self._folder / "unsent" / str(job_id)
            kept.parent.mkdir(exist_ok=True)
            await asyncio.to_thread(shutil.move, spool, kept)
            log.error("records_of_job_unsent", job_id=str(job_id), folder=str(kept))
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
        self._known.pop(job_id, None)

    async def close(self) -> None:
        """Let go; supervisors go on."""
        for task in self._cleaning:
            task.cancel()


def _kept_id(path: Path) -> UUID:
    try:
        return UUID(path.read_text().strip())
    except (FileNotFoundError, ValueError):
        made = new_id()
        path.write_text(f"{made}\n")
        return made


def _id_of(place: Path) -> UUID | None:
    try:
        return UUID(place.name)
    except ValueError:
        return None


def _read_pid(place: Path) -> tuple[int, int] | None:
    try:
        told = json.loads((place / "state" / PID).read_text())
        return int(told["pid"]), int(told["start"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sweep(job_id: UUID) -> int:
    """Kill every process that was started for a job, as often as there are any; return how many there were."""
    count = 0
    for _ in range(50):
        found = processes.holding(JOB_VARIABLE, str(job_id))
        if not found:
            break
        count += processes.send(found, signal.SIGKILL)
        time.sleep(0.05)
    return count


async def _fetch(open_archive: Callable[[], AsyncIterator[bytes]], target: Path) -> None:
    with target.open("wb") as file:
        async for piece in open_archive():
            await asyncio.to_thread(file.write, piece)
