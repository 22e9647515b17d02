"""ServiceError to status and body: the only place that knows which status a kind has.

Guarantees that every error answer of every service has the one form {"error", "detail", "context", "request_id"}.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request

from services.core.errors import Kind, ServiceError

log = structlog.get_logger()

STATUS_OF_KIND = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED_TYPE: 415,
    Kind.INVALID: 422,
    Kind.OVERLOADED: 429,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}


class Problem(BaseModel):
    """The body of every error answer."""

    model_config: ClassVar[Any] = {"extra": "forbid"}

    error: str
    detail: str
    context: dict[str, Any]
    request_id: str


# Browsers keep a 404 and a 410 otherwise, also when what was gone is there again.
_NOT_KEPT = {"cache-control": "no-store"}


def problem_response(error: ServiceError, request_id: str) -> JSONResponse:
    """Write an error of the domain as an answer."""
    body = Problem(error=error.code, detail=error.detail, context=error.context, request_id=request_id)
    headers = dict(_NOT_KEPT)
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(), status_code=STATUS_OF_KIND[error.kind], headers=headers)


def responses(*errors: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """Describe for OpenAPI which errors a route answers with."""
    found: dict[int | str, list[str]] = {}
    for error in errors:
        found.setdefault(STATUS_OF_KIND[error.kind], []).append(f"`{error.code}`: {(error.__doc__ or '').strip()}")
    return {status: {"model": Problem, "description": "\n\n".join(lines)} for status, lines in found.items()}


def _answer(request: Request, status: int, code: str, detail: str, context: dict[str, Any]) -> JSONResponse:
    request_id = request.scope.get("state", {}).get("request_id", "")
    body = Problem(error=code, detail=detail, context=context, request_id=request_id)
    return JSONResponse(body.model_dump(), status_code=status, headers=dict(_NOT_KEPT))


def _plain(errors: Sequence[Any]) -> list[dict[str, str]]:
    # The framework's list repeats the caller's input, which may be megabytes, secret or not JSON at all.
    return [
        {"field": ".".join(str(part) for part in error["loc"])[:200], "problem": str(error["msg"])[:500]}
        for error in errors[:20]
    ]


def add_error_answers(app: FastAPI) -> None:
    """Teach an app to answer every error in the one form."""

    @app.exception_handler(ServiceError)
    async def on_service_error(request: Request, error: ServiceError) -> JSONResponse:
        return problem_response(error, request.scope.get("state", {}).get("request_id", ""))

    @app.exception_handler(RequestValidationError)
    async def on_bad_shape(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = _plain(error.errors())
        first = problems[0] if problems else {"field": "body", "problem": "cannot be read"}
        detail = f"{first['field']}: {first['problem']}"
        return _answer(request, 422, "bad_request_shape", detail, {"problems": problems})

    @app.exception_handler(HTTPException)
    async def on_framework_error(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "no_such_address", 405: "method_not_allowed", 413: "too_large"}.get(
            error.status_code, "bad_request"
        )
        answer = _answer(request, error.status_code, code, str(error.detail), {})
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        # Whatever nobody foresaw: logged with its trace, answered without it.
        log.error("request_failed", exc_info=error)
        return _answer(request, 500, "internal_error", "Something went wrong on our side; it was logged.", {})
