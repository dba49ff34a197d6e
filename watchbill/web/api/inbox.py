"""The hot way in: POST /api/v1/inbox takes a lockfile or SBOM, raw or as a form, plain or gzipped, and answers 202 once it is on disk.

A plain view, not ninja: limits come first (octets, before and after unpacking), then the token, then the bytes. What was answered 202
for is never lost; it is read by a job right after.
"""

from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from watchbill.base import inbox, limits
from watchbill.base.problem import Problem, invalid, not_found
from watchbill.intake.scans import services as scans
from watchbill.roster.services import note_token_used
from watchbill.web.api.door import Caller, bearer, caller_of, problem_answer, require_scope
from watchbill.web.api.taking import Post, Taken, answered, only, too_large, unpacked

FILES_MOST = 100
KEY_CHARS = 200
FORM_OVERHEAD = 64 * limits.KIB


@csrf_exempt  # no cookie is looked at here, only the bearer token
def take(request: HttpRequest) -> HttpResponse:
    """POST /api/v1/inbox."""
    try:
        if request.method != "POST":
            raise only("POST")
        caller = require_scope(caller_of(bearer(request)), "send")
        items = [_receive(request, caller, name, data, i) for i, (name, data) in enumerate(_files(request))]
        note_token_used(caller.token)
    except Problem as problem:
        return answered(problem)
    return JsonResponse(_told_of(items), status=202)


class SmallFile:
    """The taker of POST /api/v1/inbox for what the fast door may take: one plain file that fits into a row."""

    SCOPES: tuple[str, ...] = ("send",)
    MOST = limits.INBOX_ROW_BYTES

    def take(self, caller: Caller, post: Post) -> Taken:
        """The same answer as `take` gives."""
        key = post.headers.get("idempotency-key", "")
        name = _checked(post.body, post.query.get("filename", ""), key)
        closure = scans.receiving(
            post.body,
            filename=name,
            service=post.query.get("service", ""),
            repo=post.query.get("repo", ""),
            branch=post.query.get("branch", ""),
            complete=_is_complete(post.query.get("complete", "")),
            by=caller.actor(),
            key=_once(caller, key, 0),
        )
        return Taken(closure, 202, lambda got: _told_of([{"id": got.inbox_id, "filename": name, "repeated": got.repeated}]))


def _told_of(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": items[0]["id"], "repeated": items[0]["repeated"], "items": items}


def _is_complete(said: str) -> bool:
    return said.lower() not in ("false", "0", "no")


def _checked(data: bytes, name: str, key: str) -> str:
    """The name. Raises `Problem` 422 for an empty file, no name, or a key that is too long."""
    if not data:
        raise invalid("body", "There is nothing in it.", "Send the bytes of a lock file or SBOM.")
    if not name:
        raise invalid("filename", "What is the file called?", "Add ?filename=package-lock.json: the name says how to read it.")
    if len(key) > KEY_CHARS:
        raise invalid("Idempotency-Key", f"A key has at most {KEY_CHARS} characters.")
    return name


def _once(caller: Caller, key: str, index: int) -> str:
    """What the inbox knows a file by that came under an Idempotency-Key: the token's, however long; "" without one."""
    return sha256(f"{caller.token.id}:{key}:{index}".encode()).hexdigest() if key else ""


def _receive(request: HttpRequest, caller: Caller, filename: str, data: bytes, index: int) -> dict[str, Any]:
    """One file, durable when this returns. Several under one Idempotency-Key are told apart by their place."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > KEY_CHARS:
        raise invalid("Idempotency-Key", f"A key has at most {KEY_CHARS} characters.")
    got = scans.receive(
        data,
        filename=filename,
        service=_told(request, "service"),
        repo=_told(request, "repo"),
        branch=_told(request, "branch"),
        complete=_is_complete(_told(request, "complete")),
        committers=_told(request, "committers"),
        by=caller.actor(),
        key=_once(caller, key, index),
    )
    return {"id": got.inbox_id, "filename": filename, "repeated": got.repeated}


def _told(request: HttpRequest, name: str) -> str:
    """A word that came with the file: in the query, or in the form."""
    return request.GET.get(name) or (request.POST.get(name, "") if _is_form(request) else "")


def _is_form(request: HttpRequest) -> bool:
    return request.content_type == "multipart/form-data"


def _files(request: HttpRequest) -> list[tuple[str, bytes]]:
    """The files with their names. Raises Problem 413, 415, 422."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limits.MANIFEST_BYTES + FORM_OVERHEAD:
        raise too_large(limits.MANIFEST_BYTES)
    if _is_form(request):
        return _from_form(request)
    data = unpacked(request.read(limits.MANIFEST_BYTES + 1), request.headers.get("Content-Encoding", ""), limits.MANIFEST_BYTES)
    return [(_checked(data, request.GET.get("filename", ""), request.headers.get("Idempotency-Key", "")), data)]


def _from_form(request: HttpRequest) -> list[tuple[str, bytes]]:
    uploads = request.FILES.getlist("file")
    if not uploads or len(uploads) > FILES_MOST:
        raise invalid("file", f"A form brings 1 to {FILES_MOST} files in its field `file`.")
    if sum(upload.size or 0 for upload in uploads) > limits.MANIFEST_BYTES:
        raise too_large(limits.MANIFEST_BYTES)
    told = request.POST.getlist("filename")
    names = told if len(told) == len(uploads) else [upload.name or "" for upload in uploads]
    return [(name, upload.read()) for name, upload in zip(names, uploads, strict=True)]


@csrf_exempt
def state(request: HttpRequest, inbox_id: int) -> HttpResponse:
    """GET /api/v1/inbox/<id>: whether it has been read, and if not, why."""
    try:
        if request.method not in ("GET", "HEAD"):
            raise only("GET")
        require_scope(caller_of(bearer(request)), "send")
        item = inbox.load(inbox_id)
        if item.kind != "scan":
            raise not_found("delivery", inbox_id)
    except Problem as problem:
        return problem_answer(problem)
    return JsonResponse({"id": item.id, "state": item.state, "problem": item.problem, "size": item.size, "sha256": item.sha256})


_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
_PROBLEM = {
    "description": "What went wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
}


def _query(name: str, text: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": text, "schema": {"type": "string"}}


OPENAPI_PATHS: dict[str, Any] = {
    "/api/v1/inbox": {
        "post": {
            "operationId": "inbox_take",
            "summary": "Send a lock file or SBOM",
            "tags": ["inbox"],
            "security": [{"Bearer": []}],
            "parameters": [
                _query("service", "The service it belongs to (its slug).", required=True),
                _query("filename", "Its place in the repository; says how to read it. Needed for raw bodies."),
                _query("repo", "The repository."),
                _query("branch", "The branch."),
                _query("complete", "false when these are not all inputs; closes nothing then."),
                _query("committers", "A hint: who changed it last, lines such as `4/10 Alice Duarte <alice@example.com>`."),
                {"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": KEY_CHARS}},
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                    "multipart/form-data": {"schema": {"type": "object", "properties": {"file": _FILES}}},
                },
            },
            "responses": {
                "202": {"description": "On disk; it will be read", "content": {"application/json": {"schema": {"type": "object"}}}},
                **{str(code): _PROBLEM for code in (401, 403, 404, 405, 413, 415, 422, 503)},
            },
        }
    },
    "/api/v1/inbox/{inbox_id}": {
        "get": {
            "operationId": "inbox_state",
            "summary": "What became of it",
            "tags": ["inbox"],
            "security": [{"Bearer": []}],
            "parameters": [{"name": "inbox_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "responses": {
                "200": {"description": "Its state", "content": {"application/json": {"schema": {"type": "object"}}}},
                **{str(code): _PROBLEM for code in (401, 403, 404, 405)},
            },
        }
    },
}
