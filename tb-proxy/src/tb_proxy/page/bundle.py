"""TensorBoard's page and scripts: read once, compressed once, at one address that never changes for all tracks.

Called by the routes. Nothing of TensorBoard is imported here. Guarantees that a page names no address outside /tb/.
"""

import gzip
import hashlib
import importlib.util
import io
import mimetypes
import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# The editor of the debugger's source view: most of the bundle, and of a plugin that is left out.
_LEFT_OUT = "tf-imports/"
_PAGE = "index.html"
# The projector is a page of its own within that page, and its script is as large as a third of all others.
_PROJECTOR = "plugins/projector/tf_projector_plugin"
_PROJECTOR_PAGE, _PROJECTOR_SCRIPT = "projector_binary.html", "projector_binary.js"
_WORTH_COMPRESSING = 1_000
_ZSTD_LEVEL = 12
# Some systems call JavaScript text/plain, and a browser then refuses it.
_TYPES = {".js": "text/javascript; charset=utf-8", ".html": "text/html; charset=utf-8"}
# What TensorBoard itself sends with its page (projector needs eval), and that only our pages may frame it.
PAGE_POLICY = (
    "default-src 'self'; font-src 'self' data:; frame-src 'self'; img-src 'self' data: blob:; object-src 'none';"
    " style-src 'self' data: 'unsafe-inline'; connect-src 'self' data:; script-src 'self' 'unsafe-eval';"
    " frame-ancestors 'self'"
)
_RELATIVE_ROOT = b'<meta name="tb-relative-root" content="./">'


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    content_type: str
    encodings: dict[str, bytes]

    def choose(self, accepted: str) -> tuple[str, bytes]:
        """Return the best encoding that a browser takes."""
        words = {part.split(";")[0].strip() for part in accepted.lower().split(",")}
        for name in ("zstd", "gzip"):
            if name in words and name in self.encodings:
                return name, self.encodings[name]
        return "", self.encodings[""]


def _asset(name: str, content: bytes) -> Asset:
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    encodings = {"": content}
    if len(content) > _WORTH_COMPRESSING and suffix != ".woff2":
        encodings["gzip"] = gzip.compress(content, 6, mtime=0)
        encodings["zstd"] = zstd.compress(content, _ZSTD_LEVEL)
    return Asset(kind, encodings)


class Bundle:
    """All files of the front end by name, and its two pages."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec("tensorboard")
        assert spec is not None, "it is one of our dependencies"  # noqa: S101 (an invariant)
        assert spec.submodule_search_locations is not None, "it is a package"  # noqa: S101 (an invariant)
        folder = Path(spec.submodule_search_locations[0])
        zipped = (folder / "webfiles.zip").read_bytes()
        projector = {name: (folder / _PROJECTOR / name).read_bytes() for name in (_PROJECTOR_PAGE, _PROJECTOR_SCRIPT)}
        self.version = hashlib.sha256(zipped + projector[_PROJECTOR_SCRIPT]).hexdigest()[:16]
        with zipfile.ZipFile(io.BytesIO(zipped)) as file:
            names = [name for name in file.namelist() if not name.endswith("/") and not name.startswith(_LEFT_OUT)]
            self._assets = {name: _asset(name, file.read(name)) for name in names if name != _PAGE}
            page = self._rewritten(file.read(_PAGE), b"..", b"index.js")
        self.page = _asset(_PAGE, page.replace(b"<!doctype html>", b"<!doctype html>" + _RELATIVE_ROOT, 1))
        self._assets[_PROJECTOR_SCRIPT] = _asset(_PROJECTOR_SCRIPT, projector[_PROJECTOR_SCRIPT])
        page = self._rewritten(projector[_PROJECTOR_PAGE], b"../../../..", _PROJECTOR_SCRIPT.encode())
        self.projector_page = _asset(_PROJECTOR_PAGE, page)

    def _rewritten(self, page: bytes, up: bytes, script: bytes) -> bytes:
        # Its fonts are absolute even with a path prefix, and would be asked for at the root of our own site.
        static = up + f"/static/{self.version}/".encode()
        page = page.replace(b"url(/font-roboto/", b"url(" + static + b"font-roboto/")
        return re.sub(rb'src="' + re.escape(script) + rb'[^"]*"', b'src="' + static + script + b'"', page)

    def find(self, name: str) -> Asset | None:
        """Return a file other than the page."""
        return self._assets.get(name)
