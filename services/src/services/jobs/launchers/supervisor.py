"""The parent of everything that a local job starts: runs its steps and its agent, ends them, says how it went.

A program of its own that needs only the standard library (`python -m services.jobs.launchers.supervisor`, the plan as
JSON on stdin, so that no secret is on a disk or a command line). It outlives the runner. Guarantees that nothing that
descends from it is left when its last event is written: processes that lose their parents become its children.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Any

from services.jobs.launchers import processes
from services.jobs.launchers.limits import Watch, limited

EVENTS, STOP, PID = "events.jsonl", "stop.json", "pid.json"
_PR_SET_CHILD_SUBREAPER = 36
_EVERY_S = 0.1
# How long the agent may send after all else is dead, when somebody waits for the stop; the rest is sent afterwards.
_AGENT_S = 3.0
# What a command that has ended by itself left running is asked to end, and ended after this.
_LEFT_S = 2.0
_LOOK_EVERY_S = 0.5
_MAX_NOTES = 50
_MAX_CHARS = 900


class Supervisor:
    """One job."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._state = Path(plan["state_dir"])
        self._process: subprocess.Popen[bytes] | None = None
        self._is_agent = self._has_begun = False
        self._stop_at: float | None = None
        self._grace_s = 0.0
        self._signal = ""
        self._watch = Watch(plan["limits"])
        self._n_notes = 0
        self._last_words: deque[str] = deque(maxlen=20)

    def tell(self, phase: str, cause: str, **more: Any) -> None:
        """Write an event; the launcher reads them in their order, now or after a restart."""
        line = json.dumps({"phase": phase, "cause": cause[:_MAX_CHARS], "at": time.time(), **more}) + "\n"
        descriptor = os.open(self._state / EVENTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def run(self) -> None:
        """Do all steps, then the agent, until all of it has ended."""
        if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            self.tell("ended", "this system cannot keep a job's processes together", reason="NoSubreaper")
            return
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # Stopping is asked for by a file, which survives whoever asks.
            signal.signal(number, signal.SIG_IGN)
        for step in self._plan["steps"]:
            if self._look_for_stop():
                self._end("stopped before the command began", None)
                return
            self.tell("starting", step["note"])
            code = self._run(step)
            if code != 0 and self._stop_at is None:
                why = self._last_words[-1] if self._last_words else f"exit code {code}"
                self._end(f"{step['name']}: {why}", None, reason="PrepareFailed")
                return
        if self._look_for_stop():
            self._end("stopped before the command began", None)
            return
        self._is_agent = True
        self._end("", self._run(self._plan["agent"]))

    def _end(self, cause: str, code: int | None, **more: Any) -> None:
        left = self._end_all_left()
        exit_code = None if code is None else 128 - code if code < 0 else code
        # What is printed while it is stopped, or before it has begun, is no sign of a limit.
        said_by_command = self._last_words if self._has_begun and not self._signal else ()
        if by_limit := self._watch.ending(exit_code, said_by_command):
            cause, more["reason"] = by_limit
        # Only the agent's own words: those of the command may hold what no history should.
        said = "" if not exit_code or self._has_begun else self._why()
        self.tell("ended", cause, exit_code=exit_code, signal=self._signal, n_left=left, said=said, **more)

    def _why(self) -> str:
        # What the client says of itself ("mlsteam: track ...") is seldom the reason.
        words = [line for line in self._last_words if not line.startswith("mlsteam:")] or list(self._last_words)
        return words[-1] if words else ""

    def _run(self, step: dict[str, Any]) -> int:
        self._last_words.clear()
        try:
            self._process = process = self._spawn(step)
        except OSError as error:
            self._last_words.append(f"{step['argv'][0]} cannot be started: {error.strerror}")
            return 127
        readers = self._listen(process)
        if (told := step.get("stdin")) is not None and process.stdin is not None:
            threading.Thread(target=self._give, args=(process.stdin, told), daemon=True).start()
        code, looked_at = None, 0.0
        while code is None:
            code = self._reap(process.pid)
            if code is not None:
                break
            if self._is_agent and not self._has_begun and _has_child(process.pid):
                self._has_begun = True
                self.tell("running", "the command has begun", pid=process.pid)
            self._look_for_stop()
            self._press_on()
            if time.monotonic() - looked_at > _LOOK_EVERY_S:
                looked_at = time.monotonic()
                if self._is_agent:
                    self._watch.look(process.pid)
            time.sleep(_EVERY_S)
        process.returncode = code
        for reader in readers:
            reader.join(0.5)
        return code

    def _spawn(self, step: dict[str, Any]) -> "subprocess.Popen[bytes]":
        user = self._plan.get("user") or {}
        return subprocess.Popen(  # noqa: S603 (the user's own command, as its own arguments)
            limited(step["argv"], self._plan["limits"]) if self._is_agent else step["argv"],
            env=step["env"],
            cwd=step["cwd"],
            stdin=subprocess.PIPE if "stdin" in step else subprocess.DEVNULL,
            # The agent keeps what the command prints; its own copy goes nowhere.
            stdout=subprocess.DEVNULL if self._is_agent else subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            umask=0o077,
            **user,
        )

    def _listen(self, process: "subprocess.Popen[bytes]") -> list[threading.Thread]:
        pipes = [(process.stdout, True), (process.stderr, False)]
        readers = [
            threading.Thread(target=self._read, args=(pipe, is_progress), daemon=True)
            for pipe, is_progress in pipes
            if pipe is not None
        ]
        for reader in readers:
            reader.start()
        return readers

    def _read(self, pipe: IO[bytes], is_progress: bool) -> None:
        while line := pipe.readline(65_536):
            text = line.decode(errors="replace").strip()[:_MAX_CHARS]
            if text and is_progress and self._n_notes < _MAX_NOTES:
                self._n_notes += 1
                self.tell("starting", text)
            elif text:
                self._last_words.append(text)

    @staticmethod
    def _give(pipe: IO[bytes], text: str) -> None:
        try:
            pipe.write(text.encode())
            pipe.close()
        except BrokenPipeError:
            return

    @staticmethod
    def _reap(main: int) -> int | None:
        """Take in whatever has ended; return how the main process did, once it has."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if pid == 0:
                return None
            if pid == main:
                return os.waitstatus_to_exitcode(status)

    def _look_for_stop(self) -> bool:
        """Begin to stop once it is asked for."""
        if self._stop_at is None and (self._state / STOP).exists():
            told = json.loads((self._state / STOP).read_text())
            self._grace_s, self._stop_at = float(told["grace_s"]), time.monotonic()
            self._ask_to_end()
        return self._stop_at is not None

    def _ask_to_end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._signal = "SIGTERM"
        if not self._is_agent:
            processes.send(processes.descendants_of(os.getpid()), signal.SIGTERM)
            return
        # The agent passes it on to the command's group, once: a second one would mean "at once" to it.
        others = processes.descendants_of(os.getpid()) - {process.pid}
        groups = {process.pid} | {pid for pid in others if _parent_is(pid, process.pid)}
        processes.send([process.pid], signal.SIGTERM)
        processes.send((pid for pid in others if processes.group_of(pid) not in groups), signal.SIGTERM)

    def _press_on(self) -> None:
        """After the grace, kill all but the agent, which still has the last lines to send; then the agent."""
        process = self._process
        if self._stop_at is None or process is None:
            return
        late = time.monotonic() - self._stop_at - (self._grace_s if self._is_agent else min(self._grace_s, _LEFT_S))
        if late < 0:
            return
        others = processes.descendants_of(os.getpid()) - {process.pid}
        if others and processes.send(others, signal.SIGKILL):
            self._signal = "SIGKILL"
        if late > _AGENT_S or not self._is_agent:
            processes.send([process.pid], signal.SIGKILL)

    def _end_all_left(self) -> int:
        """End whatever descends from us and still runs; return how many there were."""
        left, deadline, count = processes.descendants_of(os.getpid()), time.monotonic() + _LEFT_S, 0
        if self._stop_at is not None:
            deadline = min(deadline, self._stop_at + self._grace_s)
        if left:
            count = processes.send(left, signal.SIGTERM)
        while left := processes.descendants_of(os.getpid()):
            if time.monotonic() > deadline:
                processes.send(left, signal.SIGKILL)
            self._reap(0)
            time.sleep(_EVERY_S)
        self._reap(0)
        return count


def _parent_is(pid: int, parent: int) -> bool:
    return processes.parent_of(pid) == parent


def _has_child(pid: int) -> bool:
    return any(_parent_is(other, pid) for other in processes.all_pids())


def main() -> None:
    """Run as a program."""
    plan = json.loads(sys.stdin.read())
    me = {"pid": os.getpid(), "start": processes.start_of(os.getpid())}
    place = Path(plan["state_dir"]) / PID
    new = place.with_suffix(".new")
    new.write_text(json.dumps(me))
    new.replace(place)
    supervisor = Supervisor(plan)
    try:
        supervisor.run()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        supervisor.tell("ended", f"the supervisor of the job failed: {type(error).__name__}", reason="SupervisorFailed")
        raise


if __name__ == "__main__":
    main()
