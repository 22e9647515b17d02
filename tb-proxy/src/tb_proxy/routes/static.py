"""/tb/static/...: TensorBoard's scripts and fonts, the same for all tracks and kept by browsers for ever."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.core.errors import NotFound
from services.web.auth import CurrentPrincipal
from tb_proxy.page.bundle import Asset, Bundle

router = APIRouter()

_FOR_EVER = "private, max-age=31536000, immutable"


def asset_response(request: Request, asset: Asset, cache: str, **headers: str) -> Response:
    """Answer with a file in the best encoding that the caller takes."""
    encoding, content = asset.choose(request.headers.get("accept-encoding", ""))
    headers |= {"cache-control": cache, "vary": "accept-encoding", "content-type": asset.content_type}
    if encoding:
        headers["content-encoding"] = encoding
    return Response(content, headers={name.replace("_", "-"): value for name, value in headers.items()})


def kept_for_ever(request: Request, asset: Asset) -> Response:
    """Answer with a file whose address names its version."""
    return asset_response(request, asset, _FOR_EVER)


@router.api_route("/tb/static/{version}/{name:path}", methods=["GET", "HEAD"], include_in_schema=False)
async def get_static(request: Request, _: CurrentPrincipal, version: str, name: str) -> Response:
    """Return a script or a font."""
    bundle: Bundle = request.app.state.resources.bundle
    asset = bundle.find(name) if version == bundle.version else None
    if asset is None:
        raise NotFound("There is no such file; reload the page.")
    return kept_for_ever(request, asset)
