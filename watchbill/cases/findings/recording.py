"""The one entrance for scan results: what a scan shows opens, refreshes, reopens or worsens findings; what it does not show closes only
by proof.

One transaction per scan, repeatable, with a fixed number of queries per few hundred sightings. It never trusts silence: `closing` says
what a scan proves, and everything else that it did not show is marked `not_seen`."""

from datetime import datetime

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.problem import invalid
from watchbill.base.writer import audit, write
from watchbill.cases.findings import closing, known
from watchbill.cases.findings.changes import Changes, is_new
from watchbill.cases.findings.facts import facts_hash, facts_of, from_json, one_line, summary_of, to_json
from watchbill.cases.findings.finishing import finish
from watchbill.cases.findings.judging import (
    NO_DUE,
    decide_for,
    full_why,
    reaches_people,
    seen_today,
    tell_weighed,
    weigh_finding,
)
from watchbill.cases.findings.known import Known
from watchbill.cases.findings.models import Acceptance, Feed, Finding, MergedName, RecordedScan, SeenBy
from watchbill.cases.findings.owners import Owners
from watchbill.cases.findings.rules import IDENTITY_VERSION, ScanOutcome, ScanSummary, Sighting, fingerprint, same_problem, spot
from watchbill.cases.findings.turns import Turn, VersionNow
from watchbill.cases.findings.unshown import weigh_unshown
from watchbill.cases.findings.weighing import Evidence
from watchbill.cases.limits import INPUTS_PER_SCAN, NAME_CHARS, PATH_CHARS, SCAN_KEY_CHARS, SIGHTINGS_PER_SCAN


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
    _check_names(sightings)
    if scan.started_at.tzinfo is None or scan.finished_at.tzinfo is None:
        raise invalid("finished_at", "The times of a scan need a zone.")


def _check_names(sightings: tuple[Sighting, ...]) -> None:
    """The two names that make a finding what it is are never cut or cleaned, because two could become one: they fit, or are refused."""
    for one in sightings:
        if not 0 < len(one.advisory) <= NAME_CHARS or not one.advisory.isprintable():
            raise invalid("sightings", f"Each sighting names an advisory, in 1 to {NAME_CHARS} printable characters.")
        if len(one.manifest) > PATH_CHARS or not one.manifest.isprintable():
            raise invalid("sightings", f"Each sighting names its manifest, in at most {PATH_CHARS} printable characters.")


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
    turn = Turn(scan, row, feed, looks, loaded, Owners(now), Changes(), _signed(loaded), now, version_now)
    _attach_all(turn, shown)
    verdict = weigh_unshown(turn, set(shown))
    return finish(turn, verdict, by)


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


def _attach_all(turn: Turn, shown: dict[str, Sighting]) -> None:
    """Each sighting to its row and finding; then each finding that was shown is weighed once."""
    touched: dict[str, tuple[Finding, str]] = {}
    for name, sighting in shown.items():
        finding = _finding_of(turn, name, sighting)
        _see(turn, name, sighting, finding)
        touched[finding.fingerprint] = (finding, summary_of(sighting))
    for finding, summary in touched.values():
        _weigh_shown(turn, finding, summary)


def _finding_of(turn: Turn, name: str, sighting: Sighting) -> Finding:
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


def _see(turn: Turn, name: str, sighting: Sighting, finding: Finding) -> None:
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


def _told(turn: Turn, finding: Finding) -> list[SeenBy]:
    """The open sightings of a finding, also of one that has no number yet."""
    if not is_new(finding):
        return turn.known.told.setdefault(finding.pk, [])
    kept: list[SeenBy] = finding.__dict__.setdefault("_told_so_far", [])
    return kept


def _weigh_shown(turn: Turn, finding: Finding, summary: str) -> None:
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
