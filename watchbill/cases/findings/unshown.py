"""Open sightings that a scan of their feed does not show: closed on proof, else marked `not_seen`. `closing` decides which; this
applies it to rows in memory. Nothing here closes by silence.
"""

from collections.abc import Sequence
from datetime import datetime

from watchbill.cases.decisions.sentences import after_colon
from watchbill.cases.findings import closing, known
from watchbill.cases.findings.changes import Changes, is_new
from watchbill.cases.findings.closing import OpenSighting, Verdict
from watchbill.cases.findings.judging import prove_fixed
from watchbill.cases.findings.known import Known
from watchbill.cases.findings.models import Finding, RecordedScan, SeenBy
from watchbill.cases.findings.turns import Turn


def weigh_unshown(turn: Turn, shown: set[str]) -> Verdict:
    """What the scan proves about open sightings of its feed that it does not show; marks the rest."""
    names = closing.declared(turn.scan)
    covered = [row for row in turn.known.mine.values() if row.open and (not names or row.manifest in names)]
    unseen = [row for row in covered if row.fingerprint not in shown]
    inputs = _inputs_then(turn, unseen)
    judged = [OpenSighting(row.pk, row.manifest, row.last_seen_at, inputs.get(row.last_scan_id, ()), _unmoved(turn, row)) for row in unseen]
    verdict = closing.judge_scan(turn.scan, turn.looks, judged, len([row for row in covered if not is_new(row)]))
    rows = {row.pk: row for row in unseen}
    for pk in verdict.close:
        close_sighting(turn.changes, turn.known, rows[pk], turn.row, turn.now, _version(turn, rows[pk]))
    for item in verdict.not_seen:
        _mark_not_seen(turn, rows[item.id], item.why)
    return verdict


def _inputs_then(turn: Turn, rows: Sequence[SeenBy]) -> dict[int, tuple[str, ...]]:
    ids = sorted({row.last_scan_id for row in rows if not is_new(row)})
    found: dict[int, tuple[str, ...]] = {}
    for part in known.chunks(ids):
        found |= {pk: tuple(read) for pk, read in RecordedScan.objects.filter(pk__in=part).values_list("pk", "inputs_read")}
    return found


def _version(turn: Turn, row: SeenBy) -> str | None:
    """What is installed now, where the caller knows; None where it doesn't."""
    if turn.version_now is None:
        return None
    return turn.version_now(row.manifest, str(row.facts.get("ecosystem", "")), str(row.facts.get("package", "")))


def _unmoved(turn: Turn, row: SeenBy) -> bool:
    was, now = str(row.facts.get("installed", "")), _version(turn, row)
    return bool(was) and now == was


def close_sighting(changes: Changes, loaded: Known, row: SeenBy, scan: RecordedScan, now: datetime, version: str | None) -> Finding | None:
    """Close one feed's sighting on a scan's proof; the finding when that closed it, because no other source sees it any more."""
    row.open, row.closed_at, row.closed_by, row.not_seen_at = False, now, scan, None
    changes.sightings_changed[row.pk] = row
    finding = loaded.findings[row.finding_id]
    others = [one for one in loaded.told.get(finding.pk, []) if one.open and one.pk != row.pk]
    proof = {"state": "pass", "text": proof_text(row, scan, version), "at": scan.finished_at.isoformat(), "scan": scan.key}
    if others:
        finding.proof = [*finding.proof, proof][-10:]
        changes.touch(finding)
        text = (
            f"{proof['text']} {len(others)} other {'source still sees' if len(others) == 1 else 'sources still see'} it, so it stays open."
        )
        changes.tell(finding, "finding.partly_proven", text, ref=f"scan:{scan.key}")
        return None
    return finding if prove_fixed(finding, changes, proof["text"], proof, now, f"scan:{scan.key}") else None


def proof_text(row: SeenBy, scan: RecordedScan, version: str | None) -> str:
    """What proved it, as a sentence: who looked at what, how much stood there, and the version that stands there now."""
    package = str(row.facts.get("package", "")) or "the package"
    count = int(scan.packages_by_input.get(row.manifest, 0))
    if version is None:
        stands = f"{row.advisory} no longer applies to {package}"
    else:
        stands = f"{package} is at {version} now" if version else f"{package} is no longer there"
    return f"A complete, newer scan read {row.manifest} ({count:,} packages); {stands}."


def _mark_not_seen(turn: Turn, row: SeenBy, why: str) -> None:
    """The mark, once; a finding that was marked before keeps its first date."""
    if row.not_seen_at is not None:
        return
    row.not_seen_at = turn.now
    turn.changes.sightings_changed[row.pk] = row
    finding = turn.known.findings[row.finding_id]
    if finding.is_open and finding.not_seen_at is None:
        finding.not_seen_at, finding.not_seen_why = turn.now, why[:500]
        turn.changes.touch(finding)
        turn.changes.tell(finding, "finding.not_seen", f"Not seen: {after_colon(why)}", ref=f"scan:{turn.scan.key}")
