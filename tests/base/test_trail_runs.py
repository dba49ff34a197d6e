"""Exports and checks that people ask for: at once or as a job in a contained process, what came of them, and who hears of it."""

import os
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from tests.conftest import SettableClock
from tests.trail.exports import verdict
from watchbill.base import jobs, limits, trail, trail_runs, trail_work
from watchbill.base.acting import Actor
from watchbill.base.datadir import DataDir
from watchbill.base.models import AuditEvent, TrailRun
from watchbill.base.problem import Problem
from watchbill.base.settings import settings
from watchbill.base.writer import audit, write

ALICE = Actor("person", "alice@saltmarsh.example", "web")
pytestmark = pytest.mark.django_db


def add(count: int) -> None:
    for number in range(count):
        write(lambda number=number: audit(ALICE, "finding.opened", f"finding:{number}", body={"n": number}))


def zip_of(number: int) -> Path:
    """Where an export lies, if it does."""
    return DataDir(settings().data).exports / f"trail-{number}.zip"


def last_event() -> trail.TrailEvent:
    return trail.events(limit=1)[0]


def test_a_small_trail_is_checked_at_once_and_that_is_recorded() -> None:
    add(5)
    checked = trail_runs.ask_check(ALICE)
    assert (checked.state, checked.outcome["ok"], checked.outcome["events"]) == ("done", True, 5)
    told = last_event()
    assert (told.action, told.actor, told.outcome) == ("trail.verified", ALICE.name, "done")
    assert told.body["events"] == 5
    assert told.body["root"] == checked.outcome["root"]
    assert trail_runs.last_check() == checked


def test_two_that_write_the_same_export_leave_one_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job whose process seemed dead is done again, while the first still writes."""
    add(3)
    monkeypatch.setattr(limits, "TRAIL_AT_ONCE", 0)
    made = trail_runs.ask_export(ALICE)
    seen: list[bytes] = []
    write_it = trail_work.do

    def sooner(*given: Any) -> dict[str, Any]:
        monkeypatch.setattr(trail_work, "do", later)
        trail_runs._do(made.id)
        seen.append(zip_of(made.id).read_bytes())
        return write_it(*given)

    def later(*given: Any) -> dict[str, Any]:
        return write_it(*given)

    monkeypatch.setattr(trail_work, "do", sooner)
    trail_runs._do(made.id)
    assert trail_runs.file_of(trail_runs.run(made.id)).read_bytes() == seen[0]
    assert zipfile.ZipFile(zip_of(made.id)).testzip() is None
    assert list(zip_of(made.id).parent.glob(f"trail-{made.id}.*")) == [zip_of(made.id)]


def test_an_outcome_that_could_not_be_written_down_is_no_failure_of_the_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job is tried again; told as failed, nobody would."""
    add(3)
    monkeypatch.setattr(limits, "TRAIL_AT_ONCE", 0)
    made = trail_runs.ask_export(ALICE)

    turns: list[str] = []

    def busy_once(fn: Callable[[], Any], *, name: str = "") -> Any:
        turns.append(name)
        if turns.count("trail.end") == 1 and name == "trail.end":
            raise Problem("busy", "Busy", "The writer is busy.", status=503, retryable=True)
        return write(fn, name=name)

    monkeypatch.setattr(trail_runs, "write", busy_once)
    with pytest.raises(Problem, match="busy"):
        trail_runs._do(made.id)
    assert trail_runs.run(made.id).state == "running"
    trail_runs._do(made.id)
    assert trail_runs.file_of(trail_runs.run(made.id)).exists()


def test_what_a_killed_export_left_is_removed_in_time(clock: SettableClock) -> None:
    add(1)
    trail_runs.ask_export(ALICE)
    left = zip_of(1).with_name("trail-9.x.part")
    left.touch()
    os.utime(left, (clock.now().timestamp(),) * 2)
    trail_runs.forget_old(clock.now() + timedelta(hours=1))
    assert left.exists()
    trail_runs.forget_old(clock.now() + timedelta(days=limits.TRAIL_EXPORT_KEPT_DAYS + 1))
    assert not left.exists()


def test_a_check_that_finds_something_says_where() -> None:
    add(5)
    AuditEvent.objects.filter(seq=3).update(target="finding:99")
    checked = trail_runs.ask_check(ALICE)
    assert (checked.outcome["ok"], checked.outcome["first_bad_seq"]) == (False, 3)
    assert (last_event().outcome, last_event().body["first_bad_seq"]) == ("failed", 3)


def test_an_export_is_recorded_before_it_is_written_so_it_tells_of_itself(tmp_path: Path) -> None:
    add(3)
    made = trail_runs.ask_export(ALICE, told="everything")
    assert (made.state, made.outcome["events"]) == ("done", 4)
    with zipfile.ZipFile(trail_runs.file_of(made)) as packed:
        assert packed.read("events.jsonl").splitlines()[-1].count(b'"action":"trail.exported"') == 1
    assert last_event().body["what"] == "everything"


def test_an_export_of_a_part_says_how_many(tmp_path: Path) -> None:
    add(9)
    made = trail_runs.ask_export(ALICE, seqs=[2, 4])
    assert (made.outcome["events"], made.total) == (2, 2)
    kept = trail.latest_checkpoint()
    assert kept is not None
    (tmp_path / "kept").write_text(kept.text)
    assert verdict(trail_runs.file_of(made), tmp_path / "kept").code == 0


def test_a_part_that_does_not_exist_ends_with_its_reason() -> None:
    add(2)
    made = trail_runs.ask_export(ALICE, seqs=[99])
    assert (made.state, made.outcome) == ("failed", {"problem": "There is no event 99."})
    with pytest.raises(Problem):
        trail_runs.file_of(made)


def test_a_checkpoint_that_is_none_of_ours_is_refused_before_anything_is_recorded() -> None:
    add(2)
    with pytest.raises(Problem):
        trail_runs.ask_export(ALICE, since="watchbill/else\n5\nAAAA\n\n— x y\n")
    assert trail.size() == 2


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first event on, a trail counts as large."""
    monkeypatch.setattr(limits, "TRAIL_AT_ONCE", 0)


@pytest.mark.usefixtures("large")
def test_a_large_trail_is_a_job(clock: SettableClock) -> None:
    add(5)
    asked = trail_runs.ask_check(ALICE)
    assert (asked.state, asked.under_way, asked.total) == ("waiting", True, 5)
    assert [one.id for one in trail_runs.under_way()] == [asked.id]
    jobs.run_due(clock.now())
    done = trail_runs.run(asked.id)
    assert (done.state, done.outcome["ok"], done.done) == ("done", True, 5)
    assert trail_runs.under_way() == []


@pytest.mark.usefixtures("large")
def test_an_export_under_way_is_not_given_out(clock: SettableClock) -> None:
    add(5)
    asked = trail_runs.ask_export(ALICE)
    with pytest.raises(Problem) as refused:
        trail_runs.file_of(asked)
    assert (refused.value.code, refused.value.retryable) == ("not_ready", True)


@pytest.mark.usefixtures("large")
def test_a_job_whose_worker_died_is_done_again_and_only_once(clock: SettableClock) -> None:
    add(5)
    asked = trail_runs.ask_check(ALICE)
    trail_runs._set(asked.id, state="running", done=3)  # as a killed worker leaves it
    jobs.run_due(clock.now())
    assert trail_runs.run(asked.id).state == "done"
    before = trail.size()
    trail_runs._do(asked.id)
    assert trail.size() == before


def test_after_a_week_an_exports_file_goes(clock: SettableClock) -> None:
    add(2)
    made = trail_runs.ask_export(ALICE)
    file = trail_runs.file_of(made)
    clock.forward(days=limits.TRAIL_EXPORT_KEPT_DAYS)
    assert trail_runs.forget_old(clock.now()) == 0
    assert trail_runs.forget_old(clock.now() + timedelta(seconds=1)) == 1
    assert not file.exists()
    with pytest.raises(Problem):
        trail_runs.file_of(trail_runs.run(made.id))


def test_only_so_many_old_checks_are_remembered(monkeypatch: pytest.MonkeyPatch, clock: SettableClock) -> None:
    monkeypatch.setattr(limits, "TRAIL_RUNS_KEPT", 2)
    add(1)
    made = [trail_runs.ask_check(ALICE).id for _ in range(4)]
    trail_runs.forget_old(clock.now())
    with pytest.raises(Problem):
        trail_runs.run(made[0])
    assert trail_runs.run(made[3]).state == "done"


def test_only_so_many_exports_of_one_asker_lie_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRAIL_EXPORTS_KEPT", 2)
    add(1)
    bobs = trail_runs.ask_export(Actor("person", "bob@saltmarsh.example", "web"))
    made = [trail_runs.ask_export(ALICE, seqs=[1]).id for _ in range(4)]
    assert [trail_runs.run(number).state for number in made] == ["gone", "gone", "done", "done"]
    folder = trail_runs.file_of(bobs).parent
    assert [(folder / f"trail-{number}.zip").exists() for number in (bobs.id, *made)] == [True, False, False, True, True]


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_a_run_whose_process_died_ends_and_leaves_no_file(state: str, clock: SettableClock) -> None:
    add(1)
    lost = trail_runs.ask_export(ALICE)
    TrailRun.objects.filter(pk=lost.id).update(state=state, ended_at=None)
    file = zip_of(lost.id)
    trail_runs.forget_old(clock.now())
    assert (trail_runs.run(lost.id).state, file.exists()) == (state, True)
    trail_runs.forget_old(clock.now() + timedelta(hours=limits.TRAIL_RUN_LOST_HOURS, seconds=1))
    assert (trail_runs.run(lost.id).state, file.exists()) == ("failed", False)


@pytest.mark.usefixtures("large")
def test_a_run_that_a_job_will_do_is_waited_for(clock: SettableClock) -> None:
    add(3)
    asked = trail_runs.ask_check(ALICE)
    trail_runs.forget_old(clock.now() + timedelta(days=3))
    assert trail_runs.run(asked.id).under_way


def test_erasing_somebody_takes_the_exports_that_show_names() -> None:
    """They hold the salt too, by which anybody could tell whose the erased events were."""
    add(2)
    bob = Actor("person", "bob@saltmarsh.example", "web")
    shown, sealed = (trail_runs.ask_export(bob, opened=opened, told=f"by {ALICE.name.title()}, words x") for opened in (True, False))
    trail_runs.ask_check(Actor("person", ALICE.name.title(), "web"))
    trail.erase_person(ALICE.name, bob)
    assert (trail_runs.run(shown.id).state, trail_runs.run(sealed.id).state) == ("gone", "done")
    assert [zip_of(one.id).exists() for one in (shown, sealed)] == [False, True]
    assert trail_runs.run(shown.id).what["told"] == "by (erased), words x"
    assert not TrailRun.objects.filter(Q(what__icontains=ALICE.name) | Q(asked_by__icontains=ALICE.name)).exists()


def test_an_export_under_way_while_somebody_is_erased_comes_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    add(2)
    work = trail_work.do

    def slow(*how: Any) -> dict[str, Any]:
        outcome = work(*how)
        trail.erase_person(ALICE.name, Actor("person", "bob@saltmarsh.example", "web"))
        return outcome

    monkeypatch.setattr(trail_work, "do", slow)
    made = trail_runs.ask_export(Actor("person", "bob@saltmarsh.example", "web"))
    assert (made.state, "Ask for it again" in made.outcome["problem"]) == ("failed", True)
    assert not zip_of(made.id).exists()


def test_exports_are_listed_for_whoever_asked() -> None:
    add(2)
    mine = trail_runs.ask_export(ALICE)
    trail_runs.ask_export(Actor("person", "bob@saltmarsh.example", "web"))
    assert [one.id for one in trail_runs.exports_of(ALICE.name)] == [mine.id]


@pytest.mark.usefixtures("large", "file_database")
def test_a_large_trail_is_read_in_a_process_of_its_own(tmp_path: Path, clock: SettableClock) -> None:
    add(30)
    check, export = trail_runs.ask_check(ALICE), trail_runs.ask_export(ALICE)
    jobs.run_due(clock.now())
    jobs.run_due(clock.now())
    checked, exported = trail_runs.run(check.id), trail_runs.run(export.id)
    assert (checked.state, checked.outcome.get("ok"), checked.outcome.get("events")) == ("done", True, 31), checked.outcome
    kept = trail.latest_checkpoint()
    assert kept is not None
    (tmp_path / "kept").write_text(kept.text)
    assert exported.state == "done", exported.outcome
    assert verdict(trail_runs.file_of(exported), tmp_path / "kept").told["events"] == exported.outcome["events"]


@pytest.mark.usefixtures("large", "file_database")
def test_a_contained_process_that_meets_its_bounds_is_told(monkeypatch: pytest.MonkeyPatch, clock: SettableClock) -> None:
    add(3)
    monkeypatch.setattr(limits, "TRAIL_RUN_MIB", 30)
    asked = trail_runs.ask_check(ALICE)
    jobs.run_due(clock.now())
    failed = trail_runs.run(asked.id)
    assert failed.state == "failed"
    assert failed.outcome["problem"].startswith("Reading the trail")
