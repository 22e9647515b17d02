"""Batches go around the framework. Guarantees the same answers as the route of the same address, which stays for the
OpenAPI document: both run `post_batch`.
"""

import re
from functools import partial
from uuid import UUID

from fastapi import Request, Response

from ingest_api.routes.batches import post_batch
from services.accounts.access import Right
from services.web.auth import check_access
from services.web.shortcut import Shortcut


async def _answer(request: Request, found: re.Match[str]) -> Response:
    access = await check_access(request, UUID(found[1]), Right.WRITE)
    return await post_batch(request, access, request.app.state.resources)


batches_shortcut = partial(
    Shortcut,
    methods=("POST",),
    path=re.compile(r"/api/v3/ingest/tracks/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/batches"),
    route="/api/v3/ingest/tracks/{track_id}/batches",
    answer=_answer,
)
