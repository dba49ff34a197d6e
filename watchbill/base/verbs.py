"""The floor's server verbs, for the command line: how the server fares, and the audit trail a page at a time. JSON in, JSON out."""

from dataclasses import asdict
from typing import Any

from watchbill.base import canonical, clock, limits, newsroom, state, trail, writer
from watchbill.base.acting import Actor
from watchbill.base.control import verb
from watchbill.base.loop import loop_health
from watchbill.base.models import AuditEvent
from watchbill.base.problem import invalid
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
