"""One finding, answered in the order people ask: what, why you, why now, what happens if I don't, what to do, how it will be proven,
what changed around it, and its history with the trail's numbers. Every verb on it is a form here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

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
from watchbill.intake.scans import queries as scans
from watchbill.intake.scans.why import why
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.paging.queries import AlertInfo
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo, ServiceInfo
from watchbill.web import why_you
from watchbill.web.reader import actor, allowed, names_of_people, signed_in, zone_of
from watchbill.web.telling import Entry, by_whom, named, story
from watchbill.web.watch import watch_book

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
    "forecast": "How likely is it?",
}
LINKS = 4


@dataclass(frozen=True)
class Link:
    """A name of the finding's problem, and where it is told of; "" for nowhere."""

    text: str
    href: str


@require_safe
def page(request: HttpRequest, finding_id: int) -> HttpResponse:
    """GET /findings/<id>/."""
    person = allowed(request, "read")
    finding = findings.finding(finding_id)
    alert = _alert_of(finding)
    now, names = clock.now(), names_of_people(request)
    open_alert = alert if alert is not None and alert.state != "resolved" else None
    team = roster.team(finding.team)
    acceptance = finding.acceptance
    context = {
        "title": f"Finding {finding_id}",
        "finding": finding,
        "known_as": scans.also_known_as(finding.advisory, finding.aliases),
        "row": finding,
        "alert": open_alert,
        "any_alert": alert,
        "ringing": open_alert is not None and open_alert.state == "triggered",
        "links": _links(finding),
        "matches": why(finding.advisory, finding.ecosystem, finding.package, finding.installed),
        "answers": _answers(finding, names),
        "names": names,
        "why_you": why_you.sentences(alert, person, zone_of(person)) if alert else (),
        "around": _around(finding, names),
        "entries": story_of(request, finding_id, alert),
        "team": team,
        "owner": ", ".join([team.name, *(one.name for one in team.members[:1] if len(team.members) == 1)]),
        "on_watch": watch_book(request).on_watch(watch_book(request).security),
        "service": _service(finding),
        "closed": finding.state in CLOSED,
        "may_triage": roster.may(person, "triage"),
        "may_sign": acceptance is not None and findings.may_sign(acceptance.id, person),
        "may_act": roster.may(person, "act"),
        "teams": roster.teams(),
        "next_step": _next_step(finding),
        "proof": [replace(line, text=named(line.text, names)) for line in finding.proof],
        "until": (now + timedelta(days=90)).date(),
        "latest": (now + LONGEST_ACCEPTANCE).date(),
    }
    return render(request, "findings/finding.html", context)


def _service(finding: FindingDetail) -> ServiceInfo | None:
    """What the roster knows of the service; None for one it doesn't know."""
    try:
        return roster.service(finding.service) if finding.service else None
    except Problem:
        return None


def _links(finding: FindingDetail) -> list[Link]:
    """The problem's names, each with the reference that is about it; then other references by the site they stand on."""
    left = [one for one in dict.fromkeys(finding.references) if one.startswith(("https://", "http://"))]
    drawn = []
    for name in dict.fromkeys((*finding.aliases, finding.advisory)):
        about = [one for one in left if name.lower() in one.lower()]
        left = [one for one in left if one not in about]
        drawn.append(Link(name, about[0] if about else ""))
    drawn.sort(key=lambda link: not link.href)
    drawn += [Link(f"weakness {cwe}", _weakness(cwe)) for cwe in finding.cwes]
    sites = {(urlsplit(one).hostname or one).removeprefix("www."): one for one in reversed(left)}
    return [*drawn, *(Link(site, href) for site, href in reversed(sites.items()))][: len(drawn) + LINKS]


def _weakness(cwe: str) -> str:
    number = cwe.removeprefix("CWE-")
    return f"https://cwe.mitre.org/data/definitions/{number}.html" if number.isdecimal() else ""


def _alert_of(finding: FindingDetail) -> AlertInfo | None:
    """The alert that this finding rings by; several findings of one package may share one."""
    return paging.alert(finding.alert_id) if finding.alert_id else paging.alert_for(f"finding:{finding.id}")


def _next_step(finding: FindingDetail) -> str:
    """The next right thing in one sentence; its button stands beside it."""
    if finding.state == "fixed":
        return "nothing: it is fixed, and proven."
    if finding.state == "accepted":
        return "nothing until the acceptance ends; then it comes back by itself."
    if finding.state in ("fix_claimed", "verifying"):
        return "wait for the proof: a complete, newer scan without it."
    if finding.state in CLOSED:
        return "nothing: it is closed."
    if finding.upgrade_to:
        return f"put {finding.package} at {finding.upgrade_to} and deploy."
    return f"reduce who can reach {finding.package}, or accept the risk until a date: no version of it is fixed yet."


def _answers(finding: FindingDetail, names: dict[str, str]) -> list[Answer]:
    return [
        Answer(QUESTIONS.get(one.name, one.name), one.label or one.value, named(one.source, names), one.as_of, one.assumed)
        for one in finding.inputs
    ]


def _around(finding: FindingDetail, names: dict[str, str]) -> list[Entry]:
    """Changes on the same service, repository or package within an hour of when this was first (or last again) seen."""
    found = findings.around(finding.id)
    entries = [Entry(change.occurred_at, change.summary, "change", change.seq, by_whom(change.by, names)) for change in found]
    entries.append(Entry(finding.opened_at, "This finding was seen" if not finding.reopened_count else "This finding came back", "page"))
    return sorted(entries, key=lambda entry: entry.at)


def story_of(request: HttpRequest, finding_id: int, alert: AlertInfo | None, *more: str) -> list[Entry]:
    """The trail of a finding and of its pages, newest first."""
    targets = [f"finding:{finding_id}", *more]
    if alert is not None:
        targets += [f"alert:{alert.id}", *(f"page:{one.id}" for one in paging.pages(alert.id))]
    return story(trail.events_for(targets), names_of_people(request))


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


def _sign(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.sign_acceptance(_request_of(finding_id, form), by=actor(person))
    return "Signed. It comes back by itself when the time is up."


def _reject(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.reject_acceptance(_request_of(finding_id, form), reason=form.get("reason", ""), by=actor(person))
    return "Turned down. It stays open."


def _request_of(finding_id: int, form: QueryDict) -> int:
    """The number of the request in the form, which has to be about the finding of this page. Raises Problem."""
    text = form.get("acceptance", "")
    number = int(text) if text.isdecimal() and len(text) < 19 else 0
    if all(one.id != number for one in findings.acceptances(finding_id)):
        raise invalid("acceptance", "That is no request about this finding.")
    return number


def _not_affected(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.not_affected(finding_id, reason=form.get("reason", ""), by=actor(person))
    closed = findings.finding(finding_id).state == "not_affected"
    return "Closed as not affected, with your reason." if closed else "Noted. It stays open until security has had a second look."


def _assign(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.assign(finding_id, team=form.get("team", ""), by=actor(person))
    return "Handed on."


def _retire(finding_id: int, form: QueryDict, person: PersonInfo) -> str:
    verbs.retire(finding_id, reason=form.get("reason", ""), by=actor(person))
    return "Retired, with your reason. It is not counted as fixed."


VERBS: dict[str, tuple[str, Callable[[int, QueryDict, PersonInfo], str]]] = {
    "take": ("act", _take),
    "fixed": ("act", _fixed),
    "accept": ("act", _accept),
    "sign": ("act", _sign),
    "reject": ("act", _reject),
    "not_affected": ("act", _not_affected),
    "assign": ("act", _assign),
    "retire": ("triage", _retire),
}
