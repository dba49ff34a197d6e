"""Roster as code, place by place: each unknown key, wrong reference and bad value is named with its path; all or nothing."""

import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import SettableClock
from tests.roster.conftest import BY_TEST, COMPANY
from watchbill.base.models import News
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.base.trail import size as trail_size
from watchbill.roster import limits, models, queries
from watchbill.roster.as_code import document
from watchbill.roster.as_code.document import read_roster
from watchbill.roster.as_code.snapshot import standing
from watchbill.roster.services import apply_roster
from watchbill.roster.watch import on_call, schedule, team

# part: a table of that part as it may stand in a file, without a key that matters here
PARTS = {
    "company": '[company]\nname = "Saltmarsh"\n',
    "person[0]": '[[person]]\nemail = "eve@saltmarsh.example"\nname = "Eve"\n',
    "team[0]": '[[team]]\nslug = "yard"\n',
    "policy[0]": '[[policy]]\nslug = "yard"\n',
    "policy[0].step[0]": '[[policy]]\nslug = "yard"\n[[policy.step]]\nnotify = ["team:berths"]\n',
    "repo[0]": '[[repo]]\nname = "saltmarsh/yard"\n',
    "schedule[0]": '[[schedule]]\nslug = "yard"\nteam = "berths"\n',
    "schedule[0].layer[0]": '[[schedule]]\nslug = "yard"\nteam = "berths"\n[[schedule.layer]]\nname = "L"\n'
    'people = ["bob@saltmarsh.example"]\nevery = "1 week"\nstarts = 2026-01-05T09:00:00\n',
    "schedule[0].override[0]": '[[schedule]]\nslug = "yard"\nteam = "berths"\n[[schedule.override]]\nperson = "bob@saltmarsh.example"\n'
    "start = 2026-07-01T09:00:00Z\nend = 2026-07-02T09:00:00Z\n",
    "service[0]": '[[service]]\nslug = "yard"\nteam = "berths"\n',
    "rule[0]": '[[rule]]\nteam = "berths"\npath = "/yard/**"\n',
}
STRUCTS = {
    "company": document.CompanyPart,
    "person[0]": document.PersonPart,
    "team[0]": document.TeamPart,
    "policy[0]": document.PolicyPart,
    "policy[0].step[0]": document.StepPart,
    "repo[0]": document.RepoPart,
    "schedule[0]": document.SchedulePart,
    "schedule[0].layer[0]": document.LayerPart,
    "schedule[0].override[0]": document.OverridePart,
    "service[0]": document.ServicePart,
    "rule[0]": document.RulePart,
}
KEYS = [(part, key) for part, struct in STRUCTS.items() for key in struct.__struct_fields__]


def refused(text: str) -> Problem:
    with pytest.raises(Problem) as caught:
        apply_roster(text, by=BY_TEST)
    return caught.value


@pytest.mark.parametrize("part", PARTS)
def test_each_part_as_it_is_written_here_is_taken(company: None, part: str) -> None:
    assert apply_roster(PARTS[part], by=BY_TEST, dry_run=True).changed >= (0 if part == "company" else 1)


@pytest.mark.parametrize("part", PARTS)
def test_a_key_like_none_is_named_with_its_path_and_all_that_are_known(part: str) -> None:
    with pytest.raises(Problem) as caught:
        read_roster(PARTS[part] + "zzqqxx = 1\n")

    assert (caught.value.code, caught.value.field, caught.value.status) == ("invalid", f"{part}.zzqqxx", 422)
    assert all(key in caught.value.remedy for key in STRUCTS[part].__struct_fields__)


@pytest.mark.parametrize(("part", "key"), KEYS)
def test_a_slip_in_any_key_of_any_part_is_named_with_its_path_and_the_right_word(part: str, key: str) -> None:
    slip = key[:-1] + "zz"
    with pytest.raises(Problem) as caught:
        read_roster(PARTS[part] + f'{slip} = "x"\n')

    assert caught.value.field == f"{part}.{slip}"
    assert caught.value.remedy


@pytest.mark.parametrize("word", ["persons", "teams", "polices", "servces", "rules", "prun"])
def test_a_slip_in_a_parts_own_name_is_named(word: str) -> None:
    with pytest.raises(Problem) as caught:
        read_roster(f"[{word}]\n")

    assert caught.value.field == word
    assert "Did you mean" in caught.value.remedy


REFERENCES = [
    ('[[team]]\nslug = "yard"\nmembers = ["bob@saltmarsh.example", "nobody@saltmarsh.example"]', "team[0].members"),
    ('[[team]]\nslug = "yard"\npolicy = "nothing"', "team[0].policy"),
    ('[[schedule]]\nslug = "yard"\nteam = "nobody"', "schedule[0].team"),
    (PARTS["schedule[0].layer[0]"].replace("bob@", "nobody@"), "schedule[0].layer[0].people"),
    (PARTS["schedule[0].override[0]"].replace("bob@", "nobody@"), "schedule[0].override[0].person"),
    ('[[service]]\nslug = "yard"\nteam = "nobody"', "service[0].team"),
    ('[[service]]\nslug = "yard"\nteam = "berths"\npolicy = "nothing"', "service[0].policy"),
    ('[[service]]\nslug = "yard"\nteam = "berths"\nrepos = ["saltmarsh/nothing"]', "service[0].repos"),
    ('[[rule]]\nteam = "nobody"\npath = "/x"', "rule[0].team"),
    ('[company]\nsecurity_team = "nobody"', "company.security_team"),
    ('[company]\nsecurity_schedule = "nothing"', "company.security_schedule"),
    ('[[policy]]\nslug = "yard"\nstep = [{ notify = ["team:nobody"] }]', "policy[0].step[0].notify"),
    ('[[policy]]\nslug = "yard"\nstep = [{ notify = ["schedule:nothing"] }]', "policy[0].step[0].notify"),
    ('[[policy]]\nslug = "yard"\nstep = [{ notify = ["person:nobody@saltmarsh.example"] }]', "policy[0].step[0].notify"),
]


@pytest.mark.parametrize(("text", "place"), REFERENCES)
def test_a_reference_to_what_is_not_there_is_named_with_its_path_and_writes_nothing(company: None, text: str, place: str) -> None:
    before = (standing(datetime(2026, 6, 1, tzinfo=UTC)), trail_size(), News.objects.count())

    problem = refused('[[person]]\nemail = "eve@saltmarsh.example"\nname = "Eve"\n' + text)

    assert problem.field.startswith(place)
    assert problem.status == 422
    assert (standing(datetime(2026, 6, 1, tzinfo=UTC)), trail_size(), News.objects.count()) == before


@pytest.mark.parametrize(("text", "place"), REFERENCES)
def test_a_dry_run_refuses_the_same(company: None, text: str, place: str) -> None:
    with pytest.raises(Problem) as caught:
        apply_roster(text, by=BY_TEST, dry_run=True)
    assert caught.value.field.startswith(place)


def test_what_the_same_file_brings_may_be_referred_to(company: None) -> None:
    apply_roster(
        '[[service]]\nslug = "yard"\nteam = "yard"\npolicy = "yard"\nrepos = ["saltmarsh/yard"]\n'
        '[[team]]\nslug = "yard"\nmembers = ["eve@saltmarsh.example"]\npolicy = "yard"\n'
        '[[person]]\nemail = "eve@saltmarsh.example"\nname = "Eve"\n[[repo]]\nname = "saltmarsh/yard"\n'
        '[[policy]]\nslug = "yard"\nstep = [{ notify = ["team:yard"] }]',
        by=BY_TEST,
    )

    assert queries.service("yard").team == "yard"
    assert queries.policy_for_service("yard").slug == "yard"


BAD_VALUES = [
    ("person[0]", "email", '"not an address"'),
    ("person[0]", "name", '""'),
    ("person[0]", "name", f'"{"x" * (limits.NAME_CHARS + 1)}"'),
    ("person[0]", "role", '"captain"'),
    ("person[0]", "zone", '"Mars/Olympus"'),
    ("team[0]", "slug", '"Yard"'),
    ("team[0]", "slug", '"-yard"'),
    ("team[0]", "slug", f'"{"x" * (limits.SLUG_CHARS + 1)}"'),
    ("team[0]", "zone", '"Europe/Atlantis"'),
    ("team[0]", "opens", '"25:00"'),
    ("team[0]", "closes", '"9"'),
    ("team[0]", "workdays", '"8"'),
    ("team[0]", "workdays", '"someday"'),
    ("team[0]", "members", '["no address"]'),
    ("policy[0]", "repeat", "-1"),
    ("policy[0]", "repeat", str(limits.REPEATS + 1)),
    ("policy[0].step[0]", "notify", "[]"),
    ("policy[0].step[0]", "notify", '["everybody"]'),
    ("policy[0].step[0]", "notify", '["team:"]'),
    ("policy[0].step[0]", "notify", '["team:Yard"]'),
    ("policy[0].step[0]", "wait", '"soon"'),
    ("policy[0].step[0]", "wait", '"8d"'),
    ("policy[0].step[0]", "wait", '"-5m"'),
    ("repo[0]", "name", '"has space"'),
    ("repo[0]", "name", '""'),
    ("schedule[0]", "zone", '"Nowhere"'),
    ("schedule[0].layer[0]", "every", '"fortnightly"'),
    ("schedule[0].layer[0]", "every", '"0 weeks"'),
    ("schedule[0].layer[0]", "starts", "2026-01-05T09:00:00Z"),
    ("schedule[0].layer[0]", "starts", "2026-01-05T09:00:30"),
    ("schedule[0].layer[0]", "only", '["mon 25:00-26:00"]'),
    ("schedule[0].layer[0]", "people", '["nobody"]'),
    ("schedule[0].override[0]", "end", "2026-07-01T09:00:00Z"),
    ("schedule[0].override[0]", "end", "2027-07-01T09:00:00Z"),
    ("service[0]", "tier", "5"),
    ("service[0]", "tier", "-1"),
    ("service[0]", "exposure", '"wide"'),
    ("service[0]", "set_by", '"nobody"'),
    ("service[0]", "description", f'"{"x" * (limits.TEXT_CHARS + 1)}"'),
    ("rule[0]", "path", f'"{"x" * (limits.GLOB_CHARS + 1)}"'),
    ("rule[0]", "path", '"/a b"'),
    ("rule[0]", "path", '"/****x/a*b*c*d*e"'),
]


@pytest.mark.parametrize(("part", "key", "value"), BAD_VALUES)
def test_a_value_that_can_not_be_is_named_with_its_path(company: None, part: str, key: str, value: str) -> None:
    text = PARTS[part]
    if f"{key} =" in text:
        heading = part.rpartition(".")[2].partition("[")[0]
        head, _, tail = text.rpartition(f"{heading}]]\n")
        lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in tail.splitlines()]
        text = f"{head}{heading}]]\n" + "\n".join(lines)
    else:
        text += f"{key} = {value}\n"
    tomllib.loads(text)

    problem = refused(text)

    assert problem.field.startswith(part), (problem.field, problem.detail)
    assert problem.status == 422


@pytest.mark.parametrize(
    "text",
    [
        PARTS["person[0]"] * 2,
        PARTS["team[0]"] * 2,
        PARTS["policy[0]"] * 2,
        PARTS["repo[0]"] * 2,
        PARTS["schedule[0]"] * 2,
        PARTS["service[0]"] * 2,
        PARTS["rule[0]"] * 2,
        PARTS["person[0]"] + PARTS["person[0]"].replace("eve@", "EVE@"),
    ],
)
def test_the_same_thing_twice_is_named_at_its_second_place(company: None, text: str) -> None:
    problem = refused(text)

    assert "[1]" in problem.field
    assert "twice" in problem.detail


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[[person]]\nemail = "eve@saltmarsh.example"', "person[0].name"),
        ('[[schedule]]\nslug = "yard"', "schedule[0].team"),
        ('[[service]]\nslug = "yard"', "service[0].team"),
    ],
)
def test_something_new_says_what_it_needs(company: None, text: str, field: str) -> None:
    assert refused(text).field == field


@pytest.mark.parametrize("hours", ['opens = "09:00"\ncloses = "09:00"', 'closes = "09:00"', 'opens = "17:00"'])
def test_a_team_that_would_never_work_is_refused_at_its_closing(company: None, hours: str) -> None:
    assert refused(f'[[team]]\nslug = "yard"\n{hours}').field == "team[0].closes"


def test_a_team_that_works_round_the_clock_is_taken(company: None) -> None:
    apply_roster('[[team]]\nslug = "yard"\nopens = "00:00"\ncloses = "24:00"\nworkdays = "1-7"', by=BY_TEST)

    assert (team("yard").opens, team("yard").closes) == ("00:00", "24:00")


@pytest.mark.parametrize("broken", range(1, 6))
def test_wherever_the_fault_lies_nothing_before_or_after_it_is_written(company: None, broken: int) -> None:
    parts = [f'[[team]]\nslug = "yard-{number}"\n' for number in range(1, 6)]
    parts[broken - 1] += 'policy = "nothing"\n'

    refused("".join(parts))

    assert not models.Team.objects.filter(slug__startswith="yard-").exists()


@pytest.mark.parametrize("count", [limits.STEPS, limits.STEPS + 1])
def test_steps_at_the_limit(company: None, count: int) -> None:
    text = '[[policy]]\nslug = "long"\n' + '[[policy.step]]\nnotify = ["team:berths"]\n' * count

    if count > limits.STEPS:
        assert refused(text).field == "policy[0].step"
    else:
        apply_roster(text, by=BY_TEST)
        assert len(queries.policy("long").steps) == count


@pytest.mark.parametrize("repeat", [0, limits.REPEATS])
def test_rounds_at_the_limit(company: None, repeat: int) -> None:
    apply_roster(f'[[policy]]\nslug = "rounds"\nrepeat = {repeat}', by=BY_TEST)

    assert queries.policy("rounds").repeat == repeat


# -- prune --------------------------------------------------------------------------------------------------------------------------


def test_pruning_takes_exactly_what_the_file_leaves_out(company: None) -> None:
    without = COMPANY.replace('[[rule]]\npath = "/.github/workflows/**"\nteam = "platform"\n', "")
    assert without != COMPANY

    diff = apply_roster("prune = true\n" + without, by=BY_TEST)

    assert diff.changed == 1
    assert diff.lines[0].startswith("- rule")


def test_pruning_somebody_lets_them_go_and_deletes_nobody(company: None) -> None:
    without = COMPANY.replace('[[person]]\nemail = "vera@saltmarsh.example"\nname = "Vera"\nrole = "viewer"\n', "")
    people = len(queries.people())

    apply_roster("prune = true\n" + without, by=BY_TEST)

    assert len(queries.people()) == people
    assert queries.person("vera@saltmarsh.example").active is False


def test_pruning_what_is_still_needed_is_refused_and_prunes_nothing(company: None) -> None:
    without = COMPANY.replace('[[team]]\nslug = "platform"\nname = "Platform"\n', "")
    before = standing(datetime(2026, 6, 1, tzinfo=UTC))

    with pytest.raises(Problem):
        apply_roster("prune = true\n" + without, by=BY_TEST)

    assert standing(datetime(2026, 6, 1, tzinfo=UTC)) == before


def test_a_pruned_watch_is_nobodys(company: None, clock: SettableClock) -> None:
    at = datetime(2026, 6, 2, 10, 0, tzinfo=UTC)
    assert on_call("berths", at)

    apply_roster('[[schedule]]\nslug = "berths"\nlayer = []', by=BY_TEST)

    assert on_call("berths", at) == ()
    assert schedule("berths").layers == ()


@pytest.mark.parametrize("prune", ["", "prune = true\n"])
def test_applying_twice_is_applying_once(company: None, prune: str) -> None:
    events_before, news_before = trail_size(), News.objects.count()

    assert apply_roster(prune + COMPANY, by=BY_TEST).changed == 0
    assert (trail_size(), News.objects.count()) == (events_before, news_before)


def test_each_change_is_one_event_in_the_name_of_who_applied_it_and_one_for_the_whole(company: None) -> None:
    seq = events(limit=1)[0].seq

    diff = apply_roster(PARTS["person[0]"] + PARTS["team[0]"] + PARTS["repo[0]"], by=BY_TEST)

    told = [event for event in events(limit=100) if event.seq > seq]
    assert diff.changed == 3
    assert len(told) == 4
    assert {(event.actor, event.actor_kind, event.source) for event in told} == {(BY_TEST.name, "person", "cli")}
    assert [event.action for event in told].count("roster.applied") == 1


@given(st.sampled_from(sorted(PARTS)), st.text(min_size=1, max_size=20))
def test_no_text_in_place_of_a_part_breaks_the_reading(part: str, text: str) -> None:
    try:
        read_roster(PARTS[part] + text)
    except Problem as problem:
        told = problem
    else:
        return
    assert told.status in (413, 422)
    assert told.field


@given(st.permutations(sorted(PARTS)[:4]))
def test_the_order_of_parts_in_the_file_changes_nothing(order: list[str]) -> None:
    wanted = {"company": PARTS["company"], "person": PARTS["person[0]"], "team": PARTS["team[0]"], "repo": PARTS["repo[0]"]}
    text = "".join(wanted[name] for name in sorted(wanted, key=lambda name: order[sorted(wanted).index(name)]))

    assert read_roster(text) == read_roster("".join(wanted.values()))
