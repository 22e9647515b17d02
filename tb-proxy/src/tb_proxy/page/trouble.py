"""The page people see when a TensorBoard cannot be started: why, and that it is tried again by itself."""

from html import escape

from starlette.responses import HTMLResponse

from services.core.errors import ServiceError
from services.web.problem import STATUS_OF_KIND

_TEXTS = {
    "en": ("TensorBoard is not available right now", "It is tried again in {seconds} s.", "Nothing logged is lost."),
    "zh": ("TensorBoard 目前無法使用", "{seconds} 秒後會自動重試。", "已記錄的資料不會遺失。"),
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta http-equiv="refresh" content="{seconds}">'
    '<meta name="color-scheme" content="light dark"><title>{title}</title>'
    "<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem}}</style>"
    "<h1>{title}</h1><p>{detail}</p><p>{again} {safe}</p></html>"
)


def wants_page(accept: str) -> bool:
    """Say whether an error is for a person."""
    return "text/html" in accept


def trouble_page(error: ServiceError, languages: str) -> HTMLResponse:
    """Return a readable page with the error's status."""
    language = "zh" if languages.lower().startswith("zh") else "en"
    seconds = max(2, round(error.retry_after_s or 5))
    title, again, safe = _TEXTS[language]
    page = _PAGE.format(
        language=language, seconds=seconds, title=title, detail=escape(error.detail), safe=safe,
        again=again.format(seconds=seconds),
    )  # fmt: skip
    headers = {"content-security-policy": _POLICY, "retry-after": str(seconds), "cache-control": "no-store"}
    return HTMLResponse(page, STATUS_OF_KIND[error.kind], headers)
