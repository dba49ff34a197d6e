"""The sample company as the newcomer plays it, through the same services as a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from tests.databases import sqlite_only
from watchbill.base import clock as base_clock
from watchbill.base import loop, settings, state
from watchbill.base.acting import Actor
from watchbill.base.canonical import FIELDS
from watchbill.base.models import AuditEvent
from watchbill.base.problem import Problem
from watchbill.base.trail import events, events_for
from watchbill.cases.findings import queries as findings
from watchbill.intake.scans import advisories
from watchbill.paging import queries as pages
from watchbill.paging import services as paging
from watchbill.roster.people import people
from watchbill.sample import mark, queries, services

NEWCOMER = Actor("person", "bob@saltmarsh.example", "web")


@pytest.fixture
def saltmarsh_at(
    db: None, clock: SettableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[datetime], SettableClock]]:
    """Sets the sample company up at the time it is given."""
    home = tmp_path / "sample"
    home.mkdir()
    monkeypatch.setenv("WATCHBILL_DATA", str(home))
    settings.forget()

    def set_up(at: datetime) -> SettableClock:
        clock.set(at)
        services.first_link(with_sample=True)
        loop.run_turns()
        return clock

    yield set_up
    advisories.store().close()
    settings.forget()


@pytest.fixture
def saltmarsh(saltmarsh_at: Callable[[datetime], SettableClock]) -> SettableClock:
    """The sample company, set up on a Monday evening, when Berths are at home and Bob has the watch."""
    return saltmarsh_at(datetime(2026, 11, 23, 17, 0, tzinfo=UTC))


def story() -> queries.Story:
    """The story as it stands."""
    told = queries.story()
    assert told is not None
    return told


class TestSettingUp:
    def test_exactly_one_finding_may_wake_people(self, saltmarsh: SettableClock) -> None:
        assert [row.package for row in findings.search("decision:now").rows] == ["react-server-dom-webpack"]

    def test_the_newcomer_is_the_person_being_paged(self, saltmarsh: SettableClock) -> None:
        assert queries.newcomer().name == story().phone_person == "Bob Lindqvist"

    def test_the_story_begins_with_the_phone_ringing(self, saltmarsh: SettableClock) -> None:
        assert story().step == "ringing"

    def test_a_second_start_sets_nothing_up_again_and_gives_a_fresh_link(self, saltmarsh: SettableClock) -> None:
        applied = len(events(action="roster.applied"))
        assert services.first_link(with_sample=True).startswith("/welcome/")
        assert len(events(action="roster.applied")) == applied


class TestPlaying:
    def test_ten_minutes_without_an_answer_ring_for_the_next_person(self, saltmarsh: SettableClock) -> None:
        services.forward(11, by=NEWCOMER)
        assert (story().step, story().phone_person) == ("escalated", "Mira Solberg")

    def test_the_clock_s_new_place_outlives_a_restart(self, saltmarsh: SettableClock) -> None:
        services.forward(10, by=NEWCOMER)
        assert float(state.get("clock_offset")) == base_clock.offset().total_seconds() == 600

    @pytest.mark.parametrize("minutes", [0, -5, 24 * 60 + 1])
    def test_the_clock_moves_neither_backwards_nor_by_more_than_a_day(self, saltmarsh: SettableClock, minutes: int) -> None:
        with pytest.raises(Problem):
            services.forward(minutes, by=NEWCOMER)
        assert base_clock.offset().total_seconds() == 0

    def test_an_acknowledgement_is_the_next_step(self, saltmarsh: SettableClock) -> None:
        paging.acknowledge(story().alert_id, by=NEWCOMER, person_id=queries.newcomer().id, channel="desk")
        assert story().step == "acknowledged"

    def test_the_upgrade_is_proven_by_the_look_that_follows(self, saltmarsh: SettableClock) -> None:
        before = story().finding_id
        saltmarsh.forward(minutes=1)
        assert "1 finding proven fixed" in services.upgrade_and_rescan(before, by=NEWCOMER)
        assert (story().finding_id, story().step) == (before, "fixed")

    def test_the_upgrade_stands_among_the_changes(self, saltmarsh: SettableClock) -> None:
        saltmarsh.forward(minutes=1)
        services.upgrade_and_rescan(story().finding_id, by=NEWCOMER)
        assert any("Deploy 4113" in str(event.body) for event in events(action="change.recorded"))

    def test_only_a_package_lock_can_be_upgraded_here_and_it_says_so(self, saltmarsh: SettableClock) -> None:
        (row,) = findings.search("package:pillow decision:hours").rows
        with pytest.raises(Problem) as refused:
            services.upgrade_and_rescan(row.id, by=NEWCOMER)
        assert "package-lock.json" in str(refused.value)


class TestTheStoryInWords:
    """Opened, paged, escalated, acknowledged, fixed: what each step says of itself."""

    def test_the_first_page_says_why_bob(self, saltmarsh: SettableClock) -> None:
        page = pages.pages(story().alert_id)[0]
        assert page.why_you == "Nobody in Berths is on watch until Tue 08:00 CET, so it goes to the security watch: you."

    def test_the_alert_says_where_and_what_to_do_first(self, saltmarsh: SettableClock) -> None:
        alert = pages.alert(story().alert_id)
        assert alert.where == "Service berth-board, team Berths, open to the internet."
        assert alert.guidance[:3] == (
            "Raise react-server-dom-webpack from 19.1.1 to 19.1.2 in `package-lock.json` of saltmarsh/berth-board.",
            "Run `npm install --save-exact react-server-dom-webpack@19.1.2`.",
            "`npm ls react-server-dom-webpack` then shows 19.1.2 once.",
        )

    def test_the_next_page_says_that_nobody_answered(self, saltmarsh: SettableClock) -> None:
        services.forward(10, by=NEWCOMER)
        mira = next(page for page in pages.pages(story().alert_id) if page.person == "Mira Solberg")
        assert mira.why == "Nobody answered in time, so it goes to the watch of Security, second: Mira Solberg."

    def test_the_whole_story_of_the_finding_is_one_line_for_each_step(self, saltmarsh: SettableClock) -> None:
        paging.acknowledge(story().alert_id, by=NEWCOMER, person_id=queries.newcomer().id, channel="desk")
        saltmarsh.forward(minutes=1)
        services.upgrade_and_rescan(story().finding_id, by=NEWCOMER)
        loop.run_turns()
        assert [(event.actor, event.body["text"]) for event in events_for([f"finding:{story().finding_id}"])] == [
            ("watchbill", "Opened, decided now: exploited in the wild, open to the internet, very high harm to people"),
            ("bob@saltmarsh.example", "Bob Lindqvist says that it is fixed; a newer scan has to prove it"),
            (
                "watchbill",
                "Proven fixed: a complete, newer scan read package-lock.json (62 packages); react-server-dom-webpack is at 19.1.2 now",
            ),
            ("watchbill", "Bob Lindqvist acknowledged at the desk"),
        ]

    def test_the_deploy_before_it_was_the_owners(self, saltmarsh: SettableClock) -> None:
        assert [event.actor for event in events(action="change.recorded")] == ["alice@saltmarsh.example"]

    def test_no_event_of_the_trail_has_a_persons_name_or_address_in_it(self, saltmarsh: SettableClock) -> None:
        """What is hashed is for ever; people must be able to go."""
        services.forward(10, by=NEWCOMER)
        paging.acknowledge(story().alert_id, by=NEWCOMER, person_id=queries.newcomer().id, channel="desk")
        services.upgrade_and_rescan(story().finding_id, by=NEWCOMER)
        loop.run_turns()
        words = [word for person in people() for word in (person.email, person.name)]
        found = [(row[6], word) for row in AuditEvent.objects.values_list(*FIELDS) for word in words if word in str(row)]
        assert words
        assert found == []

    def test_moving_the_clock_names_who_did(self, saltmarsh: SettableClock) -> None:
        services.forward(10, by=NEWCOMER)
        (moved,) = events(action="sample.clock_moved")
        assert moved.body["text"] == "Nobody answered: Bob Lindqvist moved the sample's clock on by 10 min"


HOURS = {
    "a working day": datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    "a working day's end": datetime(2026, 11, 24, 16, 55, tzinfo=UTC),
    "the change of the watch": datetime(2026, 11, 24, 18, 59, tzinfo=UTC),
    "the night": datetime(2026, 11, 25, 2, 0, tzinfo=UTC),
    "a Saturday": datetime(2026, 11, 28, 12, 0, tzinfo=UTC),
    "the turn of the year": datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
    "summer": datetime(2027, 7, 6, 5, 0, tzinfo=UTC),
}


@pytest.mark.parametrize("hour", HOURS, ids=lambda hour: hour)
def test_the_story_can_be_played_at_any_hour(saltmarsh_at: Callable[[datetime], SettableClock], hour: str) -> None:
    clock = saltmarsh_at(HOURS[hour])
    told = story()
    newcomer = queries.newcomer()
    assert (told.step, told.phone_person) == ("ringing", newcomer.name)
    services.forward(11, by=NEWCOMER)
    assert (story().step, story().phone_person != newcomer.name) == ("escalated", True)
    paging.acknowledge(told.alert_id, by=NEWCOMER, person_id=newcomer.id, channel="desk")
    clock.forward(minutes=1)
    assert "1 finding proven fixed" in services.upgrade_and_rescan(told.finding_id, by=NEWCOMER)
    assert story().step == "fixed"


@sqlite_only  # one PostgreSQL database holds one company
class TestLeaving:
    def test_promises_a_set_up_link_that_the_next_start_honours(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        path = services.start_own_company(by=NEWCOMER)
        assert mark.data_for(tmp_path, with_sample=True) == tmp_path
        assert path == f"/welcome/{mark.promised(tmp_path)}"

    def test_a_promise_is_kept_once(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        services.start_own_company(by=NEWCOMER)
        mark.promised(tmp_path)
        assert mark.promised(tmp_path) == ""

    def test_a_damaged_mark_says_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "own-company.json").write_text("[", encoding="utf-8")
        with pytest.raises(Problem) as refused:
            mark.promised(tmp_path)
        assert "Delete" in refused.value.remedy

    def test_without_the_sample_the_directory_itself_is_served(self, tmp_path: Path) -> None:
        assert mark.data_for(tmp_path, with_sample=False) == tmp_path
        assert mark.data_for(tmp_path, with_sample=True) == tmp_path / "sample"


class TestARealCompany:
    def test_cannot_be_played_with(self, db: None) -> None:
        for play in (lambda: services.forward(10, by=NEWCOMER), lambda: services.upgrade_and_rescan(1, by=NEWCOMER)):
            with pytest.raises(Problem):
                play()

    def test_cannot_be_left(self, db: None) -> None:
        with pytest.raises(Problem):
            services.start_own_company(by=NEWCOMER)

    def test_begins_with_a_set_up_link(self, db: None) -> None:
        assert services.first_link(with_sample=False).startswith("/welcome/")
