"""The page: the built single-page app, with every deep link answered by its index."""

import gzip
from functools import lru_cache
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException

from track_api.deps import CurrentResources

router = APIRouter(include_in_schema=False)

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; require-trusted-types-for 'script'; trusted-types default"
)
_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Track</title>
<p>The page has not been built. Run <code>make run</code>, or <code>npm ci &amp;&amp; npm run build</code> in
<code>frontend/</code>, then load this again. Looked in: <code>{folder}</code></p>"""

_PACKED = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@lru_cache(maxsize=500)
def _pack(file: Path, _changed_ns: int) -> bytes:
    # The page is a megabyte and a half, of which a visit needs a third: packed once, kept in memory.
    return gzip.compress(file.read_bytes(), 9)


def _codings(request: Request) -> set[str]:
    """Return the content codings that the browser takes."""
    asked = (part.replace(" ", "").partition(";q=") for part in request.headers.get("accept-encoding", "").split(","))
    return {name for name, _, weight in asked if weight.rstrip(".0") != "" or not weight}


def _file(request: Request, file: Path, cache: str) -> Response:
    headers = {"cache-control": cache, "vary": "Accept-Encoding"}
    media_type, codings = _PACKED.get(file.suffix), _codings(request)
    if media_type is None:
        return FileResponse(file, headers=headers)
    # Packed when the page was built; browsers take it over HTTPS and from this machine.
    brotli = file.with_name(f"{file.name}.br")
    if "br" in codings and brotli.is_file():
        return FileResponse(brotli, media_type=media_type, headers=headers | {"content-encoding": "br"})
    if "gzip" not in codings:
        return FileResponse(file, media_type=media_type, headers=headers)
    content = _pack(file, file.stat().st_mtime_ns)
    return Response(content, media_type=media_type, headers=headers | {"content-encoding": "gzip"})


def _index(folder: Path) -> Response:
    headers = {"content-security-policy": CSP, "cache-control": "no-cache", "x-frame-options": "SAMEORIGIN"}
    index = folder / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT.format(folder=escape(str(folder))), status_code=503, headers=headers)
    return HTMLResponse(index.read_text(encoding="utf-8"), headers=headers)


@router.get("/{path:path}")
async def get_page(request: Request, resources: CurrentResources, path: str) -> Response:
    """Answer with a file of the built page, or with its index for every address that the page itself understands."""
    if path.startswith(("api/", "tb/")):
        raise HTTPException(404, "There is no such address.")
    folder = resources.settings.track_api_static_dir.resolve()
    file = (folder / path).resolve()
    # Joined and resolved, then compared as paths: neither '..' nor a link nor a sibling's prefix leads outside.
    if path and file.is_relative_to(folder) and file.is_file() and file.name != "index.html":
        # Names under assets/ carry a hash of their content, so they never change.
        cache = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return _file(request, file, cache)
    if path.startswith("assets/"):
        raise HTTPException(404, "There is no such file.")
    return _index(folder)
