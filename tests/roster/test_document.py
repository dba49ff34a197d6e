"""Reading a roster.toml: what is no TOML, an unknown key, a wrong kind of value, a value that makes no sense; each told with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.roster import limits
from watchbill.roster.as_code.desired import check_hours, check_new, wanted_of
from watchbill.roster.as_code.document import read_roster
from watchbill.roster.as_code.plan import Wanted, plan
from watchbill.roster.as_code.values import read_every, read_wait


def wanted(text: str) -> Wanted:
    return wanted_of(read_roster(text), {"security": "Europe/Amsterdam"})


def refused(text: str) -> Problem:
    with pytest.raises(Problem) as told:
        wanted(text)
    return told.value


LAYER = '[[schedule]]\nslug = "s"\nlayer = [{ name = "a", people = ["a@b.c"], every = "1 week", starts = 2026-01-05T09:00:00 }]'


def test_an_empty_file_asks_for_nothing() -> None:
    assert wanted("").facts == {}


def test_what_is_no_toml_is_told_with_its_line() -> None:
    problem = refused("[[team]]\nslug = oops\n")
    assert problem.field == "roster.toml"
    assert "line 2" in problem.detail


def test_a_key_twice_is_no_toml() -> None:
    assert "no TOML" in refused('[company]\nname = "a"\nname = "b"').detail


def test_a_file_nested_without_end_is_refused() -> None:
    assert refused("a = " + "[" * 100_000).code == "invalid"


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_refused() -> None:
    assert read_roster("#" * limits.ROSTER_BYTES)
    assert refused("#" * (limits.ROSTER_BYTES + 1)).code == "too_large"


def test_half_a_letter_is_refused_and_breaks_nothing() -> None:
    assert refused('[company]\nname = "\udc80"').status == 422


@pytest.mark.parametrize(
    ("text", "field", "remedy"),
    [
        ("[[sevice]]\nslug='a'", "sevice", "Did you mean service?"),
        ("[[service]]\nslug='a'\ntaem='b'", "service[0].taem", "Did you mean team?"),
        ("[[service]]\nslug='a'\n[[service]]\nslug='b'\nexposur='open'", "service[1].exposur", "Did you mean exposure?"),
        (
            "[[schedule]]\nslug='a'\nlayer=[{name='x',people=[],every='1 week',start=2026-01-05T09:00:00}]",
            "schedule[0].layer[0].start",
            "Did you mean starts?",
        ),
        ("[company]\nsecurity='a'", "company.security", "Did you mean security_team?"),
        ("[company]\nqqq='a'", "company.qqq", "Known here: name, security_team, security_schedule."),
    ],
)
def test_an_unknown_key_is_told_with_its_path_and_the_nearest_one(text: str, field: str, remedy: str) -> None:
    problem = refused(text)
    assert (problem.field, problem.remedy) == (field, remedy)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[[service]]\nslug='a'\ntier='one'", "service[0].tier"),
        ("[[person]]\nname='Alice'", "person[0]"),
        ("[[team]]\nslug='a'\nmembers='alice'", "team[0].members"),
        ("team = 3", "team"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_with_its_path(text: str, field: str) -> None:
    assert refused(text).field == field


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[[person]]\nemail='alice'", "person[0].email"),
        ("[[person]]\nemail='a@b.c'\nrole='root'", "person[0].role"),
        ("[[person]]\nemail='a@b.c'\nzone='Mars/Base'", "person[0].zone"),
        ("[[person]]\nemail='a@b.c'\nname=''", "person[0].name"),
        ("[[person]]\nemail='a@b.c'\nname=\"a\\u202eb\"", "person[0].name"),
        ("[[team]]\nslug='A b'", "team[0].slug"),
        ("[[team]]\nslug='a'\nworkdays='weekdays'", "team[0].workdays"),
        ("[[team]]\nslug='a'\nopens='8 am'", "team[0].opens"),
        ("[[team]]\nslug='a'\nmembers=['a@b.c','x']", "team[0].members[1]"),
        ("[[service]]\nslug='a'\ntier=7", "service[0].tier"),
        ("[[service]]\nslug='a'\nexposure='public'", "service[0].exposure"),
        ("[[repo]]\nname='a b'", "repo[0].name"),
        ("[[repo]]\nname='a/b'\ncodeowners='[ @x'", "repo[0].codeowners"),
        ("[[rule]]\nteam='a'", "rule[0]"),
        ("[[rule]]\nteam='a'\npath='a b'", "rule[0].path"),
        ("[[policy]]\nslug='p'\nrepeat=99", "policy[0].repeat"),
        ("[[policy]]\nslug='p'\nstep=[{notify=['security']}]", "policy[0].step[0].notify[0]"),
        ("[[policy]]\nslug='p'\nstep=[{notify=[]}]", "policy[0].step[0].notify"),
        ("[[policy]]\nslug='p'\nstep=[{notify=['team:a'],wait='soon'}]", "policy[0].step[0].wait"),
        (LAYER.replace("1 week", "now and then"), "schedule[0].layer[0].every"),
        (LAYER.replace("1 week", "99 weeks"), "schedule[0].layer[0]"),
        (LAYER.replace("09:00:00", "09:00:00+01:00"), "schedule[0].layer[0].starts"),
        (LAYER.replace("09:00:00", "09:00:30"), "schedule[0].layer[0].starts"),
        (LAYER.replace('["a@b.c"]', "[]"), "schedule[0].layer[0]"),
        (LAYER.replace('"a", people', '"override", people'), "schedule[0].layer[0]"),
        (LAYER.replace("}]", ", only = ['mon 9-17'] }]"), "schedule[0].layer[0].only[0]"),
        (
            "[[schedule]]\nslug='s'\noverride=[{person='a@b.c',start=2026-01-05T09:00:00Z,end=2026-01-05T08:00:00Z}]",
            "schedule[0].override[0].end",
        ),
        ("[[person]]\nemail='a@b.c'\n[[person]]\nemail='A@b.c'", "person[1]"),
        ("[[service]]\nslug='a'\n[[service]]\nslug='a'", "service[1]"),
    ],
)
def test_a_value_that_makes_no_sense_is_told_with_its_path(text: str, field: str) -> None:
    problem = refused(text)
    assert problem.field == field
    assert problem.detail
    assert problem.remedy


def test_more_items_than_fit_in_a_list_are_refused() -> None:
    people = ",".join(f"'p{number}@b.c'" for number in range(limits.LIST_ITEMS + 1))
    assert refused(f"[[team]]\nslug='a'\nmembers=[{people}]").field == "team[0].members"


def test_more_steps_or_targets_than_fit_are_refused() -> None:
    step = "{notify=['team:a']},"
    assert refused(f"[[policy]]\nslug='p'\nstep=[{step * (limits.STEPS + 1)}]").field == "policy[0].step"
    targets = "'team:a'," * (limits.TARGETS + 1)
    assert refused(f"[[policy]]\nslug='p'\nstep=[{{notify=[{targets}]}}]").field == "policy[0].step[0].notify"


def test_days_and_hours_are_kept_in_one_form() -> None:
    fields = wanted("[[team]]\nslug='a'\nworkdays='Mon-Thu, sat'\nopens='9:00'").facts["team"]["a"]
    assert (fields["workdays"], fields["opens"]) == ("1-4,6", "09:00")


def test_only_what_the_file_mentions_is_asked_for() -> None:
    assert wanted("[[team]]\nslug='a'\nname='A'").facts["team"]["a"] == {"name": "A"}


def test_a_time_without_an_offset_is_local_to_the_schedule_that_stands() -> None:
    text = "[[schedule]]\nslug='security'\noverride=[{person='a@b.c',start=2026-07-01T09:00:00,end=2026-07-01T17:00:00}]"
    assert list(wanted(text).facts["override"]) == ["security/2026-07-01T07:00:00Z..2026-07-01T15:00:00Z a@b.c"]


def test_a_time_with_an_offset_is_that_instant() -> None:
    text = (
        "[[schedule]]\nslug='new'\nzone='Asia/Tokyo'\noverride=[{person='a@b.c',start=2026-07-01T09:00:00+02:00,end=2026-07-01T17:00:00}]"
    )
    assert list(wanted(text).facts["override"]) == ["new/2026-07-01T07:00:00Z..2026-07-01T08:00:00Z a@b.c"]


def test_a_person_in_the_file_is_active_unless_it_says_otherwise() -> None:
    found = wanted("[[person]]\nemail='a@b.c'\n[[person]]\nemail='b@b.c'\nactive=false").facts["person"]
    assert (found["a@b.c"]["active"], found["b@b.c"]["active"]) == (True, False)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("10m", 600), ("10 min", 600), ("2h", 7200), ("7d", 604_800), ("0s", 0)])
def test_times_to_wait_are_read(text: str, seconds: int) -> None:
    assert read_wait(text, "wait") == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "8d", "1.5h", "10 minutes or so"])
def test_what_is_no_time_to_wait_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="no time to wait"):
        read_wait(text, "wait")


@pytest.mark.parametrize(
    ("text", "turn"),
    [("1 week", (1, "weeks")), ("12 hours", (12, "hours")), ("2days", (2, "days")), ("daily", (1, "days")), ("Weekly", (1, "weeks"))],
)
def test_lengths_of_turns_are_read(text: str, turn: tuple[int, str]) -> None:
    assert read_every(text, "every") == turn


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[[service]]\nslug='a'", "service[0].team"),
        ("[[person]]\nemail='a@b.c'", "person[0].name"),
        ("[[schedule]]\nslug='a'", "schedule[0].team"),
    ],
)
def test_something_new_that_lacks_what_it_needs_is_refused(text: str, field: str) -> None:
    with pytest.raises(Problem) as told:
        check_new({}, wanted(text))
    assert told.value.field == field


def test_a_team_that_would_close_as_it_opens_is_refused_whichever_of_the_two_the_file_says() -> None:
    for text in ("opens='09:00'\ncloses='09:00'", "opens='17:00'"):
        asked = wanted(f"[[team]]\nslug='a'\n{text}")
        with pytest.raises(Problem) as told:
            check_hours(plan({}, asked), asked)
        assert told.value.field == "team[0].closes"


def test_something_that_stands_needs_no_more_said() -> None:
    check_new({"service": {"a": {}}}, wanted("[[service]]\nslug='a'"))


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    try:
        wanted(text)
    except Problem:
        return
