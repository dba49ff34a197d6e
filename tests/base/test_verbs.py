"""The floor's server verbs: health, and the trail a page at a time."""

import json
from typing import Any

import pytest

from watchbill.base import control, limits, trail
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.canonical import event_bytes
from watchbill.base.models import AuditEvent
from watchbill.base.problem import Problem
from watchbill.base.writer import audit, write

pytestmark = pytest.mark.django_db
ALICE = Actor("person", "alice@saltmarsh.example", "cli")


def add(count: int) -> None:
    for number in range(count):
        write(lambda number=number: audit(SYSTEM, "finding.opened", f"finding:{number}"))


def export() -> list[str]:
    """Every page, as the command asks for them."""
    lines: list[str] = []
    after, upto = 0, 0
    while True:
        page = control.run("audit.export", {"after": after, "upto": upto}, ALICE)
        lines += page["lines"]
        after, upto = page["last"], page["upto"]
        if after >= upto:
            return lines


def test_health_is_plain_json() -> None:
    told = json.loads(json.dumps(control.run("health", {}, ALICE)))
    assert {"at", "company", "writer", "loops", "stuck_news", "witness", "events"} == set(told)
    assert {"running", "stuck", "busy_seconds", "busy_with", "urgent_waiting", "slow_waiting"} == set(told["writer"])


def test_an_export_is_in_the_trail_under_who_asked() -> None:
    export()
    (event,) = trail.events(action="trail.exported")
    assert (event.actor, event.source) == ("alice@saltmarsh.example", "cli")


def test_an_export_holds_what_the_leaves_are_hashes_of() -> None:
    add(3)
    rows = AuditEvent.objects.order_by("seq").values_list(*trail.canonical.FIELDS)
    assert export() == [event_bytes(row).decode() for row in rows]


def test_pages_follow_each_other_without_gap_or_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRAIL_PAGE", 2)
    add(6)
    assert [json.loads(line)["seq"] for line in export()] == list(range(1, 8))


def test_what_is_written_while_it_is_exported_waits_for_the_next_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRAIL_PAGE", 2)
    add(2)
    first = control.run("audit.export", {"after": 0, "upto": 0}, ALICE)
    add(5)
    rest = control.run("audit.export", {"after": first["last"], "upto": first["upto"]}, ALICE)
    assert (first["upto"], rest["last"], len(rest["lines"])) == (3, 3, 1)


def test_the_first_page_brings_a_checkpoint_over_all_that_is_exported() -> None:
    add(4)
    page = control.run("audit.export", {}, ALICE)
    assert page["checkpoint"].splitlines()[1] == str(page["upto"]) == "5"


def test_an_export_is_recorded_once_however_many_pages_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRAIL_PAGE", 1)
    add(4)
    export()
    assert len(trail.events(action="trail.exported")) == 1


@pytest.mark.parametrize("payload", [{"after": "1"}, {"upto": -1}, {"after": 1.5}, {"after": True}, {"upto": None}])
def test_numbers_that_are_none_are_refused(payload: dict[str, object]) -> None:
    with pytest.raises(Problem) as caught:
        control.run("audit.export", payload, ALICE)
    assert caught.value.code == "invalid"


def test_a_person_is_erased_by_whoever_asked() -> None:
    write(lambda: audit(Actor("person", "bob@saltmarsh.example", "web"), "finding.taken", "finding:1"))
    told = control.run("audit.erase_person", {"email": "bob@saltmarsh.example", "also": ["Bob Lindqvist"]}, ALICE)
    assert (told["names"], told["values"], told["in_the_open"]) == (1, 0, 0)
    (event,) = trail.events(action="person.erased")
    assert (event.actor, event.body["commitments"]) == ("alice@saltmarsh.example", list(told["commitments"]))


@pytest.mark.parametrize("payload", [{}, {"email": 1}, {"email": "bob@x.example", "also": "Bob"}, {"email": "bob@x.example", "also": [1]}])
def test_an_erasure_that_names_nobody_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        control.run("audit.erase_person", payload, ALICE)
