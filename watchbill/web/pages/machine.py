"""Addresses for machines: whether we are well, the client to download, and the server's own verbs for the command line on this machine."""

import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from watchbill.base import control, datadir, limits, storage, workers
from watchbill.base.acting import Actor
from watchbill.base.loop import loop_health
from watchbill.base.problem import Problem, forbidden
from watchbill.base.settings import settings
from watchbill.base.writer import writer_health
from watchbill.web import formats

LAG_SECONDS = 10.0
CLIENT = Path(__file__).parents[2] / "client" / "wb.py"
LOOPBACK = ("127.0.0.1", "::1")
NAME_CHARS = 120


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """GET /healthz: 200 when the loops turn and the writer writes, 503 and the reason when not. Says nothing else: anybody may ask."""
    faults = [f"loop {loop.name} is {loop.lag_seconds:.0f} s behind" for loop in loop_health() if loop.lag_seconds > LAG_SECONDS]
    faults += workers.faults()
    health = writer_health()
    if health.stuck:
        faults.append("the writer is stuck")
    if trouble := storage.trouble():
        faults.append(f"{trouble.sentence.lower()} (since {trouble.since:%Y-%m-%d %H:%M} UTC)")
    body = {"ok": not faults, "faults": faults}
    return JsonResponse(body, status=503 if faults else 200)


@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """GET /wb: the client, one standard-library file, as text."""
    answer = HttpResponse(CLIENT.read_bytes(), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="wb"'
    answer["Cache-Control"] = "no-cache"
    return answer


@csrf_exempt  # no cookie is looked at: the key is a header that no page can read
@require_POST
def verb(request: HttpRequest, name: str) -> HttpResponse:
    """POST /control/<verb>, from this machine only and with the key in the data directory: run a server verb, JSON in and out."""
    own = settings()
    if request.META.get("REMOTE_ADDR") not in (*LOOPBACK, own.addr.rpartition(":")[0]) or "X-Forwarded-For" in request.headers:
        raise forbidden("Server verbs are run on the server's own machine.")
    known = datadir.read_control(own.data)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if known is None or not hmac.compare_digest(given.encode(), known.token.encode()):
        raise forbidden("This is not the key of the running server.", "Run it as the server's user.")
    by = Actor("person", formats.line(unquote(request.headers.get("Watchbill-Actor", "")))[:NAME_CHARS] or "administrator", "cli")
    return JsonResponse(control.run(name, _payload(request), by))


def _payload(request: HttpRequest) -> dict[str, Any]:
    if int(request.headers.get("Content-Length") or 0) > limits.VERB_PAYLOAD_BYTES:
        raise Problem("too_large", "Too large", f"A verb takes at most {limits.VERB_PAYLOAD_BYTES} bytes.", status=413)
    try:
        payload = json.loads(request.read(limits.VERB_PAYLOAD_BYTES + 1) or b"{}")
    except ValueError as error:
        raise Problem("invalid", "This is no JSON", str(error), status=422) from None
    if not isinstance(payload, dict):
        raise Problem("invalid", "This is no JSON object", "A verb takes an object.", status=422)
    return payload
