"""The one entrance for scan results: what a scan shows opens, refreshes, reopens or worsens findings; what it does not show closes only
by proof.

One transaction per scan, repeatable, with a fixed number of queries per few hundred sightings. It never trusts silence: `closing` says
what a scan proves, and everything else that it did not show is marked `not_seen`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, invalid
from watchbill.base.writer import audit, news, write
from watchbill.cases.findings import closing, known, ringing
from watchbill.cases.findings.changes import Changes, is_new, store_rows, store_story
from watchbill.cases.findings.closing import LastLook, OpenSighting, Verdict
from watchbill.cases.findings.facts import facts_hash, facts_of, from_json, one_line, summary_of, to_json
from watchbill.cases.findings.judging import (
    NO_DUE,
    decide_for,
    full_why,
    prove_fixed,
    reaches_people,
    seen_today,
    tell_weighed,
    weigh_finding,
)
from watchbill.cases.findings.known import Known
from watchbill.cases.findings.models import Acceptance, Feed, Finding, InputLook, MergedName, RecordedScan, SeenBy
from watchbill.cases.findings.owners import Owners
from watchbill.cases.findings.rules import IDENTITY_VERSION, ScanOutcome, ScanSummary, Sighting, fingerprint, same_problem, spot
from watchbill.cases.findings.weighing import Evidence
from watchbill.cases.limits import INPUTS_PER_SCAN, NAME_CHARS, PATH_CHARS, SCAN_KEY_CHARS, SIGHTINGS_PER_SCAN

VersionNow = Callable[[str, str, str], str]


@dataclass
class _Turn:
    """What one scan's recording works with."""

    scan: ScanSummary
    row: RecordedScan
    feed: Feed
    looks: dict[str, LastLook]
    known: Known
    owners: Owners
    changes: Changes
    signed: dict[int, str]
    now: datetime
    version_now: VersionNow | None


def record_scan(scan: ScanSummary, sightings: tuple[Sighting, ...], by: Actor, version_now: VersionNow | None = None) -> ScanOutcome:
    """Apply one scan: all of it or nothing. The same key again changes nothing.

    `version_now(manifest, ecosystem, package)`, where the caller knows it, answers what is installed now ("" for nothing): it stands in
    the proof, and a package still at its affected version is never taken for fixed. Raises Problem(invalid) over the limits. Inside or
    outside `write`."""
    _check(scan, sightings)
    return write(lambda: _record(scan, sightings, by, version_now), lane="slow", name="findings.record_scan")


def _check(scan: ScanSummary, sightings: tuple[Sighting, ...]) -> None:
    if not scan.key or len(scan.key) > SCAN_KEY_CHARS:
        raise invalid("key", f"A scan has a key of 1 to {SCAN_KEY_CHARS} characters.")
    if len(sightings) > SIGHTINGS_PER_SCAN:
        raise invalid(
            "sightings", f"{len(sightings):,} sightings; one scan brings at most {SIGHTINGS_PER_SCAN:,}.", "Send it as several scans."
        )
    if len(scan.inputs_read) + len(scan.scope.inputs) > INPUTS_PER_SCAN:
        raise invalid("inputs", f"One scan names at most {INPUTS_PER_SCAN:,} inputs.", "Send it as several scans.")
    for name, text in (
        ("source", scan.scope.source),
        ("service", scan.scope.service),
        ("repo", scan.scope.repo),
        ("branch", scan.scope.branch),
    ):
        if len(text) > NAME_CHARS:
            raise invalid(name, f"The {name} has at most {NAME_CHARS} characters.")
    if any(len(one.manifest) > PATH_CHARS for one in sightings) or any(not one.advisory for one in sightings):
        raise invalid("sightings", f"Each sighting names an advisory, and a manifest of at most {PATH_CHARS} characters.")
    if scan.started_at.tzinfo is None or scan.finished_at.tzinfo is None:
        raise invalid("finished_at", "The times of a scan need a zone.")


def _record(scan: ScanSummary, sightings: tuple[Sighting, ...], by: Actor, version_now: VersionNow | None) -> ScanOutcome:
    told_before = RecordedScan.objects.filter(key=scan.key).first()
    if told_before is not None:
        return ScanOutcome(held=told_before.state == "held", held_reason=told_before.held_reason)
    now = clock.now()
    place = scan.scope
    feed, _ = Feed.objects.get_or_create(source=place.source, service=place.service, repo=place.repo, branch=place.branch)
    looks = known.looks_of(feed)
    ignored = closing.ignored_reason(scan, looks)
    row = _write_scan(scan, feed, now, "ignored" if ignored else "applied")
    if ignored:
        audit(
            by,
            "scan.ignored",
            f"scan:{scan.key}",
            outcome="ignored",
            body={"text": ignored, "source": place.source, "service": place.service},
        )
        return ScanOutcome(ignored=ignored)
    stale = closing.stale_inputs(scan, looks)
    shown = {fingerprint(place, one): one for one in sightings if one.manifest not in stale}
    loaded = known.load(feed, scan, {name: spot(place, one) for name, one in shown.items()})
    turn = _Turn(scan, row, feed, looks, loaded, Owners(now), Changes(), _signed(loaded), now, version_now)
    _attach_all(turn, shown)
    verdict = _weigh_unshown(turn, set(shown))
    return _finish(turn, verdict, by)


def _write_scan(scan: ScanSummary, feed: Feed, now: datetime, state: str) -> RecordedScan:
    return RecordedScan.objects.create(
        key=scan.key,
        feed=feed,
        started_at=scan.started_at,
        finished_at=scan.finished_at,
        recorded_at=now,
        complete=scan.complete,
        inputs=sorted(closing.declared(scan)),
        inputs_read=list(scan.inputs_read),
        unreadable=[[name, one_line(why, 300)] for name, why in scan.inputs_unreadable],
        packages=scan.packages,
        packages_by_input=dict(scan.packages_by_input),
        tool=one_line(scan.tool, NAME_CHARS),
        state=state,
    )


def _signed(loaded: Known) -> dict[int, str]:
    """The decision that each accepted finding's acceptance was signed for."""
    accepted = [finding.pk for finding in loaded.findings.values() if finding.state == "accepted"]
    rows = [Acceptance.objects.filter(finding_id__in=part, state="signed") for part in known.chunks(accepted)]
    return {pk: decision for part in rows for pk, decision in part.values_list("finding_id", "decision")}


def _attach_all(turn: _Turn, shown: dict[str, Sighting]) -> None:
    """Each sighting to its row and finding; then each finding that was shown is weighed once."""
    touched: dict[str, tuple[Finding, str]] = {}
    for name, sighting in shown.items():
        finding = _finding_of(turn, name, sighting)
        _see(turn, name, sighting, finding)
        touched[finding.fingerprint] = (finding, summary_of(sighting))
    for finding, summary in touched.values():
        _weigh_shown(turn, finding, summary)


def _finding_of(turn: _Turn, name: str, sighting: Sighting) -> Finding:
    """The finding a sighting belongs to: by its fingerprint, by another name of the same problem at the same spot, or a new one."""
    place = turn.scan.scope
    found = turn.known.by_name.get(name)
    if found is not None:
        return found
    at = spot(place, sighting)
    for other in turn.known.at_spot.get(at, ()):
        if same_problem(sighting.advisory, sighting.aliases, other.advisory, tuple(other.aliases)):
            turn.changes.merged.append(MergedName(fingerprint=name, finding=other, advisory=sighting.advisory, recorded_at=turn.now))
            text = f"{sighting.advisory} is another name for {other.advisory}: one finding."
            turn.changes.tell(other, "finding.merged", text, ref=f"scan:{turn.scan.key}", advisory=sighting.advisory)
            turn.known.by_name[name] = other
            return other
    finding = Finding(
        fingerprint=name,
        identity_version=IDENTITY_VERSION,
        spot=at,
        kind=sighting.kind,
        service=place.service,
        repo=place.repo,
        branch=place.branch,
        manifest=sighting.manifest,
        advisory=sighting.advisory,
        aliases=[one for one in sighting.aliases if one != sighting.advisory],
        state="",
        due_sort=NO_DUE,
        decided_at=turn.now,
        first_seen=turn.now,
        last_seen=turn.now,
        seen_day=turn.now.date(),
    )
    turn.changes.created.append(finding)
    turn.known.by_name[name] = finding
    turn.known.at_spot.setdefault(at, []).append(finding)
    return finding


def _see(turn: _Turn, name: str, sighting: Sighting, finding: Finding) -> None:
    """This feed's row for the sighting: new, changed, or only seen again."""
    facts = facts_of(sighting)
    told, row = facts_hash(facts), turn.known.mine.get(name)
    seen_at = turn.scan.finished_at
    if row is None:
        row = SeenBy(
            feed=turn.feed, finding=finding, fingerprint=name, advisory=facts.advisory, manifest=sighting.manifest, first_seen_at=seen_at
        )
        row.facts, row.facts_hash, row.last_seen_at, row.last_scan = to_json(facts), told, seen_at, turn.row
        turn.changes.sightings_new.append(row)
        _told(turn, finding).append(row)
        return
    if row.open and row.not_seen_at is None and row.facts_hash == told and row.last_seen_at <= seen_at:
        turn.changes.sightings_again.append(row.pk)
        return
    if not row.open:
        _told(turn, finding).append(row)
    row.facts, row.facts_hash = to_json(facts), told
    row.last_seen_at, row.last_scan = max(row.last_seen_at, seen_at), turn.row
    row.open, row.not_seen_at, row.closed_at, row.closed_by = True, None, None, None
    turn.changes.sightings_changed[row.pk] = row


def _told(turn: _Turn, finding: Finding) -> list[SeenBy]:
    """The open sightings of a finding, also of one that has no number yet."""
    if not is_new(finding):
        return turn.known.told.setdefault(finding.pk, [])
    kept: list[SeenBy] = finding.__dict__.setdefault("_told_so_far", [])
    return kept


def _weigh_shown(turn: _Turn, finding: Finding, summary: str) -> None:
    changes, before = turn.changes, finding.state
    was = (finding.facts, finding.inputs, finding.team, finding.owner_rule, finding.triage)
    told = [from_json(row.facts) for row in _told(turn, finding)]
    evidence = Evidence(turn.scan.started_at, judged=any(one.pin == "pinned" for one in told))
    weighed = weigh_finding(finding, told, evidence, turn.owners, "" if is_new(finding) else turn.signed.get(finding.pk, ""))
    unseen_before = finding.not_seen_at is not None
    if unseen_before and not any(row.not_seen_at for row in _told(turn, finding)):
        finding.not_seen_at, finding.not_seen_why = None, ""
    is_now = (finding.facts, finding.inputs, finding.team, finding.owner_rule, finding.triage)
    moved = weighed.opened or weighed.redecided or finding.state != before or finding.summary != summary or is_now != was
    if moved or (unseen_before and finding.not_seen_at is None):
        finding.summary = summary
        seen_today(finding, turn.now)
        changes.touch(finding)
    if not is_new(finding) and not weighed.reopened:
        changes.seen_again[finding.pk] = finding
    if weighed.outgrown:
        Acceptance.objects.filter(finding=finding, state="signed").update(state="outgrown", ended_at=turn.now)
    why = full_why(finding, decide_for(finding, from_json(finding.facts), turn.owners)) if moved else ""
    tell_weighed(changes, finding, weighed, why, before, ref=f"scan:{turn.scan.key}")
    if reaches_people(finding, weighed):
        changes.speaks.append(finding)


def _weigh_unshown(turn: _Turn, shown: set[str]) -> Verdict:
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


def _inputs_then(turn: _Turn, rows: Sequence[SeenBy]) -> dict[int, tuple[str, ...]]:
    ids = sorted({row.last_scan_id for row in rows if not is_new(row)})
    found: dict[int, tuple[str, ...]] = {}
    for part in known.chunks(ids):
        found |= {pk: tuple(read) for pk, read in RecordedScan.objects.filter(pk__in=part).values_list("pk", "inputs_read")}
    return found


def _version(turn: _Turn, row: SeenBy) -> str | None:
    """What is installed now, where the caller knows; None where it doesn't."""
    if turn.version_now is None:
        return None
    return turn.version_now(row.manifest, str(row.facts.get("ecosystem", "")), str(row.facts.get("package", "")))


def _unmoved(turn: _Turn, row: SeenBy) -> bool:
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
    return f"A complete, newer scan read {row.manifest} ({count:,} packages): {stands}. Scan {scan.key}."


def _mark_not_seen(turn: _Turn, row: SeenBy, why: str) -> None:
    """The mark, once; a finding that was marked before keeps its first date."""
    if row.not_seen_at is not None:
        return
    row.not_seen_at = turn.now
    turn.changes.sightings_changed[row.pk] = row
    finding = turn.known.findings[row.finding_id]
    if finding.is_open and finding.not_seen_at is None:
        finding.not_seen_at, finding.not_seen_why = turn.now, why[:500]
        turn.changes.touch(finding)
        turn.changes.tell(finding, "finding.not_seen", f"Not seen: {why}", ref=f"scan:{turn.scan.key}")


def _finish(turn: _Turn, verdict: Verdict, by: Actor) -> ScanOutcome:
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
    store_story(changes, by)
    paged = ringing.ring(changes.speaks, by, turn.owners)
    ringing.ring_unowned([told.finding for told in changes.told if told.action == "finding.unowned"], by, turn.owners)
    ringing.quiet(changes.quiets, by, "Fixed, and proven by a newer scan.")
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


def _outcome(turn: _Turn, verdict: Verdict) -> ScanOutcome:
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


def _remember_looks(turn: _Turn) -> None:
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


def _supersede(turn: _Turn, by: Actor) -> None:
    """A scan that waits for a person is overtaken by a newer one that speaks for the same inputs."""
    names = closing.declared(turn.scan)
    for held in RecordedScan.objects.filter(feed=turn.feed, state="held", finished_at__lt=turn.scan.finished_at):
        if names >= set(held.inputs):
            RecordedScan.objects.filter(pk=held.pk).update(state="superseded", settled_at=turn.now)
            audit(by, "scan.superseded", f"scan:{held.key}", body={"text": f"Scan {turn.scan.key} is newer and looked at the same."})


def _audit_scan(turn: _Turn, outcome: ScanOutcome, by: Actor) -> None:
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
    if outcome.held:
        body["text"] = f"Waits for a person: {outcome.held_reason}"
    audit(by, "scan.held" if outcome.held else "scan.recorded", f"scan:{scan.key}", body=body, occurred_at=scan.finished_at)


def require_scan(key: str) -> RecordedScan:
    """The held scan of that key. Raises Problem when there is none, or it is settled."""
    row = RecordedScan.objects.select_related("feed").filter(key=key).first()
    if row is None or row.state != "held":
        raise Problem("not_found", "No such held scan", f"No scan {key} waits for a person.", status=404)
    return row
