"""The sample company's roster: it applies, it is whole, and somebody in security is always awake."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import watchbill
from tests.roster.conftest import BY_TEST
from watchbill.roster import queries
from watchbill.roster.services import apply_roster

pytestmark = pytest.mark.django_db
TEXT = (Path(watchbill.__file__).parent / "sample" / "roster.toml").read_text(encoding="utf-8")
AFTERNOON, NIGHT = datetime(2026, 11, 23, 15, 20, tzinfo=UTC), datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@pytest.fixture
def saltmarsh(db: None, clock: object) -> None:
    apply_roster(TEXT, by=BY_TEST)


def test_it_applies_once_and_again_changes_nothing(saltmarsh: None) -> None:
    assert apply_roster(TEXT, by=BY_TEST).changed == 0
    assert apply_roster("prune = true\n" + TEXT, by=BY_TEST).changed == 0


def test_the_watch_is_that_of_the_look(saltmarsh: None) -> None:
    now = {found.slug: [person.name for person in queries.on_call(found.slug, AFTERNOON)] for found in queries.schedules()}
    assert now["security"] == ["Bob Lindqvist"]
    assert now["security-second"] == ["Mira Solberg"]
    assert now["berths"] == ["Alice Duarte"]
    assert now["payments"] == ["Ines Okafor"]
    following = queries.next_on_call("security", AFTERNOON)
    assert following is not None
    assert following.person is not None
    assert (following.person.name, following.start) == ("Noor Haddad", datetime(2026, 11, 23, 19, tzinfo=UTC))


def test_somebody_in_security_is_on_watch_at_every_hour_of_three_years(saltmarsh: None) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(3):
        for slug in ("security", "security-second"):
            assert all(shift.kind != "gap" for shift in queries.shifts(slug, start, start + timedelta(days=366)))
        start += timedelta(days=365)


def test_first_and_second_are_never_the_same_person(saltmarsh: None) -> None:
    end = AFTERNOON + timedelta(days=60)
    first, second = queries.shifts("security", AFTERNOON, end), queries.shifts("security-second", AFTERNOON, end)
    for one in first:
        for two in second:
            assert one.end <= two.start or two.end <= one.start or one.person != two.person


def test_berths_watch_is_empty_at_night(saltmarsh: None) -> None:
    assert queries.on_call("berths", NIGHT) == ()


def test_berth_boards_page_goes_from_berths_to_security_to_the_second_to_all(saltmarsh: None) -> None:
    steps = queries.policy_for_service("berth-board").steps
    assert [step.targets for step in steps] == [
        ("schedule:berths",),
        ("schedule:security",),
        ("schedule:security-second",),
        ("team:security",),
    ]
    assert {step.delay_seconds for step in steps} == {600}


def test_the_lockfile_of_berth_board_belongs_to_berths_by_line_14(saltmarsh: None) -> None:
    found = queries.owner_of(service="berth-board", repo="saltmarsh/berth-board", path="package-lock.json")
    assert found.rule == "`/package-lock.json` belongs to Berths (CODEOWNERS, line 14)."


def test_every_service_has_a_team_with_a_watch_and_a_policy(saltmarsh: None) -> None:
    watched = {found.team for found in queries.schedules()}
    assert len(queries.services()) == 9
    for service in queries.services():
        assert service.team in watched
        assert queries.policy_for_service(service.slug).steps


def test_one_service_is_left_unanswered_so_that_assuming_can_be_seen(saltmarsh: None) -> None:
    unknown = [service.slug for service in queries.services() if not service.tier and not service.exposure]
    assert unknown == ["tide-feed"]


def test_everybody_is_in_a_team(saltmarsh: None) -> None:
    assert all(queries.teams_of(person.id) for person in queries.people())
