"""Scans that wait for a person: released, they close what they prove; rejected, they close nothing. Either is audited with who and why.

A release only ever closes what has not been seen since. A manifest that was read and holds no package any more, or that an empty scan
declared and did not find, was not fixed: its findings are retired. A manifest that could not be read stays not seen, released or not."""

from datetime import datetime

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem
from watchbill.base.writer import audit, news, write
from watchbill.cases.findings import known, ringing
from watchbill.cases.findings.changes import Changes, store_rows, store_story
from watchbill.cases.findings.hands import close_rows
from watchbill.cases.findings.known import Known
from watchbill.cases.findings.models import YES, Finding, InputLook, RecordedScan, SeenBy
from watchbill.cases.findings.people import called, require_unless_system
from watchbill.cases.findings.rules import ScanOutcome
from watchbill.cases.findings.states import allowed
from watchbill.cases.findings.unshown import close_sighting


def release_held_scan(scan_key: str, by: Actor, reason: str = "") -> ScanOutcome:
    """Let a held scan close what it would close. Takes security. Raises Problem 404 when no such scan waits."""
    require_unless_system(by, "triage")
    return write(lambda: _release(scan_key, by, reason), lane="slow", name="findings.release_held_scan")


def _release(scan_key: str, by: Actor, reason: str) -> ScanOutcome:
    now, scan = clock.now(), _held(scan_key)
    rows = SeenBy.objects.filter(feed=scan.feed, open__in=YES, last_seen_at__lt=scan.finished_at).exclude(last_scan=scan)
    waiting = [row for row in rows if not scan.inputs or row.manifest in scan.inputs]
    loaded = _known(waiting)
    changes = Changes()
    unreadable = {str(name) for name, _ in scan.unreadable}
    for row in waiting:
        if row.manifest in scan.inputs_read and int(scan.packages_by_input.get(row.manifest, 0)) > 0 and scan.complete:
            close_sighting(changes, loaded, row, scan, now, None)
        elif row.manifest not in unreadable:
            _retire(changes, loaded, row, scan, by, now)
    store_rows(changes, now)
    InputLook.objects.filter(feed=scan.feed, manifest__in=_emptied(scan)).update(packages=0, finished_at=scan.finished_at)
    _settle(scan, "released", by, reason, now)
    store_story(changes, by)
    ringing.quiet(changes.quiets, by, f"{called(by)} let the scan count that no longer shows it.")
    fixed = tuple(told.finding.pk for told in changes.told if told.action == "finding.fixed")
    return ScanOutcome(fixed=fixed, unchanged=not changes.told)


def _known(rows: list[SeenBy]) -> Known:
    loaded = Known()
    for part in known.chunks(sorted({row.finding_id for row in rows})):
        loaded.findings |= {finding.pk: finding for finding in Finding.objects.select_for_update().filter(pk__in=part)}
        for row in SeenBy.objects.filter(finding_id__in=part, open__in=YES):
            loaded.told.setdefault(row.finding_id, []).append(row)
    mine = {row.pk: row for row in rows}
    loaded.told = {pk: [mine.get(row.pk, row) for row in told] for pk, told in loaded.told.items()}
    return loaded


def _retire(changes: Changes, loaded: Known, row: SeenBy, scan: RecordedScan, by: Actor, now: datetime) -> None:
    """The manifest is gone or emptied, on a person's word: the sighting ends, and the finding with its last one."""
    row.open, row.closed_at, row.closed_by, row.not_seen_at = False, now, scan, None
    changes.sightings_changed[row.pk] = row
    finding = loaded.findings[row.finding_id]
    if not any(one.open for one in loaded.told.get(finding.pk, [])) and allowed(finding.state, "retire"):
        close_rows(
            [finding], changes, "retire", f"{row.manifest or 'What it was in'} is gone or empty; {called(by)} let that scan count.", now
        )


def _emptied(scan: RecordedScan) -> list[str]:
    return [name for name in scan.inputs_read if int(scan.packages_by_input.get(name, 0)) <= 0]


def reject_held_scan(scan_key: str, by: Actor, reason: str = "") -> None:
    """Throw a held scan away: it closes nothing. Takes security. Raises Problem 404 when no such scan waits."""
    require_unless_system(by, "triage")

    def reject() -> None:
        _settle(_held(scan_key), "rejected", by, reason, clock.now())

    write(reject, name="findings.reject_held_scan")


def _settle(scan: RecordedScan, state: str, by: Actor, reason: str, now: datetime) -> None:
    scan.state, scan.settled_by, scan.settled_at, scan.settled_why = state, by.name[:254], now, reason.strip()[:2000]
    scan.save(update_fields=["state", "settled_by", "settled_at", "settled_why"])
    did = "let the scan count that waited" if state == "released" else "threw the scan away that waited"
    text = f"{called(by)} {did}: {scan.held_reason.removesuffix('.')}"
    audit(by, f"scan.{state}", f"scan:{scan.key}", private={"text": text[:500], "reason": reason.strip()[:500]})
    news(f"scan.{state}", f"scan:{scan.key}", {"service": scan.feed.service})


def _held(key: str) -> RecordedScan:
    """The held scan of that key. Raises Problem when there is none, or it is settled."""
    row = RecordedScan.objects.select_related("feed").filter(key=key).first()
    if row is None or row.state != "held":
        raise Problem("not_found", "No such held scan", f"No scan {key} waits for a person.", status=404)
    return row
