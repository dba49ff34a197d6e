"""The floor's server verbs, for the command line: how the server fares, and the audit trail a page at a time. JSON in, JSON out."""

import base64
from dataclasses import asdict
from datetime import datetime
from typing import Any

from watchbill.base import canonical, clock, limits, newsroom, state, trail, trail_runs, trail_search, writer
from watchbill.base.acting import Actor
from watchbill.base.control import verb
from watchbill.base.loop import loop_health
from watchbill.base.models import AuditEvent
from watchbill.base.problem import Problem, invalid
from watchbill.base.writer import writer_health


@verb("health")
def health(_payload: dict[str, Any], _by: Actor) -> dict[str, Any]:
    """{} -> {at, company, writer, loops, stuck_news, witness, events}: what `watchbill check` says of a running server."""
    return {
        "at": clock.now(),
        "company": state.get("company"),
        "writer": _writer(),
        "loops": [{"name": loop.name, "lag_seconds": loop.lag_seconds, "last_error": loop.last_error} for loop in loop_health()],
        "stuck_news": len(newsroom.stuck()),
        "witness": trail.witness_status(),
        "events": trail.size(),
    }


def _writer() -> dict[str, Any]:
    told = writer_health()
    waiting = {"urgent_waiting": told.urgent_waiting, "slow_waiting": told.slow_waiting}
    return {"running": told.running, "stuck": told.stuck, "busy_seconds": told.busy_seconds, "busy_with": told.busy_with, **waiting}


@verb("audit.erase_person")
def erase_person(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """{email, also} -> {names, values, commitments, in_the_open}: take a person out of the trail. Raises Problem("invalid")."""
    email, also = payload.get("email", ""), payload.get("also", [])
    if not isinstance(email, str) or not isinstance(also, list) or not all(isinstance(word, str) for word in also):
        raise invalid("email", "An address is text, and what else is erased is a list of texts.")
    return asdict(trail.erase_person(email, by, also=also))


@verb("audit.export_zip")
def export_zip(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """{since, sealed, part: {start, end, actor, target, action, words}} -> a run: the trail, or a part of it, as a zip with proofs.

    Raises Problem("invalid"), ("too_many"), ("no_events"). Without a server the run is done when this returns.
    """
    part = payload.get("part") or {}
    if not isinstance(part, dict) or not isinstance(payload.get("since", ""), str):
        raise invalid("part", "part is an object, and since a checkpoint's text.")
    seqs = trail_search.numbers(_question(part), limits.TRAIL_PART) if part else None
    if part and not seqs:
        raise Problem("no_events", "Nothing to export", "No event fits what you asked for.", status=409)
    told = ", ".join(f"{name} {value}" for name, value in part.items()) or "the whole trail"
    since, opened = payload.get("since", ""), not payload.get("sealed")
    return _run(trail_runs.ask_export(by, seqs=seqs, since=since, opened=opened, told=told, here=not loop_health()))


@verb("audit.run")
def run(payload: dict[str, Any], _by: Actor) -> dict[str, Any]:
    """{id} -> a run: {id, state, done, total, outcome, file}; `file` is where a finished export lies. Raises Problem("not_found")."""
    number = payload.get("id", 0)
    if type(number) is not int:
        raise invalid("id", "An id is a whole number.")
    return _run(trail_runs.run(number))


def _run(asked: trail_runs.Run) -> dict[str, Any]:
    file = str(trail_runs.file_of(asked)) if asked.kind == "export" and asked.state == "done" else ""
    return {"id": asked.id, "state": asked.state, "done": asked.done, "total": asked.total, "outcome": asked.outcome, "file": file}


def _question(part: dict[str, Any]) -> trail_search.Question:
    if unknown := sorted(set(part) - {"start", "end", "actor", "target", "action", "words"}):
        raise invalid(unknown[0], f"A part of the trail isn't asked for by {unknown[0]}.")
    if not all(isinstance(value, str) for value in part.values()):
        raise invalid("part", "What a part is asked for by is text.")
    words = (part["words"],) if part.get("words") else ()
    plain = {name: part[name] for name in ("actor", "target", "action") if name in part}
    return trail_search.Question(start=_moment(part, "start"), end=_moment(part, "end"), words=words, **plain)


def _moment(part: dict[str, str], field: str) -> datetime | None:
    if not part.get(field):
        return None
    try:
        at = datetime.fromisoformat(part[field])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1970 <= at.year < 9000:
        raise invalid(field, "A moment looks like 2026-11-23T15:49:00Z.")
    return at


@verb("audit.rotate_key")
def rotate_key(_payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """{} -> {origin, old, new, size, statement}: let a new key sign the checkpoints. Keys in base64."""
    told = trail.rotate_key(by)
    old, new = (base64.b64encode(key).decode() for key in (told.old, told.new))
    return {"origin": told.origin, "old": old, "new": new, "size": told.size, "statement": told.text()}


@verb("audit.export")
def export_page(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """{after, upto} -> {lines, last, upto, checkpoint}: events after `after`, each the text that its leaf is the hash of.

    The first page is asked for with upto 0: it records the export, signs a checkpoint, and says up to where that covers the trail.
    Raises Problem("invalid") for numbers that are none.
    """
    after, upto = payload.get("after", 0), payload.get("upto", 0)
    if type(after) is not int or type(upto) is not int or after < 0 or upto < 0:
        raise invalid("after", "after and upto are numbers of events.")
    checkpoint = ""
    if not upto:
        writer.write(lambda: writer.audit(by, "trail.exported", "trail:own"), name="trail.export")
        signed = trail.checkpoint_now()
        upto, checkpoint = (signed.size, signed.text) if signed else (0, "")
    rows = AuditEvent.objects.filter(seq__gt=after, seq__lte=upto).order_by("seq").values_list(*canonical.FIELDS)[: limits.TRAIL_PAGE]
    lines = [(row[0], canonical.event_bytes(row).decode()) for row in rows]
    return {"lines": [line for _, line in lines], "last": lines[-1][0] if lines else upto, "upto": upto, "checkpoint": checkpoint}
