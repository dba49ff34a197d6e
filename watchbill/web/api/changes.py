"""Change events over the API: one, or up to a thousand at once, each kept with its audit event before the answer.

POST /api/v1/changes takes an object or a list of objects. The fast door asks `Changes.take` directly; `take` is the same for everything
that comes by the ordinary way.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from watchbill.base import limits
from watchbill.base.changes import ChangeDraft, recording
from watchbill.base.problem import Problem, invalid
from watchbill.web.api.door import Caller
from watchbill.web.api.taking import Post, Taken


class ChangeIn(msgspec.Struct, frozen=True, gc=False):
    """Something that was changed: a deploy, a configuration run, an access. Targets look like `service:berth-board`."""

    summary: str
    targets: list[str] = []
    kind: str = "change"
    source: str = "api"
    occurred_at: datetime | None = None
    links: list[str] = []
    key: str = ""


_decode = msgspec.json.Decoder(ChangeIn | list[ChangeIn]).decode


class Changes:
    """The taker of POST /api/v1/changes."""

    SCOPES: tuple[str, ...] = ("send", "act")
    MOST = limits.CHANGES_BYTES

    def take(self, caller: Caller, post: Post) -> Taken:
        """One change: 201 and its number; a list: 201 and all numbers, in order. With an Idempotency-Key (or a `key` each) the same one
        again gives the same number. Raises `Problem` 400, 413 and 422; then nothing was kept.
        """
        key = post.headers.get("idempotency-key", "")
        if len(key) > limits.CHANGE_KEY_CHARS:
            raise invalid("Idempotency-Key", f"A key has at most {limits.CHANGE_KEY_CHARS} characters.")
        try:
            given = _decode(post.body)
        except msgspec.ValidationError as error:
            raise _unfit(str(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            detail = f"This is no JSON of ours: {error}."
            raise Problem("refused", "This can't be taken", detail, remedy="See /api/v1/openapi.json.") from None
        many = given if isinstance(given, list) else [given]
        if not many or len(many) > limits.CHANGES_AT_ONCE:
            raise invalid("body", f"A list brings 1 to {limits.CHANGES_AT_ONCE} changes.", "Send it in parts.")
        mine = f"{caller.token.id}:{key}" if key else ""
        drafts = [_draft(one, mine, place if isinstance(given, list) else None) for place, one in enumerate(many)]
        closure = recording(drafts, by=caller.actor())
        if isinstance(given, list):
            return Taken(closure, 201, lambda ids: {"ids": ids})
        return Taken(closure, 201, lambda ids: {"id": ids[0]})


def _draft(one: ChangeIn, key: str, place: int | None) -> ChangeDraft:
    """The request's own key stands for each change that has none, told apart by its place. It is its token's, and of what it came with:
    what others send under such a key, or another change under the same one, is never taken for this one.
    """
    told = one.key or (sha256(repr((key, place, one)).encode()).hexdigest() if key else "")
    return ChangeDraft(one.summary, one.source, one.targets, one.occurred_at, one.links, one.kind, told)


def _unfit(said: str) -> Problem:
    """msgspec's sentence with its place in the document: "Expected `str`, got `int` - at `$[3].summary`"."""
    what, _, where = said.partition(" - at `$")
    return invalid(where.rstrip("`").lstrip("."), what + ".", "See /api/v1/openapi.json.")


_ONE = msgspec.json.schema(ChangeIn)["$defs"]["ChangeIn"]
_PROBLEM = {
    "description": "What went wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
}
_NUMBERS = {
    "oneOf": [
        {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        {"type": "object", "properties": {"ids": {"type": "array", "items": {"type": "integer"}}}, "required": ["ids"]},
    ]
}
OPENAPI_PATHS: dict[str, Any] = {
    "/api/v1/changes": {
        "post": {
            "operationId": "changes_take",
            "summary": "Tell of a change, or of up to a thousand",
            "tags": ["changes"],
            "security": [{"Bearer": []}],
            "parameters": [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 200}}],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"oneOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1, "maxItems": limits.CHANGES_AT_ONCE}]}
                    }
                },
            },
            "responses": {
                "201": {"description": "Kept", "content": {"application/json": {"schema": _NUMBERS}}},
                **{str(code): _PROBLEM for code in (400, 401, 403, 404, 405, 413, 415, 422, 503)},
            },
        }
    }
}
