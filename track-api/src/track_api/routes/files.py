"""Files of a track, whole or in ranges, and never as part of the app: what users logged must not run as us."""

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.core.errors import BadKey, LeafNotFound, MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.core.keys import check_key, split_key
from services.files.model import TrackFile
from services.files.store import get_file
from services.web.auth import ReadableTrack
from services.web.problem import responses
from track_api.deps import CurrentResources, Reading

router = APIRouter(prefix="/tracks/{track_id}/files", tags=["files"])

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
# Types that a browser may show by itself without running anything; all others are offered for download.
_SHOWN = re.compile(r"image/(png|jpeg|gif|webp|avif|bmp)|audio/[\w.+-]+|video/[\w.+-]+|text/plain|application/json")
_HTML = re.compile(r"(text/html|application/xhtml\+xml)")
_PAGES = (".html", ".htm")
_ALONE = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
# A page that runs: without our origin, cookies, storage or any network, so it can neither read nor tell anything.
_RENDERED = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob: data:; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_RESPONSES = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, LeafNotFound, BadKey) | {
    200: {"description": "The whole file", "content": _BINARY},
    206: {"description": "The part that was asked for", "content": _BINARY},
    304: {"description": "You have this file already"},
    416: {"description": "The range lies outside the file"},
}


def _headers(file: TrackFile, *, is_download: bool, is_rendered: bool) -> dict[str, str]:
    name = split_key(file.key)[1]
    content_type = file.content_type.partition(";")[0].strip().lower()
    is_page = is_rendered and not is_download and bool(_HTML.fullmatch(content_type) or name.lower().endswith(_PAGES))
    shown = is_page or (_SHOWN.fullmatch(content_type) and not is_download)
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return {
        "etag": f'"{file.sha256}"',
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
        "content-security-policy": _RENDERED if is_page else _ALONE,
        "cross-origin-resource-policy": "same-origin",
        "content-disposition": (
            f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
        ),
        "content-type": "text/html; charset=utf-8" if is_page else file.content_type,
        "last-modified": file.uploaded_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def _range(headers: Mapping[str, str], file: TrackFile) -> tuple[int, int] | None:
    """Return the bytes asked for as [start, end), None for all; an impossible range is (-1, -1)."""
    match = _RANGE.fullmatch(headers.get("range", "").strip())
    if match is None or match[0] == "bytes=-":
        return None
    if (known := headers.get("if-range")) and known != f'"{file.sha256}"':
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, file.size_bytes - int(last)), file.size_bytes
    else:
        start, end = int(first), min(int(last) + 1 if last else file.size_bytes, file.size_bytes)
    return (start, end) if start < end else (-1, -1)


@router.api_route("/{key:path}", methods=["HEAD"], include_in_schema=False)
@router.get("/{key:path}", responses=_RESPONSES, response_class=StreamingResponse)
async def get_file_content(
    request: Request,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    key: Annotated[str, Path(max_length=2000)],
    download: Annotated[bool, Query(description="Offer it for saving, whatever its type")] = False,
    rendered: Annotated[bool, Query(description="Show HTML as a page, shut off from everything else")] = False,
) -> Response:
    """Answer with a file, or the range of it that was asked for."""
    file = await get_file(session, access.track_id, check_key(key))
    headers = _headers(file, is_download=download, is_rendered=rendered)
    known = {mark.strip().removeprefix("W/") for mark in request.headers.get("if-none-match", "").split(",")}
    if headers["etag"] in known or "*" in known:
        return Response(status_code=304, headers=headers)
    asked = _range(request.headers, file)
    if asked == (-1, -1):
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{file.size_bytes}"})
    start, end = asked or (0, file.size_bytes)
    headers["content-length"] = str(end - start)
    if asked:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    status = 206 if asked else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(resources.blobs.read(file.blob_id, start, end), status_code=status, headers=headers)
