"""The trail as proof: check every event with one click, take events away as a zip that proves itself, and see how far either is."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from watchbill.base import limits, trail, trail_runs
from watchbill.base.problem import Problem, forbidden
from watchbill.base.trail_runs import Run
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo
from watchbill.web import formats
from watchbill.web.pages.trail import Asked, asked_in, changes_for, most_of
from watchbill.web.privacy import visible
from watchbill.web.reader import actor, allowed, names_of_people

ZIP = "application/zip"


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """POST /trail/check: compute every leaf and root anew, and compare with the checkpoints; a large trail as a job."""
    person = allowed(request, "act")
    checked = trail_runs.ask_check(actor(person))
    if checked.under_way:
        return HttpResponseRedirect(reverse("trail-run", args=[checked.id]), status=303)
    if checked.outcome.get("ok"):
        messages.success(request, f"{formats.count(checked.outcome['events'], 'event')}, none missing, none altered; checked just now.")
    else:
        messages.error(request, told(checked))
    return HttpResponseRedirect(reverse("trail"), status=303)


def told(run: Run) -> str:
    """What came of it, when that is not good."""
    if run.state == "failed":
        return str(run.outcome.get("problem", "It could not be finished."))
    first = run.outcome.get("first_bad_seq")
    return f"The trail does not hold{f' from event {first} on' if first else ''}: {run.outcome.get('reason', '')}"


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """POST /trail/export: the events that the form asks for, or the whole trail, as a zip with proofs. `since`: a checkpoint of the
    recipient's; `sealed`: without names and private values.
    """
    person = allowed(request, "read")
    since, opened = request.POST.get("since", ""), not request.POST.get("sealed")
    if request.POST.get("what") == "whole":
        roster.require(person, "triage")
        made = trail_runs.ask_export(actor(person), since=since, opened=opened, told="the whole trail")
    else:
        asked = asked_in(request.POST, person)
        seqs = numbers_for(asked, person)
        made = trail_runs.ask_export(actor(person), seqs=seqs, since=since, opened=opened, told=asked.in_words())
    return HttpResponseRedirect(reverse("trail-run-file" if made.state == "done" else "trail-run", args=[made.id]), status=303)


def numbers_for(asked: Asked, person: PersonInfo) -> list[int]:
    """The events of a part, with those that tell of changes which happened there and were told of later. Raises Problem when there is
    none, or when there are too many to say that these are all.
    """
    events, last = most_of(asked, person, limits.TRAIL_AT_ONCE + 1)
    if len(events) > limits.TRAIL_AT_ONCE or (last.go_on is not None and asked.at is not None):
        detail = f"More than {formats.number(limits.TRAIL_AT_ONCE)} events fit what you asked for, or it takes too long to tell."
        raise Problem("too_many", "Too many for a part", detail, remedy="Ask for a shorter time, or export the whole trail.", status=409)
    seqs = sorted({event.seq for event in (*events, *_told_of(asked, person))})
    if not seqs:
        raise Problem("no_events", "Nothing to export", "No event fits what you asked for.", remedy="Ask for another time.", status=409)
    return seqs


def _told_of(asked: Asked, person: PersonInfo) -> list[trail.TrailEvent]:
    """The events that tell of the changes around the moment, whenever they were recorded."""
    told_of = changes_for(asked)
    numbers = {one.seq for one in told_of}
    return [event for event in visible(trail.events_for([f"change:{one.id}" for one in told_of]), person) if event.seq in numbers]


@require_safe
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """GET /trail/runs/<id>/: how far an export or a check is, or what came of it."""
    asked = visible_run(run_id, allowed(request, "read"))
    context = {
        "title": "Check of the trail" if asked.kind == "check" else "Export of the trail",
        "run": asked,
        "by": names_of_people(request).get(asked.asked_by, asked.asked_by),
        "percent": min(100, 100 * asked.done // max(1, asked.total)),
        "told": "" if asked.under_way or asked.outcome.get("ok", asked.kind == "export" and asked.state != "failed") else told(asked),
        "kept_days": limits.TRAIL_EXPORT_KEPT_DAYS,
    }
    return render(request, "trail/run.html", context)


def visible_run(run_id: int, person: PersonInfo) -> Run:
    """The run, for whoever may see it: checks are everybody's, an export is its asker's and the administrators'. Raises Problem."""
    found = trail_runs.run(run_id)
    if found.kind == "export" and found.asked_by != person.email and not roster.may(person, "admin"):
        raise forbidden("Somebody else asked for this export.", "Ask for one of your own.")
    if found.kind == "export" and "seqs" not in found.what:
        roster.require(person, "triage")  # it holds everything, and whoever asked may have lost the right to that
    return found


@require_safe
def file(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """GET /trail/runs/<id>/file: the finished export."""
    return zip_answer(visible_run(run_id, allowed(request, "read")))


def zip_answer(run: Run) -> FileResponse:
    """The export's file, which goes out from the disk. Raises Problem when there is none (yet)."""
    answer = FileResponse(
        trail_runs.file_of(run).open("rb"), as_attachment=True, filename=f"watchbill-trail-{run.id}.zip", content_type=ZIP
    )
    answer["Content-Encoding"] = "identity"  # packed already: the middleware is not to pack it again
    return answer
