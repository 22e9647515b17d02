"""The pretended cluster's API over real HTTP, with the trouble that real ones give.

Watches break in the middle of a line, go silent, or name versions that are gone; calls are slow, refused or cut.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from support.cluster.selectors import matches
from support.cluster.store import KINDS, Change, Object, Refused, Store

TOKEN = "token-of-the-runner"


@dataclass
class Trouble:
    """Something to go wrong with calls that fit."""

    method: str
    path: str
    times: int
    answer: Refused | None = None
    delay_s: float = 0.0
    # The call is carried out, and its answer lost.
    is_cut: bool = False
    happened: int = 0


class Cut(Exception):
    """The connection ends here."""


class Api:
    """Serves a store."""

    def __init__(self, store: Store, rules: list[Object]) -> None:
        self.store, self.rules = store, rules
        self.troubles: list[Trouble] = []
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        # What was asked of which kind: to be compared with the rights that the manifests give.
        self.used_verbs: set[tuple[str, str]] = set()
        self.gone_as_event = True
        self._cutting, self._silencing = 0, 0
        paths = ["/api/v1/namespaces/{ns}/{plural}", "/apis/batch/v1/namespaces/{ns}/{plural}"]
        self.app = Starlette(
            routes=[
                *(Route(path, self._many, methods=["GET", "POST"]) for path in paths),
                *(Route(f"{path}/{{name}}", self._one, methods=["GET", "PATCH", "DELETE"]) for path in paths),
            ]
        )

    def trouble(self, method: str, path: str, times: int = 1, **what: Any) -> Trouble:
        """Make the next calls that fit go wrong."""
        self.troubles.append(made := Trouble(method, path, times, **what))
        return made

    def cut_watches(self) -> None:
        """Break all watches, each in the middle of a line."""
        self._cutting += 1
        self.store.wake()

    def silence_watches(self) -> None:
        """Let the watches that are open say nothing more, without closing."""
        self._silencing += 1

    async def _guarded(self, request: Request, verb: str) -> Trouble | None:
        plural, name = request.path_params["plural"], request.path_params.get("name", "")
        self.calls.append((request.method, request.url.path, dict(request.query_params)))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(401, "Unauthorized", "Unauthorized")
        group = "batch" if "/batch/" in request.url.path else ""
        if plural not in KINDS or (group == "batch") != (plural == "jobs"):
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        if not any(group in r["apiGroups"] and plural in r["resources"] and verb in r["verbs"] for r in self.rules):
            raise Refused(403, "Forbidden", f'{plural} is forbidden: User "runner" cannot {verb} resource "{plural}"')
        self.used_verbs.add((plural, verb))
        for trouble in self.troubles:
            fits = trouble.method == request.method and re.search(trouble.path, f"{plural}/{name}")
            if fits and trouble.happened < trouble.times:
                trouble.happened += 1
                await asyncio.sleep(trouble.delay_s)
                if trouble.answer is not None:
                    raise trouble.answer
                return trouble
        return None

    async def _many(self, request: Request) -> Response:
        ns, plural, query = request.path_params["ns"], request.path_params["plural"], request.query_params
        is_watch = query.get("watch") in {"true", "1"}
        verb = "create" if request.method == "POST" else "watch" if is_watch else "list"
        try:
            trouble = await self._guarded(request, verb)
            if is_watch:
                return self._watch(request, ns, plural)
            if request.method == "POST":
                if query.get("fieldValidation") != "Strict":
                    raise Refused(400, "BadRequest", "these tests want strict field validation of every object")
                made = self.store.create(plural, ns, await request.json())
                if trouble and trouble.is_cut:
                    raise Cut
                return JSONResponse(made, 201)
            found = [item for item in self.store.list(plural, ns) if _selected(item, query)]
            api_version, kind = KINDS[plural]
            meta = {"resourceVersion": str(self.store.version)}
            return JSONResponse({"kind": f"{kind}List", "apiVersion": api_version, "metadata": meta, "items": found})
        except Refused as refused:
            return JSONResponse(refused.status(), refused.code)

    async def _one(self, request: Request) -> Response:
        ns, plural, name = (request.path_params[part] for part in ("ns", "plural", "name"))
        verb = {"GET": "get", "PATCH": "patch", "DELETE": "delete"}[request.method]
        try:
            trouble = await self._guarded(request, verb)
            if verb == "delete":
                answer = self._delete(request, ns, plural, name)
            elif verb == "patch":
                if request.headers["content-type"] != "application/merge-patch+json":
                    raise Refused(415, "UnsupportedMediaType", "only merge patches are served here")
                changed = _merged(self.store.get(plural, ns, name), await request.json())
                answer = self.store.update(plural, ns, name, changed)
            else:
                answer = self.store.get(plural, ns, name)
            if trouble and trouble.is_cut:
                raise Cut
            return JSONResponse(answer)
        except Refused as refused:
            return JSONResponse(refused.status(), refused.code)

    def _delete(self, request: Request, ns: str, plural: str, name: str) -> Object:
        item = self.store.get(plural, ns, name)
        grace = request.query_params.get("gracePeriodSeconds")
        if plural == "pods" and grace != "0" and item["status"].get("phase") not in {"Succeeded", "Failed"}:
            seconds = int(grace) if grace else item["spec"].get("terminationGracePeriodSeconds", 30)
            self.store.mark_deleted(ns, name, seconds)
        else:
            if plural == "jobs" and request.query_params.get("propagationPolicy") != "Background":
                raise Refused(400, "BadRequest", "these tests want pods to go with their job")
            self.store.delete(plural, ns, name)
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}

    def _watch(self, request: Request, ns: str, plural: str) -> Response:
        query, began = request.query_params, int(request.query_params.get("resourceVersion") or 0)
        if began < self.store.oldest_version:
            gone = Refused(410, "Expired", f"too old resource version: {began} ({self.store.oldest_version})")
            if not self.gone_as_event:
                raise gone
            line = json.dumps({"type": "ERROR", "object": gone.status()}) + "\n"
            return Response(line, media_type="application/json")
        limit = float(query.get("timeoutSeconds", 1800))
        return StreamingResponse(self._lines(ns, plural, query, began, limit), media_type="application/json")

    async def _lines(self, ns: str, plural: str, query: Any, began: int, limit_s: float) -> AsyncIterator[str]:
        cutting, silencing, position = self._cutting, self._silencing, began
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + limit_s
        while loop.time() < ends_at:
            changed = self.store.changed
            for change in [one for one in self.store.history if one.version > position]:
                position = change.version
                line = _line(change, ns, plural, query)
                if line and silencing == self._silencing:
                    yield line
            if cutting != self._cutting:
                yield '{"type":"MODIF'
                raise Cut
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), max(0.01, ends_at - loop.time()))


def _line(change: Change, ns: str, plural: str, query: Any) -> str:
    if change.plural != plural or change.item["metadata"]["namespace"] != ns:
        return ""
    is_in, was_in = _selected(change.item, query), change.before is not None and _selected(change.before, query)
    if not is_in and not was_in:
        return ""
    what = change.what if is_in else "DELETED"
    return json.dumps({"type": what, "object": change.item}) + "\n"


def _selected(item: Object, query: Any) -> bool:
    return matches(item, query.get("labelSelector", ""), query.get("fieldSelector", ""))


def _merged(item: Any, patch: Any) -> Any:
    if not isinstance(item, dict) or not isinstance(patch, dict):
        return patch
    merged = dict(item)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key, {}), value)
    return merged
