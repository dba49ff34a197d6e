"""The end of recording a scan: rows, looks, the scan's own fate and the story are written; then the bell rings for what speaks, and is
quietened for what was proven fixed. All inside the recording's transaction.
"""

from watchbill.base.acting import Actor
from watchbill.base.writer import audit, news
from watchbill.cases.findings import closing, known, ringing
from watchbill.cases.findings.changes import concluded, store_rows, store_story
from watchbill.cases.findings.closing import Verdict
from watchbill.cases.findings.models import InputLook, RecordedScan, SeenBy
from watchbill.cases.findings.rules import ScanOutcome, ScanSummary
from watchbill.cases.findings.turns import Turn


def finish(turn: Turn, verdict: Verdict, by: Actor) -> ScanOutcome:
    """Write everything: rows, looks, the scan's own fate, the story; then ring and quieten."""
    changes, scan = turn.changes, turn.scan
    store_rows(changes, turn.now)
    for part in known.chunks(changes.sightings_again):
        SeenBy.objects.filter(pk__in=part).update(last_seen_at=scan.finished_at, last_scan=turn.row)
    if not closing.adds_only(scan):
        _remember_looks(turn)
        _supersede(turn, by)
    if verdict.held_reason:
        turn.row.state, turn.row.held_reason, turn.row.would_close = "held", verdict.held_reason[:500], len(verdict.would_close)
        turn.row.save(update_fields=["state", "held_reason", "would_close"])
        news("scan.held", f"scan:{scan.key}", {"source": scan.scope.source, "service": scan.scope.service, "reason": verdict.held_reason})
    outcome = _outcome(turn, verdict)
    _audit_scan(turn, outcome, by)
    judge = concluded(by)
    store_story(changes, judge)
    paged = ringing.ring(changes.speaks, judge, turn.owners)
    ringing.ring_unowned([told.finding for told in changes.told if told.action == "finding.unowned"], judge, turn.owners)
    ringing.quiet(changes.quiets, judge, "Fixed, and proven by a newer scan.")
    return ScanOutcome(
        outcome.opened,
        outcome.seen_again,
        outcome.reopened,
        outcome.fixed,
        outcome.not_seen,
        outcome.held,
        outcome.held_reason,
        paged,
        outcome.unchanged,
    )


def _outcome(turn: Turn, verdict: Verdict) -> ScanOutcome:
    def ids(action: str) -> tuple[int, ...]:
        return tuple(told.finding.pk for told in turn.changes.told if told.action == action)

    moving = any(told.action != "finding.merged" for told in turn.changes.told)
    return ScanOutcome(
        opened=ids("finding.opened"),
        seen_again=tuple(turn.changes.seen_again),
        reopened=ids("finding.reopened"),
        fixed=ids("finding.fixed"),
        not_seen=ids("finding.not_seen"),
        held=bool(verdict.held_reason),
        held_reason=verdict.held_reason,
        unchanged=not moving,
    )


def _remember_looks(turn: Turn) -> None:
    """When each manifest was last read. One that held packages before and holds none now keeps its last good look."""
    counts = turn.scan.packages_by_input
    stale = closing.stale_inputs(turn.scan, turn.looks)
    rows = [
        InputLook(feed=turn.feed, manifest=name, finished_at=turn.scan.finished_at, packages=counts.get(name, 0))
        for name in dict.fromkeys(turn.scan.inputs_read)
        if name not in stale and (counts.get(name, 0) > 0 or name not in turn.looks or turn.looks[name].packages == 0)
    ]
    for part in known.chunks(rows):
        InputLook.objects.bulk_create(
            part, update_conflicts=True, unique_fields=["feed", "manifest"], update_fields=["finished_at", "packages"]
        )


def _supersede(turn: Turn, by: Actor) -> None:
    """A scan that waits for a person is overtaken by a newer one that speaks for the same inputs."""
    names = closing.declared(turn.scan)
    for held in RecordedScan.objects.filter(feed=turn.feed, state="held", finished_at__lt=turn.scan.finished_at):
        if names >= set(held.inputs):
            RecordedScan.objects.filter(pk=held.pk).update(state="superseded", settled_at=turn.now)
            audit(by, "scan.superseded", f"scan:{held.key}", ref=f"scan:{turn.scan.key}", body={"text": "A newer scan looked at the same"})


def scan_line(scan: ScanSummary, outcome: ScanOutcome) -> str:
    """What a scan read and what it changed, as a line of a log; what is none is not told."""
    counts = (
        (len(outcome.opened), "opened"),
        (len(outcome.reopened), "came back"),
        (len(outcome.fixed), "proven fixed"),
        (len(outcome.not_seen), "not seen"),
    )
    told = [f"{count:,} {words}" for count, words in counts if count]
    place = scan.scope.service or scan.scope.repo or "a place without a service"
    if closing.adds_only(scan):
        looked = f"New advisories matched against {place}"
    else:
        files = len(scan.inputs_read)
        looked = f"Looked at {place}: {files:,} {'file' if files == 1 else 'files'}, {scan.packages:,} packages"
    return f"{looked}; {', '.join(told) or 'nothing changed'}"


def _audit_scan(turn: Turn, outcome: ScanOutcome, by: Actor) -> None:
    scan = turn.scan
    body: dict[str, str | int | bool | list[str]] = {
        "source": scan.scope.source,
        "service": scan.scope.service,
        "packages": scan.packages,
        "inputs": len(scan.inputs_read),
        "opened": len(outcome.opened),
        "seen_again": len(outcome.seen_again),
        "reopened": len(outcome.reopened),
        "fixed": len(outcome.fixed),
        "not_seen": len(outcome.not_seen),
    }
    body["text"] = f"Waits for a person: {outcome.held_reason.removesuffix('.')}" if outcome.held else scan_line(scan, outcome)
    audit(by, "scan.held" if outcome.held else "scan.recorded", f"scan:{scan.key}", body=body, occurred_at=scan.finished_at)
