"""Who starts an update and what is told of it: the verb, the periodic job, the child process, and news when it begins to fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from tests.intake.conftest import lockfile
from tests.intake.test_mirror import NPM, archive, scores
from tests.intake.test_scans import send, states
from tests.mirror import Mirror
from watchbill.base import limits, loop, state
from watchbill.base import settings as own
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans import advisories, freshness, jobs, mirror, updating, verbs
from watchbill.intake.scans.mirror import MirrorReport, UpdateNote, Wanted

BOB = Actor("person", "bob", "cli")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, saltmarsh: SettableClock) -> Iterator[Mirror]:
    """A mirror in the settings, whose npm archive has three advisories."""
    there = Mirror()
    there.put(NPM, archive(1, 2, 3))
    for name, value in (("URL", there.url), ("ECOSYSTEMS", "npm"), ("EVERY_HOURS", "6")):
        monkeypatch.setenv(f"WATCHBILL_ADVISORIES_{name}", value)
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_HOSTS", there.url.removeprefix("http://"))
    own.forget()
    yield there
    there.close()
    monkeypatch.undo()
    own.forget()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, place: Mirror) -> Mirror:
    """The same, with the child's work done in this process: quicker, and all but the process is the same."""
    monkeypatch.setattr(
        updating, "_in_child", lambda order: mirror.update(advisories.store(), advisories.incoming(), order, pause=lambda _: None)
    )
    return place


def test_the_verb_brings_what_is_new_through_a_child_process(place: Mirror) -> None:
    answer = verbs.update_advisories({}, BOB)
    assert (answer["added"], [one["outcome"] for one in answer["brought"]]) == (3, ["loaded"])
    assert advisories.store().get("SALT-1") is not None


def test_what_an_update_brings_finds_its_owner_in_the_inventory(here: Mirror) -> None:
    send(lockfile(package_1="1.0.0"))
    assert states() == {}
    updating.update(updating.wanted(), by=SYSTEM)
    loop.run_turns()
    assert states() == {"package-1": "open"}


def test_it_is_in_the_trail_and_one_that_brought_nothing_is_not(here: Mirror) -> None:
    for _ in range(3):
        updating.update(updating.wanted(), by=BOB)
    (event,) = events(action="advisories.loaded", limit=9)
    assert (event.actor, event.body["added"]) == ("bob", 3)


def test_a_named_ecosystem_leaves_the_others_and_the_lists_alone(here: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_ADVISORIES_KEV_URL", here.url + "/kev.json")
    own.forget()
    verbs.update_advisories({"ecosystems": ["Go"]}, BOB)
    assert here.paths() == ["/Go/all.zip"]


def test_another_mirror_may_be_named(here: Mirror) -> None:
    answer = verbs.update_advisories({"from": here.url + "/elsewhere"}, BOB)
    assert "/elsewhere/npm/all.zip" in answer["brought"][0]["text"]


@pytest.mark.parametrize("ecosystems", ["npm", [7], {"a": 1}])
def test_ecosystems_are_a_list_of_words(here: Mirror, ecosystems: object) -> None:
    with pytest.raises(Problem):
        verbs.update_advisories({"ecosystems": ecosystems}, BOB)


def test_without_a_mirror_there_is_nothing_to_fetch(saltmarsh: SettableClock) -> None:
    with pytest.raises(Problem) as caught:
        verbs.update_advisories({}, BOB)
    assert "advisories.url" in caught.value.remedy


def test_scores_of_the_mirror_reach_what_is_open(here: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    here.put("/epss.csv", scores())
    monkeypatch.setenv("WATCHBILL_ADVISORIES_EPSS_URL", here.url + "/epss.csv")
    own.forget()
    updating.update(updating.wanted(), by=SYSTEM)
    assert advisories.store().epss(["CVE-2026-1001"]) is not None


def test_a_failure_is_news_once_when_it_begins_and_once_when_it_ends(here: Mirror) -> None:
    here.status[NPM] = 403
    for _ in range(3):
        updating.update(updating.wanted(), by=SYSTEM)
    assert state.get(updating.FAILING) != ""
    assert len(events(action="advisories.update_failed", limit=9)) == 3
    del here.status[NPM]
    updating.update(updating.wanted(), by=SYSTEM)
    assert state.get(updating.FAILING) == ""


def test_a_second_update_at_the_same_time_is_a_problem(here: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updating, "_in_child", lambda _: MirrorReport(busy=True))
    with pytest.raises(Problem) as caught:
        updating.update(updating.wanted(), by=SYSTEM)
    assert (caught.value.code, caught.value.retryable) == ("busy", True)


def test_a_child_that_dies_is_a_problem_and_leaves_no_mark_of_a_load(
    place: Mirror, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(advisories, "incoming", lambda: tmp_path / "advisories.db" / "no folder")
    with pytest.raises(Problem) as caught:
        updating.update(Wanted(place.url, ("npm",)), by=SYSTEM)
    assert caught.value.code == "update_failed"
    assert state.get(advisories.LOADING) == ""


class TestTheJob:
    def test_begins_an_update_when_one_is_due_and_lets_the_loop_go_on(self, place: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
        begun: list[Actor] = []
        monkeypatch.setattr(updating, "begin", begun.append)
        jobs.update({}, jobs.JobInfo(1, "scans.update", "", 1, datetime.now(UTC)))
        assert begun == [SYSTEM]

    @pytest.mark.parametrize(("hours", "due"), [(5, False), (6, True), (600, True)])
    def test_is_due_so_many_hours_after_the_last_try(self, place: Mirror, saltmarsh: SettableClock, hours: int, due: bool) -> None:
        tried = datetime(2026, 11, 23, 10, tzinfo=UTC)
        advisories.store().note(mirror.UPDATE_NOTE, json.dumps({"at": tried.isoformat()}))
        assert updating.is_due(tried + timedelta(hours=hours)) is due

    @pytest.mark.parametrize("setting", ["URL", "EVERY_HOURS"])
    def test_is_never_due_unless_the_settings_ask_for_it(self, place: Mirror, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
        monkeypatch.delenv(f"WATCHBILL_ADVISORIES_{setting}")
        own.forget()
        assert not updating.is_due(datetime(2027, 1, 1, tzinfo=UTC))
        assert setting != "URL" or updating.begin(SYSTEM) is None


class TestHowOldTheyAre:
    NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def said(self, loaded_at: str = "", epss: str = "", **note: object) -> freshness.Freshness:
        return freshness.freshness(loaded_at, epss, UpdateNote(**note), self.NOW)  # type: ignore[arg-type]

    def test_none_loaded_is_never_green(self) -> None:
        assert self.said().stale
        assert "nothing can be called clean" in self.said().sentence

    @pytest.mark.parametrize(
        ("age", "words"),
        [
            (timedelta(minutes=59), "less than an hour"),
            (timedelta(hours=1), "1 hour"),
            (timedelta(hours=47, minutes=59), "47 hours"),
            (timedelta(days=2), "2 days"),
            (timedelta(days=1234), "1,234 days"),
        ],
    )
    def test_age_in_words(self, age: timedelta, words: str) -> None:
        assert freshness.age_words(age) == words
        assert self.said((self.NOW - age).isoformat()).sentence.startswith(f"Advisories are {words} old")

    def test_past_their_days_they_are_stale(self) -> None:
        edge = self.NOW - timedelta(days=limits.ADVISORIES_OLD_DAYS)
        assert not self.said(edge.isoformat()).stale
        old = self.said((edge - timedelta(seconds=1)).isoformat())
        assert (old.stale, old.sentence) == (True, "Advisories are 7 days old, more than the 7 days that are well.")

    def test_a_mirror_that_said_unchanged_makes_them_current(self) -> None:
        loaded = (self.NOW - timedelta(days=30)).isoformat()
        assert not self.said(loaded, well_at=self.NOW.isoformat()).stale

    def test_what_failed_is_told(self) -> None:
        found = self.said(self.NOW.isoformat(), at=self.NOW.isoformat(), failures=("npm: away",))
        assert (found.failing, found.failed_at) == (("npm: away",), self.NOW)

    @pytest.mark.parametrize(("day", "words"), [("2026-11-23", "today"), ("2026-11-22", "a day old"), ("2026-11-01", "22 days old")])
    def test_scores_by_their_day(self, day: str, words: str) -> None:
        assert self.said("", day).epss == f"EPSS scores are of {day}, {words}."

    def test_a_store_tells_its_own(self, store: AdvisoryStore) -> None:
        assert freshness.of_store(store, datetime.now(UTC)).sentence == "Advisories are less than an hour old."
