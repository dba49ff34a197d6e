"""write() in the caller's thread, as tests, server commands and PostgreSQL run it: one transaction for the change, its audit events and
its news.
"""

import pytest
from django.db import IntegrityError, connection, transaction

from tests.conftest import SettableClock
from watchbill.base import limits, state, trail, wakeups
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.canonical import NotCanonical
from watchbill.base.models import AuditEvent, ChangeTarget, Fact, News
from watchbill.base.unit import NotInUnit, running
from watchbill.base.unit import Unit as WorkUnit
from watchbill.base.writer import audit, in_unit, news, wake, write, writer_health
from watchbill.base.writing import HookForbidden

ALICE = Actor("person", "alice@saltmarsh.example", "web")
pytestmark = pytest.mark.django_db


def open_finding() -> str:
    state.put("finding:412", "open")
    audit(ALICE, "finding.opened", "finding:412", body={"package": "lodash"})
    news("finding.opened", "finding:412", {"team": "berths"})
    return "finding:412"


def fail() -> None:
    raise RuntimeError("changed my mind")


def test_it_returns_what_the_closure_returns() -> None:
    assert write(open_finding) == "finding:412"


def test_change_audit_event_and_news_are_stored_together() -> None:
    write(open_finding)
    assert state.get("finding:412") == "open"
    assert [event.action for event in trail.events()] == ["finding.opened"]
    assert list(News.objects.values_list("topic", "subject")) == [("finding.opened", "finding:412")]


def test_a_closure_that_fails_leaves_nothing_behind() -> None:
    def half() -> None:
        open_finding()
        fail()

    with pytest.raises(RuntimeError, match="changed my mind"):
        write(half)
    assert state.get("finding:412") == ""
    assert trail.size() == 0
    assert not News.objects.exists()


def test_after_a_failure_numbers_go_on_without_a_gap() -> None:
    write(open_finding)
    with pytest.raises(RuntimeError):
        write(lambda: (open_finding(), fail()))
    write(open_finding)
    assert list(AuditEvent.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert trail.verify().ok


def test_a_nested_write_joins_the_outer_one() -> None:
    def outer() -> str:
        state.put("outer", "yes")
        return write(open_finding)

    assert write(outer) == "finding:412"
    assert trail.size() == 1


def test_a_nested_failure_drops_only_its_own_records() -> None:
    def outer() -> None:
        audit(ALICE, "outer.began", "finding:1")
        with pytest.raises(RuntimeError):
            write(lambda: (open_finding(), fail()))
        audit(ALICE, "outer.ended", "finding:1")
        news("outer.ended", "finding:1")

    write(outer)
    assert [event.action for event in reversed(trail.events())] == ["outer.began", "outer.ended"]
    assert list(News.objects.values_list("topic", flat=True)) == ["outer.ended"]
    assert state.get("finding:412") == ""


def test_a_nested_failure_drops_the_wake_ups_too() -> None:
    unit = WorkUnit()
    with running(unit):
        wake("paging")
        mark = unit.mark()
        wake("jobs")
        unit.back_to(mark)
    assert unit.wakes == {"paging"}


def test_an_outer_failure_takes_nested_successes_back() -> None:
    with pytest.raises(RuntimeError):
        write(lambda: (write(open_finding), fail()))
    assert state.get("finding:412") == ""
    assert trail.size() == 0


def test_a_unique_violation_is_raised_to_the_caller() -> None:
    write(lambda: state.put("twice", "1"))
    with pytest.raises(IntegrityError):
        write(lambda: Fact.objects.create(key="twice", value="2", updated_at="2026-06-01T00:00:00Z"))
    assert state.get("twice") == "1"


def test_inside_and_outside_can_be_told_apart() -> None:
    assert not in_unit()
    assert write(in_unit)
    assert not in_unit()


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(lambda: audit(SYSTEM, "finding.opened", "finding:1"), id="audit"),
        pytest.param(lambda: news("finding.opened", "finding:1"), id="news"),
        pytest.param(lambda: wake("paging"), id="wake"),
        pytest.param(lambda: state.put("company", "own"), id="a fact"),
    ],
)
def test_outside_of_write_nothing_is_recorded(record) -> None:
    with pytest.raises(NotInUnit):
        record()


def test_on_commit_hooks_are_forbidden() -> None:
    called: list[str] = []
    with pytest.raises(HookForbidden):
        write(lambda: (open_finding(), transaction.on_commit(lambda: called.append("hook"))))
    assert called == []
    assert state.get("finding:412") == ""


def test_a_forbidden_hook_never_runs_later() -> None:
    hooks = len(connection.run_on_commit)
    with pytest.raises(HookForbidden):
        write(lambda: transaction.on_commit(fail))
    assert len(connection.run_on_commit) == hooks


def test_hooks_of_a_surrounding_transaction_are_left_alone() -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: None)
        hooks = len(connection.run_on_commit)
        write(open_finding)
        assert len(connection.run_on_commit) == hooks


def test_inline_it_works_within_a_transaction() -> None:
    with transaction.atomic():
        write(open_finding)
    assert trail.size() == 1


def test_a_surrounding_transaction_that_fails_takes_the_write_back() -> None:
    def half() -> None:
        with transaction.atomic():
            write(open_finding)
            fail()

    with pytest.raises(RuntimeError):
        half()
    assert trail.size() == 0
    assert AuditEvent.objects.count() == 0


def test_loops_are_woken_after_the_commit() -> None:
    before = wakeups.times_woken()
    write(lambda: wake("paging"))
    assert wakeups.times_woken() == before + 1


def test_a_failed_write_wakes_nobody() -> None:
    before = wakeups.times_woken()
    with pytest.raises(RuntimeError):
        write(lambda: (wake("paging"), fail()))
    assert wakeups.times_woken() == before


def test_without_a_thread_the_writer_is_not_running_and_not_busy() -> None:
    health = writer_health()
    assert (health.running, health.busy_since, health.stuck) == (False, None, False)


def test_an_audit_event_keeps_both_times(clock: SettableClock) -> None:
    happened = clock.now()
    clock.forward(minutes=5)
    write(lambda: audit(ALICE, "host.seen", "host:db3", occurred_at=happened))
    event = trail.events()[0]
    assert (event.occurred_at, event.recorded_at) == (happened, clock.now())


def test_an_audit_event_says_who_did_what_to_what() -> None:
    write(lambda: audit(ALICE, "finding.accepted", "finding:412", outcome="refused", ref="acceptance:7", body={"days": 30}))
    event = trail.events()[0]
    assert (event.actor, event.actor_kind, event.source) == ("alice@saltmarsh.example", "person", "web")
    assert (event.action, event.target, event.outcome, event.ref) == ("finding.accepted", "finding:412", "refused", "acceptance:7")
    assert event.body == {"days": 30}


def test_an_audit_event_with_a_float_takes_the_whole_write_back() -> None:
    def measured() -> None:
        state.put("measured", "yes")
        audit(ALICE, "load.measured", "host:db3", body={"load": 0.5})  # type: ignore[dict-item]  # the point

    with pytest.raises(NotCanonical):
        write(measured)
    assert state.get("measured") == ""


@pytest.mark.parametrize("field", ["action", "target", "outcome", "ref"])
def test_an_audit_text_has_a_limit(field: str) -> None:
    texts = {"action": "a.b", "target": "c:1", "outcome": "done", "ref": ""}

    def with_length(length: int) -> None:
        long = texts | {field: "x" * length}
        audit(ALICE, long["action"], long["target"], outcome=long["outcome"], ref=long["ref"])

    write(lambda: with_length(limits.AUDIT_TEXT_CHARS))
    with pytest.raises(NotCanonical, match=field):
        write(lambda: with_length(limits.AUDIT_TEXT_CHARS + 1))


def test_broken_text_in_an_audit_event_is_refused() -> None:
    with pytest.raises(NotCanonical, match="surrogate"):
        write(lambda: audit(ALICE, "a.b", "finding:\ud800"))


def test_news_has_a_limit() -> None:
    def with_length(length: int) -> None:
        news("a.b", "c:1", {"x": "y" * (length - len('{"x":""}'))})

    write(lambda: with_length(limits.NEWS_BODY_BYTES))
    with pytest.raises(ValueError, match="reference"):
        write(lambda: with_length(limits.NEWS_BODY_BYTES + 1))


def test_a_fact_has_a_limit() -> None:
    write(lambda: state.put("long", "x" * limits.STATE_VALUE_CHARS))
    with pytest.raises(ValueError):
        write(lambda: state.put("long", "x" * (limits.STATE_VALUE_CHARS + 1)))


def test_a_fact_is_replaced() -> None:
    write(lambda: state.put("company", "sample"))
    write(lambda: state.put("company", "own"))
    assert state.get("company") == "own"


def test_a_fact_never_put_has_its_default() -> None:
    assert state.get("company") == ""
    assert state.get("company", "none") == "none"


@pytest.mark.django_db(transaction=True)
def test_a_dangling_foreign_key_fails_the_write_with_all_it_recorded() -> None:
    with pytest.raises(IntegrityError):
        write(lambda: (open_finding(), ChangeTarget.objects.create(change_id=404, target="service:berths-api")))
    assert trail.size() == 0
    assert state.get("finding:412") == ""
