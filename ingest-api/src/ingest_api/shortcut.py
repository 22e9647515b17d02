"""Batches, ours and those of the published client, go around the framework: it costs more than a small batch does.

Guarantees the same answers as the routes of the same addresses, which stay for the OpenAPI document and for requests
that are not as they should be: both run `post_batch` and `post_object`.
"""

import re
from functools import partial
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp

from ingest_api.routes import published
from ingest_api.routes.batches import post_batch
from services.accounts.access import Right
from services.web.auth import check_access
from services.web.shortcut import Shortcut

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# As the published client writes them; whatever else is there is the framework's to read, or to refuse.
_QUERY = {
    "bucket_name": re.compile(_UUID),
    "obj_path": re.compile(r".{0,4096}", re.DOTALL),
    "part_offset": re.compile(r"-1"),
    "part_size": re.compile(r"[0-9]{1,9}"),
}


async def _answer_batch(request: Request, found: re.Match[str]) -> Response:
    access = await check_access(request, UUID(found[1]), Right.WRITE)
    return await post_batch(request, access, request.app.state.resources)


async def _answer_object(request: Request, _found: re.Match[str]) -> Response | None:
    given = request.query_params.multi_items()
    asked = dict(given)
    is_plain = len(asked) == len(given) and {"bucket_name", "obj_path"} <= asked.keys() <= _QUERY.keys()
    if not (is_plain and all(_QUERY[name].fullmatch(text) for name, text in given)):
        return None
    size = asked.get("part_size")
    answer = await published.post_object(
        request,
        UUID(asked["bucket_name"]),
        asked["obj_path"],
        request.app.state.resources,
        -1 if "part_offset" in asked else None,
        None if size is None else int(size),
    )
    return JSONResponse(answer)


_batches = partial(
    Shortcut,
    methods=("POST",),
    path=re.compile(rf"/api/v3/ingest/tracks/({_UUID})/batches"),
    route="/api/v3/ingest/tracks/{track_id}/batches",
    answer=_answer_batch,
)
_objects = partial(
    Shortcut, methods=("POST",), path=re.compile(re.escape(published.PATH)), route=published.PATH, answer=_answer_object
)


def shortcuts(app: ASGIApp) -> ASGIApp:
    """Put both before an application."""
    return _batches(_objects(app))
