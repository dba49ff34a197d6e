"""Banners about the whole place. Here: that nobody outside keeps the trail's checkpoints, said where the trail is read or set up, and to
administrators where they begin; nowhere else, since nagging helps nobody.
"""

from dataclasses import dataclass

from django.urls import reverse

from watchbill.base import clock, trail, witnessing
from watchbill.roster.queries import PersonInfo
from watchbill.roster.rules import may
from watchbill.web import formats


@dataclass(frozen=True)
class Banner:
    """A state of the whole place, with one link."""

    title: str
    text: str
    href: str = ""
    link: str = ""
    kind: str = ""


_ALONE = (
    "The signed checkpoints of the trail never leave this machine, so whoever administers it could rewrite the past unseen. "
    'One line below [witness] in watchbill.toml mends that, such as mail = ["auditor@example.org"]; then restart.'
)


def of_the_trail(person: PersonInfo, place: str) -> list[Banner]:
    """That there is no witness, or that none is up to date. `place` is the name of the page's address."""
    here = place.startswith(("trail", "setup")) or (place == "now" and may(person, "admin"))
    if not here:
        return []
    where = reverse("setup") + "#witness"
    if not witnessing.configured():
        return [Banner("No witness configured.", _ALONE, where, "Add a witness", "warn")]
    status = trail.witness_status()
    if not status.late:
        return []
    since = min(one.behind_since for one in status.each if one.behind_since is not None)
    why = f" The last attempt failed: {formats.line(status.problem)}." if status.problem else ""
    text = f"Nothing of the last {formats.duration(clock.now() - since)} is under a checkpoint that anybody outside keeps.{why}"
    return [Banner("No witness is up to date.", text, where, "See which", "warn")]
