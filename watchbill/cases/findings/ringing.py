"""From findings to the bell: one alert for each finding that is `now`, one for all that are `hours` in a service, and silence when it
is fixed.

A first scan of an old service may open fifty findings for working hours; they ring once, as a list. What nobody owns rings at security,
once for each place. Whether anybody is reached, and when, is the bell's to decide; this only says what for and why."""

from collections.abc import Sequence

from watchbill.base.acting import Actor
from watchbill.base.writer import audit
from watchbill.cases.decisions.rules import RANK
from watchbill.cases.findings.facts import from_json, upgrade_to
from watchbill.cases.findings.guidance import first_things, runs
from watchbill.cases.findings.judging import decide_for, ringing_why
from watchbill.cases.findings.models import YES, Finding
from watchbill.cases.findings.owners import Owners
from watchbill.cases.limits import GUIDANCE_LINES, NAMED_IN_ALERT
from watchbill.paging import services as paging


def ring(findings: Sequence[Finding], by: Actor, owners: Owners) -> tuple[int, ...]:
    """Open the alerts for findings that speak, inside the caller's unit; the ids of those that people are reached about."""
    loud = [finding for finding in findings if finding.decision == "now"]
    calm: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.decision == "hours":
            calm.setdefault((finding.service, _team(finding, owners)), []).append(finding)
    for finding in loud:
        _ring_one(finding, by, owners)
    for group in calm.values():
        if len(group) == 1:
            _ring_one(group[0], by, owners)
        else:
            _ring_many(group, by, owners)
    return tuple(finding.pk for finding in (*loud, *(one for group in calm.values() for one in group)))


def _team(finding: Finding, owners: Owners) -> str:
    """Whom to reach: the owner, but security where an assumption has to be settled first and nothing is on fire."""
    return owners.security() if finding.triage and finding.decision == "hours" else finding.team


def _ring_one(finding: Finding, by: Actor, owners: Owners) -> None:
    team = _team(finding, owners)
    ref = paging.open_alert(
        subject=f"finding:{finding.pk}",
        dedup_key=f"finding:{finding.pk}",
        title=_title(finding),
        decision=finding.decision,
        why=_why(finding, owners),
        policy=owners.policy(finding.service, team),
        team=team,
        link=f"/findings/{finding.pk}/",
        where=owners.where(finding.service, finding.repo, finding.team),
        guidance=_guidance(finding),
        by=by,
    )
    _remember([finding], ref, f"finding:{finding.pk}", by)


def _ring_many(group: Sequence[Finding], by: Actor, owners: Owners) -> None:
    """One alert for many: it is about the most pressing and lists the others."""
    ordered = sorted(group, key=lambda one: (RANK[one.decision], one.due_sort, one.pk))
    first, team = ordered[0], _team(ordered[0], owners)
    place = first.service or first.repo or "a place without a service"
    named = [f"{one.title} (finding {one.pk})." for one in ordered[:NAMED_IN_ALERT]]
    rest = len(ordered) - len(named)
    key = f"findings:{first.service[:100]}:{first.pk}"
    ref = paging.open_alert(
        subject=f"finding:{first.pk}",
        dedup_key=key,
        title=f"{len(ordered)} findings on {place} need working hours",
        decision="hours",
        why=(f"{len(ordered)} findings were decided hours at once, so they ring once.", *named, *([f"And {rest} more."] if rest else [])),
        policy=owners.policy(first.service, team),
        team=team,
        link=f"/findings/?q=service%3A{first.service}+is%3Aopen+decision%3Ahours"
        if first.service.isascii() and first.service
        else "/findings/",
        where=owners.where(first.service, first.repo, first.team),
        guidance=tuple(dict.fromkeys(line for one in ordered for line in runs(from_json(one.facts).upgrade)))[:GUIDANCE_LINES],
        by=by,
    )
    _remember(ordered, ref, key, by)


def _remember(findings: Sequence[Finding], ref: paging.AlertRef, key: str, by: Actor) -> None:
    """Which alert speaks for a finding, on its row; and in its story where the alert's own beginning doesn't tell it."""
    alert_id = ref.id
    ids = [finding.pk for finding in findings]
    left = {finding.alert_key for finding in findings if finding.alert_key and finding.alert_key != key}
    Finding.objects.filter(pk__in=ids).update(alert_id=alert_id, alert_key=key)
    for old in sorted(left - set(Finding.objects.filter(alert_key__in=left, is_open__in=YES).values_list("alert_key", flat=True))):
        paging.resolve_alert(old, by, f"Alert {alert_id} speaks for it now.")
    if ref.created and len(ids) == 1:
        return
    others = f", together with {len(ids) - 1} {'other' if len(ids) == 2 else 'others'}" if len(ids) > 1 else ""
    for pk in ids:
        text = f"Alert {alert_id} speaks for it{others}"
        audit(by, "finding.rang", f"finding:{pk}", ref=f"alert:{alert_id}", body={"text": text, "alert": alert_id})


def _title(finding: Finding) -> str:
    return f"{finding.title}, in {finding.service}" if finding.service and finding.service not in finding.title else finding.title


def _why(finding: Finding, owners: Owners) -> tuple[str, ...]:
    lines = [ringing_why(finding, decide_for(finding, from_json(finding.facts), owners))]
    if finding.reopened_count and finding.reopened_at == owners.now:
        lines.append(f"It came back after it was closed ({finding.reopened_count} so far).")
    if finding.owner_rule:
        lines.append(finding.owner_rule)
    return tuple(lines)


def _guidance(finding: Finding) -> tuple[str, ...]:
    facts = from_json(finding.facts)
    commands = facts.upgrade[:GUIDANCE_LINES]
    return first_things(facts.package, facts.installed, upgrade_to(facts), finding.manifest, finding.repo, commands, facts.path)


def quiet(findings: Sequence[Finding], by: Actor, why: str) -> None:
    """End the alerts of findings that need nobody any more; one that speaks for many ends with the last of them. Their rows are written
    already.
    """
    keys = {finding.alert_key for finding in findings if finding.alert_key}
    if not keys:
        return
    rows = Finding.objects.filter(alert_key__in=keys)
    rows.filter(pk__in=[finding.pk for finding in findings]).update(alert_key="")
    busy = set(rows.filter(is_open__in=YES).values_list("alert_key", flat=True))
    for key in sorted(keys - busy):
        end(key, by, why)


def end(key: str, by: Actor, why: str) -> None:
    """Resolve the alert of that key, if there is an open one."""
    paging.resolve_alert(key, by, why)


def unowned_key(service: str, repo: str, manifest: str) -> str:
    """What the alert about a place without an owner is known by."""
    return f"unowned:{service}:{repo}:{manifest}"[:255]


def ring_unowned(findings: Sequence[Finding], by: Actor, owners: Owners) -> None:
    """No owner is a finding of its own (law 4): security hears of each such place, once while its alert is open, in working hours."""
    places: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        places.setdefault((finding.service, finding.repo, finding.manifest), []).append(finding)
    for (service, repo, manifest), group in places.items():
        security = owners.security()
        paging.open_alert(
            subject=f"place:{service or repo or manifest}"[:200],
            dedup_key=unowned_key(service, repo, manifest),
            title=f"Nobody owns {manifest or service or repo}",
            decision="hours",
            why=(_unowned_why(len(group)), group[0].owner_rule),
            policy=owners.policy("", security),
            team=security,
            link="/findings/?q=is%3Aunowned",
            where=owners.where(service, repo, ""),
            guidance=("Name an owner: a rule in the roster, the service's team, or CODEOWNERS.",),
            by=by,
        )


def _unowned_why(count: int) -> str:
    if count == 1:
        return "1 finding there has no owner, so security has it until one is named."
    return f"{count} findings there have no owner, so security has them until one is named."
