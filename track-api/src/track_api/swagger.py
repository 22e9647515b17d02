"""The Swagger 2.0 document of /api/v2: tags and operationIds are what the published client calls its functions by."""

from typing import Any

_ANSWER = {
    "200": {"description": "Done", "schema": {"type": "object"}},
    "default": {"description": "Refused: `error` is a code, `detail` says why", "schema": {"type": "object"}},
}
_LIST = _ANSWER | {"200": {"description": "Done", "schema": {"type": "array", "items": {"type": "object"}}}}


def _parameter(name: str, where: str = "query", *, required: bool = True, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "type": "string"} | more


def _operation(tag: str, name: str, *parameters: dict[str, Any], answers: Any = None) -> dict[str, Any]:
    return {"tags": [tag], "operationId": name, "parameters": list(parameters), "responses": answers or _ANSWER}


_PUUID, _TID = _parameter("puuid", "path"), _parameter("tid", "path")
_TRACK = "/api/v2/projects/{puuid}/tracks/{tid}"
_PUT = _operation(
    "object",
    "putObject",
    _parameter("bucket_name"),
    _parameter("obj_path"),
    _parameter("part_offset", required=False, type="integer"),
    _parameter("part_size", required=False, type="integer"),
    _parameter("obj", "formData", type="file"),
)
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "MLSteam Track: what the published client calls", "version": "2"},
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "paths": {
        "/api/v2/projects": {"get": _operation("project", "listProject", _parameter("name"), answers=_LIST)},
        "/api/v2/projects/{puuid}/tracks": {"post": _operation("track", "createTrack", _PUUID)},
        _TRACK: {"get": _operation("track", "getTrack", _PUUID, _TID)},
        _TRACK + "/status": {
            "post": _operation("track", "updateTrack", _PUUID, _TID, _parameter("status", enum=["active", "inactive"]))
        },
        _TRACK + "/tags": {
            "post": _operation(
                "track",
                "addTagTrack",
                _PUUID,
                _TID,
                _parameter("tags", type="array", items={"type": "string"}, collectionFormat="multi"),
            )
        },
        "/api/v2/objects": {"post": _PUT | {"consumes": ["multipart/form-data"]}},
    },
}
