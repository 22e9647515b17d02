"""The answering side of a child's channel: the few questions it may ask, about its own tracks only.

Called by forked.py, once a child. The child reads users' data and is not trusted: a question it makes up ends it, and
none can name a track.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import structlog

from services.configs.store import read_configs
from services.core.errors import ServiceError
from services.core.values import ValueType
from services.series.load import load_summaries
from services.series.source import SourceCache
from services.storage.database import Database
from services.tensorboard.runs import Run
from services.tensorboard.scalars import read_scalars, read_texts, whole_steps
from tb_proxy.board.channel import LENGTH

log = structlog.get_logger()

_MAX_QUESTION = 16 << 20
_MAX_POINTS = 20_000
# A page asks for many charts at once; the database serves other pages too.
_AT_ONCE = 4
_LONGEST_CONFIG = 1_000
# What the client notes by itself, of the code and the machine: no hyperparameters.
_NOTED_FOLDERS = ("source/", "system/")


class Question(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """One question: about which run, which keys, and how many points of each."""

    number: int
    what: str
    run: int = 0
    keys: list[str] = []
    limit: int = 1000


def _ended(tasks: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
    tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("tensorboard_answer_failed", exc_info=error)


class Answers:
    """Answers one child until it ends."""

    def __init__(
        self, database: Database, cache: SourceCache, runs: Sequence[Run], folders_of: Callable[[Run], list[str]]
    ) -> None:
        self._database = database
        self._cache = cache
        self._runs = runs
        self._folders_of = folders_of
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def serve(self, opened: socket.socket) -> None:
        """Answer until the child closes its side, or asks what nobody should."""
        reader, writer = await asyncio.open_connection(sock=opened)
        tasks: set[asyncio.Task[None]] = set()
        decoder = msgspec.msgpack.Decoder(Question)
        try:
            while True:
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if length > _MAX_QUESTION:
                    break
                question = decoder.decode(await reader.readexactly(length))
                task = asyncio.create_task(self._answer(question, writer))
                tasks.add(task)
                task.add_done_callback(partial(_ended, tasks))
        except (asyncio.IncompleteReadError, OSError):
            pass
        except msgspec.MsgspecError as error:
            log.error("tensorboard_bad_question", error=str(error)[:200])
        finally:
            for task in tasks:
                task.cancel()
            writer.close()

    async def _answer(self, question: Question, writer: asyncio.StreamWriter) -> None:
        content: Any = None
        problem = "Something went wrong on our side; it was logged."
        try:
            async with self._slots:
                content = await self._find(question)
            problem = ""
        except ServiceError as error:
            problem = error.detail
        finally:
            # Also when we have a bug: one question that meets it must not leave its thread waiting.
            message = msgspec.msgpack.encode([question.number, problem, content])
            with suppress(OSError):
                writer.write(LENGTH.pack(len(message)) + message)
                await writer.drain()

    async def _find(self, question: Question) -> Any:
        if question.what == "list":
            return [await self._list(run) for run in self._runs]
        if not 0 <= question.run < len(self._runs):
            raise IndexError(question.run)
        track_id = self._runs[question.run].track_id
        limit = min(max(question.limit, 1), _MAX_POINTS)
        async with self._database.read() as session:
            if question.what == "scalars":
                scalars = await read_scalars(session, self._cache, track_id, question.keys, limit)
                return {key: [s.steps.tobytes(), s.times.tobytes(), s.values.tobytes()] for key, s in scalars.items()}
            if question.what == "texts":
                return await read_texts(session, self._cache, track_id, question.keys, limit)
        raise ValueError(question.what[:40])

    async def _list(self, run: Run) -> dict[str, Any]:
        async with self._database.read() as session:
            summaries = await load_summaries(session, run.track_id)
            configs = await read_configs(session, run.track_id)
        scalars: dict[str, Any] = {}
        texts: dict[str, Any] = {}
        for key, held in summaries.items():
            given = float(held.n_points - 1) if held.step is None else held.step
            step = int(whole_steps(given))  # type: ignore[arg-type]  # numpy takes one number as well
            if held.type is ValueType.STR:
                texts[key] = [step, held.time]
            else:
                value = held.value if not isinstance(held.value, str) else float("nan")
                scalars[key] = [step, held.time, float(value)]
        return {
            "scalars": scalars,
            "texts": texts,
            "configs": {
                c.key: c.value[:_LONGEST_CONFIG] if isinstance(c.value, str) else c.value
                for c in configs
                if not c.key.startswith(_NOTED_FOLDERS)
            },
            "start": min((held.time for held in summaries.values()), default=0.0),
            "folders": self._folders_of(run),
        }
