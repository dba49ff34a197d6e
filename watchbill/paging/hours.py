"""When a page of an alert may ring: at any time for `now`, in the owning team's working time for `hours`. It asks the roster; it
decides nothing else."""

from datetime import datetime
from functools import cache

from watchbill.base.problem import Problem
from watchbill.paging.models import Alert
from watchbill.paging.rules.planning import Opening, any_time
from watchbill.paging.rules.words import Decision
from watchbill.roster import queries as roster


def opening_of(alert: Alert) -> Opening:
    """The opening for this alert.

    A team that the roster doesn't know has security's hours; with none known either, it rings at any time.
    """
    if alert.decision == Decision.NOW:
        return any_time
    team = _known_team(alert.team) or _known_team(roster.security_team())
    if not team:
        return any_time

    @cache
    def opening(at: datetime) -> datetime:
        try:
            return at if roster.is_working_time(team, at) else roster.next_opening(team, at)
        except Problem:
            return at  # a team that never works has nothing to wait for; leaving its people asleep for ever is no choice

    return opening


def _known_team(slug: str) -> str:
    try:
        return roster.team(slug).slug if slug else ""
    except Problem:
        return ""
