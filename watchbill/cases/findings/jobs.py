"""What findings do later: acceptances that end by themselves, and decisions taken again when the roster changes. The loop runs these;
each can be run twice without harm.
"""

from typing import Any

from django.db.models import Q

from watchbill.base import clock
from watchbill.base.acting import SYSTEM
from watchbill.base.jobs import JobInfo, handler
from watchbill.cases.findings.accepting import expire_due
from watchbill.cases.findings.hands import redecide
from watchbill.cases.findings.models import YES, Finding
from watchbill.roster import queries as roster

EXPIRE = "acceptance.expire"
EXPIRE_EVERY_SECONDS = 60
REDECIDE = "findings.redecide"


@handler(EXPIRE)
def expire_acceptances(_args: dict[str, Any], _job: JobInfo) -> None:
    """End every acceptance whose date has come."""
    while expire_due(clock.now()):
        pass


@handler(REDECIDE)
def decide_again(args: dict[str, Any], _job: JobInfo) -> None:
    """Decide again for a service, for a repository, or for everything that nobody owns."""
    if args.get("service"):
        redecide(str(args["service"]), by=SYSTEM)
        return
    rows = Finding.objects.filter(is_open__in=YES)
    rows = rows.filter(_of_repo(str(args["repo"]))) if args.get("repo") else rows.filter(unowned=True)
    redecide(list(rows.values_list("pk", flat=True)), by=SYSTEM)


def _of_repo(name: str) -> Q:
    """Findings of a repository: those that say so, and those without one whose service has it."""
    services = [one.slug for one in roster.services() if name in one.repos]
    return Q(repo=name) | Q(repo="", service__in=services)
