"""Change events: told by people and tools, found again around a time and a target."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import SettableClock
from watchbill.base import limits, trail
from watchbill.base.acting import Actor
from watchbill.base.changes import ChangeDraft, changes_around, record_change, recording
from watchbill.base.models import Change, News
from watchbill.base.problem import Problem
from watchbill.base.writer import write

ALICE = Actor("person", "alice@saltmarsh.example", "cli")
pytestmark = pytest.mark.django_db


def change(summary: str = "Deployed berths-api 4.2", **how: Any) -> int:
    return record_change(**{"by": ALICE, "summary": summary, "source": "deploy", "targets": ["service:berths-api"]} | how)


def test_a_change_is_kept_with_who_what_and_where(clock: SettableClock) -> None:
    number = change(links=["https://ci.example/run/7"], kind="deploy")
    found = changes_around(clock.now(), timedelta(minutes=15))[0]
    assert (found.id, found.summary, found.source, found.kind, found.by) == (
        number, "Deployed berths-api 4.2", "deploy", "deploy", "alice@saltmarsh.example",
    )  # fmt: skip
    assert (found.targets, found.links) == (("service:berths-api",), ("https://ci.example/run/7",))
    assert found.occurred_at == found.recorded_at == clock.now()


def test_a_change_is_audited_and_is_news(clock: SettableClock) -> None:
    number = change()
    event = trail.events()[0]
    assert (event.action, event.target, event.body["summary"]) == ("change.recorded", f"change:{number}", "Deployed berths-api 4.2")
    assert News.objects.get().subject == f"change:{number}"
    assert changes_around(clock.now(), timedelta(0))[0].seq == event.seq


def test_both_times_are_kept(clock: SettableClock) -> None:
    happened = clock.now() - timedelta(hours=2)
    change(occurred_at=happened)
    found = changes_around(happened, timedelta(minutes=1))[0]
    assert (found.occurred_at, found.recorded_at) == (happened, clock.now())
    assert trail.events()[0].occurred_at == happened


@pytest.mark.parametrize(("minutes", "found"), [(-16, False), (-15, True), (0, True), (15, True), (16, False)])
def test_only_changes_within_the_span_are_found(minutes: int, found: bool, clock: SettableClock) -> None:
    change(occurred_at=clock.now() + timedelta(minutes=minutes))
    assert bool(changes_around(clock.now(), timedelta(minutes=15))) is found


def test_changes_come_oldest_first(clock: SettableClock) -> None:
    for minutes in (5, -5, 0):
        change(f"at {minutes}", occurred_at=clock.now() + timedelta(minutes=minutes))
    assert [one.summary for one in changes_around(clock.now(), timedelta(hours=1))] == ["at -5", "at 0", "at 5"]


def test_changes_can_be_asked_for_by_what_they_touched(clock: SettableClock) -> None:
    change("mine", targets=["service:berths-api", "host:db3"])
    change("other", targets=["service:quay"])
    assert [one.summary for one in changes_around(clock.now(), timedelta(hours=1), ["host:db3", "host:db4"])] == ["mine"]


def test_a_target_named_twice_is_kept_once(clock: SettableClock) -> None:
    change(targets=["host:db3", "host:db3"])
    assert changes_around(clock.now(), timedelta(hours=1))[0].targets == ("host:db3",)


def test_the_same_key_of_a_source_is_the_same_change() -> None:
    first = change(key="run-7")
    assert change("told again", key="run-7") == first
    assert change(key="run-7", source="config") != first
    assert Change.objects.count() == 2


def test_no_more_than_the_nearest_are_shown(clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHANGES_SHOWN", 4)
    for minutes in range(-5, 6):
        change(str(minutes), occurred_at=clock.now() + timedelta(minutes=minutes))
    assert [one.summary for one in changes_around(clock.now(), timedelta(hours=1))] == ["-1", "0", "1", "2"]


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"summary": " "}, "summary"),
        ({"summary": "x" * (limits.CHANGE_SUMMARY_CHARS + 1)}, "summary"),
        ({"targets": [""]}, "targets"),
        ({"targets": ["x" * 201]}, "targets"),
        ({"targets": [str(number) for number in range(limits.CHANGE_TARGETS + 1)]}, "targets"),
        ({"source": ""}, "source"),
        ({"source": "x" * (limits.CHANGE_SOURCE_CHARS + 1)}, "source"),
        ({"kind": "x" * (limits.CHANGE_KIND_CHARS + 1)}, "kind"),
        ({"key": "x" * (limits.CHANGE_KEY_CHARS + 1)}, "key"),
        ({"links": ["javascript:alert(1)"]}, "links"),
        ({"links": ["https://x.example"] * (limits.CHANGE_LINKS + 1)}, "links"),
        ({"occurred_at": datetime(2026, 6, 1)}, "occurred_at"),  # noqa: DTZ001 - the point
    ],
)
def test_what_cant_be_kept_is_refused_with_its_field(how: dict[str, Any], field: str) -> None:
    with pytest.raises(Problem) as caught:
        change(**how)
    assert caught.value.field == field
    assert not Change.objects.exists()


def test_the_limits_themselves_are_fine() -> None:
    links = ["https://x.example"] * limits.CHANGE_LINKS
    targets = [str(number) for number in range(limits.CHANGE_TARGETS)]
    assert change("x" * limits.CHANGE_SUMMARY_CHARS, targets=targets, links=links, occurred_at=datetime(2026, 6, 1, tzinfo=UTC))


def test_hostile_text_is_kept_as_text(clock: SettableClock) -> None:
    change("<script>\x1b[2J\r\nSet-Cookie: a=b")
    assert changes_around(clock.now(), timedelta(0))[0].summary == "<script>\x1b[2J\r\nSet-Cookie: a=b"
    assert trail.verify().ok


DRAFTS = st.lists(st.tuples(st.sampled_from(["ci", "cron"]), st.sampled_from(["", "a", "b", "c"])), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(DRAFTS, min_size=1, max_size=3))
def test_however_changes_come_together_each_key_of_a_source_is_one(batches: list[list[tuple[str, str]]]) -> None:
    Change.objects.all().delete()
    known: dict[tuple[str, str], int] = {}
    for batch in batches:
        drafts = [ChangeDraft(f"change {place}", source, key=key) for place, (source, key) in enumerate(batch)]
        ids = write(recording(drafts, by=ALICE))
        for name, number in zip(batch, ids, strict=True):
            if name[1]:
                assert known.setdefault(name, number) == number
    keyless = sum(not key for batch in batches for _, key in batch)
    assert Change.objects.count() == len(known) + keyless
