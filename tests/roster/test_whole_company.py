"""Properties of the whole room: any company that a file can describe is applied as described, and laid out as the oracle says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.calendar.oracle import Turns, on_watch
from tests.roster.conftest import BY_TEST
from watchbill.base.clock import now
from watchbill.base.problem import Problem
from watchbill.roster import models, queries
from watchbill.roster.as_code import snapshot
from watchbill.roster.services import apply_roster

pytestmark = pytest.mark.django_db
EMAILS = ["alice@saltmarsh.example", "bob@saltmarsh.example", "dora@saltmarsh.example"]
ZONES = ["Europe/Amsterdam", "America/Halifax", "Asia/Kathmandu", "UTC"]
LENGTHS = {"1 day": timedelta(days=1), "12 hours": timedelta(hours=12), "2 weeks": timedelta(weeks=2)}
SLOW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])

emails = st.lists(st.sampled_from(EMAILS), max_size=3, unique=True)
toml_text = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="'\"\\"), min_size=1, max_size=20)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, list[Turns]]:
    """A schedule of up to three layers, in TOML and as the oracle takes it."""
    zone = draw(st.sampled_from(ZONES))
    parts, turns = [f"[[schedule]]\nslug = 'drawn'\nteam = 'security'\nzone = '{zone}'\n"], []
    for number in range(draw(st.integers(1, 3))):
        people = draw(st.lists(st.sampled_from(EMAILS), min_size=1, max_size=3))
        every, starts = draw(st.sampled_from(sorted(LENGTHS))), datetime(2026, 5, 1) + timedelta(hours=draw(st.integers(0, 300)))  # noqa: DTZ001 - local
        opens, closes = draw(st.tuples(st.integers(0, 11), st.integers(12, 24)))
        days = draw(st.sampled_from(["1-7", "1-5", "6-7"]))
        only = draw(st.booleans())
        window = f"only = ['{days} {opens:02d}:00-{closes:02d}:00']\n" if only else ""
        parts.append(
            f"[[schedule.layer]]\nname = 'L{number}'\npeople = {people}\nevery = '{every}'\nstarts = {starts.isoformat()}\n{window}"
        )
        named = frozenset(range(int(days[0]), int(days[2]) + 1))
        turns.append(Turns(f"L{number}", tuple(people), starts, zone, LENGTHS[every], ((named, opens * 60, closes * 60),) if only else ()))
    return "\n".join(parts), turns


@SLOW
@given(drawn=schedules())
def test_the_watch_in_the_tables_is_that_of_the_oracle(company: None, drawn: tuple[str, list[Turns]]) -> None:
    text, turns = drawn
    apply_roster(text, by=BY_TEST)
    start, step = datetime(2026, 5, 8, tzinfo=UTC), timedelta(hours=1)
    expected = on_watch(turns, [], start, start + timedelta(days=4), step)
    shifts = queries.shifts("drawn", start, start + timedelta(days=4))
    found = [next(shift.person for shift in shifts if shift.start <= start + n * step < shift.end) for n in range(len(expected))]
    assert [person.email if person else None for person in found] == expected


@SLOW
@given(drawn=schedules())
def test_a_schedule_applied_twice_changes_nothing(company: None, drawn: tuple[str, list[Turns]]) -> None:
    apply_roster(drawn[0], by=BY_TEST)
    assert apply_roster(drawn[0], by=BY_TEST).lines == ()


@SLOW
@given(name=toml_text, members=emails, tier=st.integers(0, 4), exposure=st.sampled_from(["small", "controlled", "open"]))
def test_a_team_and_its_service_are_told_as_they_were_written(
    company: None, name: str, members: list[str], tier: int, exposure: str
) -> None:
    of_team = f"[[team]]\nslug='drawn'\nname='{name}'\nmembers={members}\n"
    text = f"{of_team}[[service]]\nslug='drawn'\nteam='drawn'\ntier={tier}\nexposure='{exposure}'"
    apply_roster(text, by=BY_TEST)
    team, service = queries.team("drawn"), queries.service("drawn")
    assert (team.name, [person.email for person in team.members]) == (name, members)
    assert (service.tier, service.exposure, service.team) == (tier, exposure, "drawn")
    assert apply_roster(text, by=BY_TEST).changed == 0


@SLOW
@given(text=st.text(max_size=80))
def test_a_file_that_is_refused_leaves_everything_as_it_was(company: None, text: str) -> None:
    before = snapshot.standing(now())
    try:
        apply_roster(
            f"[[team]]\nslug='half'\n[[service]]\nslug='x'\nteam='half'\ndescription='''{text}'''\n[[rule]]\nteam='half'", by=BY_TEST
        )
    except Problem:
        assert snapshot.standing(now()) == before
        return
    pytest.fail("a rule without a pattern was taken")


def test_hostile_names_are_refused_or_kept_as_they_are(company: None) -> None:
    for name in ("<script>alert(1)</script>", "{{7*7}}", "'; DROP TABLE roster_person; --", "../../etc/passwd", "%s%n"):
        apply_roster(f'[[team]]\nslug="berths"\nname="{name}"', by=BY_TEST)
        assert queries.team("berths").name == name
    for name in ("\\u001b[31mred", "a\\r\\nb", "\\u202eevil", "\\u0000"):
        with pytest.raises(Problem):
            apply_roster(f'[[team]]\nslug="berths"\nname="{name}"', by=BY_TEST)


def test_a_large_company_applies_and_its_questions_take_few_queries(db: None, clock: Any, django_assert_max_num_queries: Any) -> None:
    people = "".join(f"[[person]]\nemail='p{n}@x.y'\nname='P{n}'\n" for n in range(300))
    teams = "".join(f"[[team]]\nslug='t{n}'\nmembers=['p{n}@x.y','p{n + 1}@x.y']\n" for n in range(100))
    services = "".join(f"[[service]]\nslug='s{n}'\nteam='t{n % 100}'\n" for n in range(300))
    apply_roster(people + teams + services, by=BY_TEST)
    assert (models.Person.objects.count(), models.Service.objects.count()) == (300, 300)
    with django_assert_max_num_queries(10):
        assert queries.owner_of(service="s250", path="a/b").team == "t50"
    with django_assert_max_num_queries(2):
        assert len(queries.services()) == 300
    with django_assert_max_num_queries(3):
        assert sum(len(team.members) for team in queries.teams()) == 200
    with django_assert_max_num_queries(25):
        assert apply_roster(people + teams + services, by=BY_TEST, dry_run=True).changed == 0
