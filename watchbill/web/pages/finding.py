"""One finding, answered in the order people ask: what, why you, why now, what to do, how it will be proven, what changed around it,
what happens if I don't, and its history with the trail's numbers. Every verb on it is a form here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from watchbill.base import clock, trail
from watchbill.base.problem import Problem, invalid
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings import services as verbs
from watchbill.cases.findings.views import FindingDetail
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.paging.queries import AlertInfo
from watchbill.paging.trace import trace
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo
from watchbill.web.reader import actor, allowed, names_of_people, signed_in, zone_of
from watchbill.web.telling import Entry, entry, named

LONGEST_ACCEPTANCE = timedelta(days=180)
CLOSED = ("fixed", "not_affected", "withdrawn", "retired", "duplicate")


@dataclass(frozen=True)
class Answer:
    """One of SSVC's questions in plain words, with what was answered, by whom, as of when."""

    question: str
    value: str
    source: str
    as_of: datetime | None
    assumed: bool


QUESTIONS = {
    "exploitation": "Is it exploited?",
    "exposure": "Who can reach it?",
    "automatable": "Can it be automated?",
    "human_impact": "Harm to people",
}


@require_safe
def page(request: HttpRequest, finding_id: int) -> HttpResponse:
    """GET /findings/<id>/."""
    person = allowed(request, "read")
    finding = findings.finding(finding_id)
    alert = _alert_of(finding)
    now, names = clock.now(), names_of_people()
    open_alert = alert if alert is not None and alert.state != "resolved" else None
    context = {
        "title": f"Finding {finding_id}",
        "finding": finding,
        "row": finding,
        "alert": open_alert,
        "any_alert": alert,
        "ringing": open_alert is not None and open_alert.state == "triggered",
        "answers": _answers(finding, names),
        "names": names,
        "why_you": trace(alert.id, person.id)[0].text if alert else "",
        "around": _around(finding, names),
        "entries": story_of(finding_id, alert),
        "team": roster.team(finding.team),
        "closed": finding.state in CLOSED,
        "may_triage": roster.may(person, "triage"),
        "may_accept": roster.may(person, "accept_risk"),
        "may_act": roster.may(person, "act"),
        "teams": roster.teams(),
        "next_step": _next_step(finding),
        "until": (now + timedelta(days=90)).date(),
        "latest": (now + LONGEST_ACCEPTANCE).date(),
    }
    return render(request, "findings/finding.html", context)


def _alert_of(finding: FindingDetail) -> AlertInfo | None:
    """The alert that this finding rings by; several findings of one package may share one."""
    return paging.alert(finding.alert_id) if finding.alert_id else paging.alert_for(f"finding:{finding.id}")


def _next_step(finding: FindingDetail) -> str:
    """The next right thing in one sentence; its button stands beside it."""
    if finding.state == "fixed":
        return "Nothing: it is fixed, and proven."
    if finding.state == "accepted":
        return "Nothing until the acceptance ends; then it comes back by itself."
    if finding.state in ("fix_claimed", "verifying"):
        return "Wait for the proof: a complete, newer scan without it."
    if finding.state in CLOSED:
        return "Nothing: it is closed."
    if finding.upgrade_to:
        return f"Put {finding.package} at {finding.upgrade_to} and deploy."
    return f"There is no fixed version of {finding.package} yet: reduce who can reach it, or accept the risk until a date."


def _answers(finding: FindingDetail, names: dict[str, str]) -> list[Answer]:
    return [
        Answer(QUESTIONS.get(one.name, one.name), one.label or one.value, named(one.source, names), one.as_of, one.assumed)
        for one in finding.inputs
    ]


def _around(finding: FindingDetail, names: dict[str, str]) -> list[Entry]:
    """Changes on the same service, repository or package within an hour of when this was first (or last again) seen."""
    found = findings.around(finding.id)
    entries = [Entry(change.occurred_at, change.summary, "change", change.seq, f"by {names.get(change.by, change.by)}") for change in found]
    entries.append(Entry(finding.opened_at, "This finding was seen" if not finding.reopened_count else "This finding came back", "page"))
    return sorted(entries, key=lambda entry: entry.at)


def story_of(finding_id: int, alert: AlertInfo | None, *more: str) -> list[Entry]:
    """The trail of a finding and of its pages, newest first."""
    targets = [f"finding:{finding_id}", *more]
    if alert is not None:
        targets += [f"alert:{alert.id}", *(f"page:{one.id}" for one in paging.pages(alert.id))]
    names = names_of_people()
    return [entry(event, names) for event in reversed(trail.events_for(targets))]


@require_POST
def act(request: HttpRequest, finding_id: int) -> HttpResponse:
    """POST /findings/<id>/do with `do` naming the verb."""
    person = signed_in(request)
    do = request.POST.get("do", "")
    verb = VERBS.get(do)
    if verb is None:
        raise Problem("invalid", "Which button?", f"This page has no verb {do!r}.", status=422)
    action, run = verb
    roster.require(person, action)
    messages.success(request, run(finding_id, request.POST, person))
    return HttpResponseRedirect(reverse("finding", args=[finding_id]), status=303)


def _take(finding_id: int, _form: QueryDict, person: PersonInfo) -> str:
    """Taking a finding is answering its page too, when one rings."""
    verbs.take(finding_id, by=actor(person), person=person)
    alert = _alert_of(findings.finding(finding_id))
    if alert is not None and alert.state == "triggered":
        bell.acknowledge(alert.id, by=actor(person), person_id=person.id, channel="web")
    return "It is yours. Nobody else is paged."


def _fixed(finding_id: int, _form: QueryDict, person: PersonInfo) -> str:
    verbs.claim_fix(finding_id, by=actor(person))
    return "Noted. A newer scan has to prove it; it is being asked for now."


def _accept(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    until = _end_of(form.get("until", ""), person)
    verbs.accept_risk(finding_id, reason=form.get("reason", ""), until=until, by=actor(person))
    return "Asked. It stays open, and counted, until a second person signs."


def _end_of(text: str, person: PersonInfo) -> datetime:
    """The end of a day in the person's zone. Raises Problem(invalid)."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid("until", "A risk is accepted until a day, such as 2027-01-15.") from None
    return datetime.combine(day, time(23, 59, 59), zone_of(person))


def _sign(_finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.sign_acceptance(_number(form, "acceptance"), by=actor(person))
    return "Signed. It comes back by itself when the time is up."


def _reject(_finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.reject_acceptance(_number(form, "acceptance"), reason=form.get("reason", ""), by=actor(person))
    return "Turned down. It stays open."


def _number(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    if not text.isdecimal() or len(text) > 18:
        raise invalid(name, "That is no number.")
    return int(text)


def _not_affected(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.not_affected(finding_id, reason=form.get("reason", ""), by=actor(person))
    closed = findings.finding(finding_id).state == "not_affected"
    return "Closed as not affected, with your reason." if closed else "Noted. It stays open until security has had a second look."


def _assign(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.assign(finding_id, team=form.get("team", ""), by=actor(person))
    return "Handed on."


VERBS: dict[str, tuple[str, Callable[[int, QueryDict, PersonInfo], str]]] = {
    "take": ("act", _take),
    "fixed": ("act", _fixed),
    "accept": ("act", _accept),
    "sign": ("act", _sign),
    "reject": ("act", _reject),
    "not_affected": ("act", _not_affected),
    "assign": ("act", _assign),
}
