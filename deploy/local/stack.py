"""The embedded stack: `stack.py run` in the foreground, `up` and `down` in the background.

Called by the Makefile. Guarantees that one stack runs per run folder, and that it stops in order: jobs, gateway,
services, PostgreSQL.
"""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import httpx2
import psutil
from ports import taken_ports
from postgres import EmbeddedPostgres
from processes import Runner, Service, ServiceFailed, start_child, stop_child
from sample_lab import SampleFailed, submit_sample
from settings import MODULES, StackSettings, read_settings

HERE = Path(__file__).resolve().parent
_LOOK_S = 1.0
_PROJECT = "demo"
# Fifteen seconds of grace for those that do not listen, and what it takes to end them.
_JOBS_GRACE_S = 30.0


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


def bootstrap(environment: dict[str, str], *options: str) -> dict[str, str]:
    """Return a fresh sign-in link (and an API token, without --link-only)."""
    command = [sys.executable, "-m", "services.accounts.bootstrap", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 (our own words)
    if done.returncode != 0:
        raise ServiceFailed(f"The sign-in link could not be made:\n{done.stderr}")
    made: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def claim(settings: StackSettings) -> IO[str] | None:
    """Return the lock of the run folder, or None when a running stack holds it."""
    settings.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (settings.run_dir / "stack.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def read_state(settings: StackSettings) -> dict[str, Any] | None:
    """Return what a running stack wrote about itself; None when its process is gone."""
    try:
        state: dict[str, Any] = json.loads(settings.state_file.read_text())
        # The pid alone could be somebody else's by now.
        is_same = abs(psutil.Process(state["pid"]).create_time() - state["started"]) < 1
    except (OSError, ValueError, KeyError, psutil.Error):
        return None
    return state if is_same else None


async def _until_gone(owner_pid: int | None, stop: asyncio.Event) -> None:
    """Ask for the stop when the process for which we run is gone, whether or not it could tell us."""
    if owner_pid is None:
        return
    with suppress(psutil.NoSuchProcess):
        owner = psutil.Process(owner_pid)
        # A zombie has ended; only its number is still there.
        while owner.is_running() and owner.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 (it is another's end)
            await asyncio.sleep(_LOOK_S)
    say(f"The process {owner_pid} that this stack was started for is gone.")
    stop.set()


class Stack:
    """Everything `make run` starts."""

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings
        self._postgres: EmbeddedPostgres | None = None
        self._runners: list[Runner] = []
        self._began = time.monotonic()

    async def run(self) -> int:
        """Start, serve until a signal or a failure, stop."""
        stop, signals = asyncio.Event(), 0

        def on_signal() -> None:
            nonlocal signals
            signals += 1
            stop.set()
            if signals > 1:
                say("Stopping at once.")
                self._kill()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, on_signal)
        code = 0
        try:
            work = asyncio.create_task(self._serve())
            waiter = asyncio.create_task(stop.wait())
            watch = asyncio.create_task(_until_gone(self._settings.owner_pid, stop))
            await asyncio.wait({work, waiter}, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
            watch.cancel()
            if not work.done():
                work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        except ServiceFailed as failure:
            say(f"\n{failure}\nEverything is being stopped.")
            code = 1
        finally:
            await self._stop()
        return code

    async def _serve(self) -> None:
        database_url = self._settings.database_url or await self._start_postgres()
        environment = self._settings.service_environment(database_url)
        await self._migrate(environment)
        self._runners = [Runner(service, self._settings.logs) for service in self._services(environment)]
        say("Starting the services ...")
        for runner in self._runners:
            await runner.start()
        making = asyncio.create_task(asyncio.to_thread(bootstrap, environment))
        # The gateway last: it passes the question on to a service, and would log each time that it is not there yet.
        *services, gateway = self._runners
        await asyncio.gather(making, *(runner.wait_ready() for runner in services))
        await gateway.wait_ready()
        made = making.result()
        await self._ensure_project(made["api_token"])
        self._write_run_env(made["api_token"])
        await self._start_sample(made["api_token"])
        self._announce(made["link"])
        async with asyncio.TaskGroup() as group:
            for runner in self._runners:
                group.create_task(self._watched(runner))
            group.create_task(self._keep_postgres())

    async def _watched(self, runner: Runner) -> None:
        try:
            await runner.keep_running()
        except ServiceFailed as failure:
            # Said here: a task group would wrap it.
            say(f"\n{failure}\nEverything is being stopped.")
            os.kill(os.getpid(), signal.SIGTERM)

    def _services(self, environment: dict[str, str]) -> list[Service]:
        ports = self._settings.ports
        services = [
            Service(name, (sys.executable, "-m", module), environment, "127.0.0.1", ports[name])
            for name, module in MODULES.items()
        ]
        upstreams = {f"MLSTEAM_GATEWAY_{name.replace('-', '_').upper()}_PORT": str(ports[name]) for name in ports}
        gateway = environment | upstreams | {"MLSTEAM_GATEWAY_HOST": self._settings.host}
        host = "127.0.0.1" if self._settings.host == "0.0.0.0" else self._settings.host  # noqa: S104 (compared, not bound)
        return [
            *services,
            Service("gateway", (sys.executable, str(HERE / "gateway.py")), gateway, host, ports["gateway"]),
        ]

    async def _start_postgres(self) -> str:
        say("Starting PostgreSQL ...")
        self._postgres = EmbeddedPostgres(self._settings.run_dir / "data" / "postgres")
        return await asyncio.to_thread(self._postgres.start)

    async def _keep_postgres(self) -> None:
        while self._postgres is not None:
            await asyncio.sleep(_LOOK_S)
            if not self._postgres.is_running():
                say("PostgreSQL ended; starting it again.")
                await asyncio.to_thread(self._postgres.start)

    async def _migrate(self, environment: dict[str, str]) -> None:
        say("Bringing the database to the newest schema ...")
        log = self._settings.logs / "migrate.log"
        process = await start_child((sys.executable, "-m", "services.storage.migrate"), environment, log)
        try:
            if await process.wait() != 0:
                raise ServiceFailed(f"The migration failed. See {log}:\n{log.read_text(errors='replace')[-2000:]}")
        finally:
            await stop_child(process)

    async def _ensure_project(self, token: str) -> None:
        """Make the project that `.run/env` names, so that a first script needs nothing but that file."""
        # Asked of track-api itself: the public address may be one that only browsers can reach.
        address = f"http://127.0.0.1:{self._settings.ports['track-api']}/api/v3/projects"
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as client:
            answer = await client.post(address, json={"name": _PROJECT, "description": "Made at the first start"})
        if answer.status_code not in {201, 409}:
            raise ServiceFailed(f"The project {_PROJECT!r} could not be made: {answer.text[:500]}")

    def _write_run_env(self, token: str) -> None:
        values = {"MLSTEAM_BACKEND": self._settings.public_url, "MLSTEAM_API_TOKEN": token, "MLSTEAM_PROJECT": _PROJECT}
        write_private(self._settings.run_dir / "env", "".join(f"export {k}={v}\n" for k, v in values.items()))

    async def _start_sample(self, token: str) -> None:
        marker = self._settings.run_dir / "data" / "sample-started"
        if not self._settings.with_sample or marker.exists():
            return
        address = f"http://127.0.0.1:{self._settings.ports['track-api']}/api/v3"
        try:
            n_jobs = await submit_sample(address, token, _PROJECT)
        except SampleFailed as failure:
            # A stack without its sample is still a stack.
            say(f"The sample could not be submitted: {failure}")
            return
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(time.strftime("%Y-%m-%dT%H:%M:%S%z\n"))
        say(f"The sample lab was submitted (once, in project {_PROJECT}): {n_jobs} trainings as jobs.")

    def _announce(self, link: str) -> None:
        me = psutil.Process()
        state = {"pid": me.pid, "started": me.create_time(), "address": self._settings.public_url}
        write_private(self._settings.state_file, json.dumps(state))
        seconds = time.monotonic() - self._began
        say(f"""
MLSteam Track is ready ({seconds:.1f} s).

    {self._settings.public_url}

Sign in once with this link:

    {link}

Scripts:  . {self._settings.run_dir / "env"}
Logs:     {self._settings.logs}
Stop:     Ctrl-C, or make down
""")

    async def _stop(self) -> None:
        self._settings.state_file.unlink(missing_ok=True)
        if self._runners or self._postgres:
            say("Stopping ...")
        # Jobs end first, while what they log to still listens.
        jobs = [runner for runner in self._runners if runner.service.name == "runner"]
        await asyncio.gather(*(runner.stop(grace_s=_JOBS_GRACE_S) for runner in jobs))
        gateway = [runner for runner in self._runners if runner.service.name == "gateway"]
        await asyncio.gather(*(runner.stop() for runner in gateway))
        await asyncio.gather(*(runner.stop() for runner in self._runners))
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.stop)
        say("Stopped.")

    def _kill(self) -> None:
        for runner in self._runners:
            runner.kill()
        if self._postgres is not None:
            self._postgres.kill()


def report_running(settings: StackSettings) -> int:
    """Say where the running stack is, with a fresh sign-in link."""
    deadline = time.monotonic() + 90
    while (state := read_state(settings)) is None:
        lock = claim(settings)
        if lock is not None:
            lock.close()
            say("The stack that was running has just ended; start it again.")
            return 1
        if time.monotonic() > deadline:
            say(f"Another start is under way and does not get ready; see {settings.logs}")
            return 1
        time.sleep(0.3)
    database_url = settings.database_url or _postgres_address(settings)
    environment = settings.service_environment(database_url) | {"MLSTEAM_PUBLIC_URL": state["address"]}
    link = bootstrap(environment, "--link-only")["link"]
    say(f"MLSteam Track is already running (pid {state['pid']}).\n\n    {state['address']}\n")
    say(f"Sign in once with this link:\n\n    {link}\n")
    return 0


def _postgres_address(settings: StackSettings) -> str:
    lines = (settings.run_dir / "data" / "postgres" / "postmaster.pid").read_text().splitlines()
    return f"postgresql://postgres:@/postgres?host={lines[4].strip()}"


def run(settings: StackSettings) -> int:
    """Run in the foreground until Ctrl-C."""
    lock = claim(settings)
    if lock is None:
        return report_running(settings)
    with lock:
        if taken := taken_ports(settings.host, settings.ports):
            say(
                "Cannot start: "
                + "; ".join(taken)
                + ".\nChoose another with MLSTEAM_PORT, for example: make run MLSTEAM_PORT=9080"
            )
            return 1
        return asyncio.run(Stack(settings).run())


def up(settings: StackSettings) -> int:
    """Start in the background; return when everything is ready."""
    lock = claim(settings)
    if lock is None:
        return report_running(settings)
    lock.close()
    log = settings.logs / "stack.log"
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 (our own words)
            [sys.executable, str(HERE / "stack.py"), "run"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    with log.open() as said:
        while True:
            # Looked at before reading, so that its last words are read too.
            is_ready, code = settings.state_file.exists(), child.poll()
            if text := said.read():
                sys.stdout.write(text)
                sys.stdout.flush()
            if code is not None:
                return code or 1
            if is_ready and "Stop:" in log.read_text():
                sys.stdout.write(said.read())
                return 0
            time.sleep(0.2)


def down(settings: StackSettings) -> int:
    """Stop the stack of this run folder and wait until it is gone."""
    state = read_state(settings)
    if state is None:
        say("nothing is running")
        return 0
    process = psutil.Process(state["pid"])
    process.terminate()
    try:
        process.wait(90)
    except psutil.TimeoutExpired:
        say("It does not end by itself; ending it at once.")
        process.terminate()
        process.wait(30)
    say("stopped")
    return 0


def link(settings: StackSettings) -> int:
    """Print a fresh sign-in link of the running stack."""
    if read_state(settings) is None:
        say("nothing is running")
        return 1
    return report_running(settings)


if __name__ == "__main__":
    actions = {"run": run, "up": up, "down": down, "link": link}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        sys.exit("usage: stack.py run|up|down|link")
    sys.exit(actions[sys.argv[1]](read_settings()))
