"""Comparing rosters: the changes, their words, their order, and what they may not leave behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.roster.as_code.desired import NEW
from watchbill.roster.as_code.plan import KINDS, Change, Facts, Fields, Wanted, plan, shown

TEAM = {**NEW["team"], "name": "Berths"}
SERVICE = {**NEW["service"], "name": "Board", "team": "berths"}
STANDING: Facts = {"team": {"berths": TEAM}, "service": {"board": SERVICE}}


def wanted(facts: Facts, *, prune: bool = False, whole: frozenset[tuple[str, str]] = frozenset()) -> Wanted:
    places = {(kind, key, name): f"{kind}[0].{name}" for kind in facts for key in facts[kind] for name in facts[kind][key]}
    return Wanted(facts, NEW, places, whole, prune)


def lines(standing: Facts, *args: Facts, prune: bool = False, whole: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    return [line for change in plan(standing, wanted(args[0], prune=prune, whole=whole)) for line in change.lines()]


def test_something_new_is_one_line() -> None:
    assert lines(STANDING, {"team": {"platform": {"name": "Platform"}}}) == ["+ team platform"]


def test_something_changed_is_a_line_for_each_field() -> None:
    told = lines(STANDING, {"service": {"board": {"exposure": "open", "tier": 1, "team": "berths"}}})
    assert told == ["~ service board tier 0 -> 1", "~ service board exposure none -> open"]


def test_what_is_as_wanted_is_no_line() -> None:
    assert lines(STANDING, {"service": {"board": {"team": "berths"}}}) == []


def test_what_the_file_does_not_mention_is_left_alone() -> None:
    assert lines(STANDING, {}) == []


def test_pruning_removes_what_the_file_does_not_mention_users_before_what_they_use() -> None:
    assert lines(STANDING, {}, prune=True) == ["- service board", "- team berths"]


def test_pruning_spares_who_is_deactivated_already_and_what_is_over() -> None:
    standing: Facts = {
        "person": {"alice@x": {**NEW["person"], "active": False}},
        "schedule": {"s": {**NEW["schedule"]}},
        "override": {"s/1": {"over": True}, "s/2": {"over": False}},
    }
    assert lines(standing, {"schedule": {"s": {}}}, prune=True) == ["- override s/2"]


def test_a_list_that_the_file_gives_whole_loses_what_is_not_in_it() -> None:
    standing: Facts = {"schedule": {"s": {**NEW["schedule"]}}, "layer": {"s/Days": {"people": ()}, "s/Nights": {"people": ()}}}
    told = lines(standing, {"schedule": {"s": {}}, "layer": {"s/Days": {"people": ()}}}, whole=frozenset({("layer", "s")}))
    assert told == ["- layer s/Nights"]


def test_a_schedule_that_goes_takes_its_parts_with_it() -> None:
    standing: Facts = {"schedule": {"s": {**NEW["schedule"]}}, "layer": {"s/Days": {"people": ()}}, "override": {"s/1": {"over": True}}}
    assert lines(standing, {}, prune=True) == ["- override s/1", "- layer s/Days", "- schedule s"]


def test_a_reference_to_nothing_is_told_at_its_place_with_what_there_is() -> None:
    with pytest.raises(Problem) as told:
        plan(STANDING, wanted({"service": {"board": {"team": "births"}}}))
    assert told.value.field == "service[0].team"
    assert "'births'" in told.value.detail
    assert "berths" in told.value.remedy


def test_what_something_left_standing_needs_is_not_removed() -> None:
    with pytest.raises(Problem) as told:
        plan(STANDING, wanted({"service": {"board": {"name": "Board"}}}, prune=True))
    assert told.value.code == "still_needed"
    assert "service board refers to team berths" in told.value.detail


def test_a_target_says_its_own_kind() -> None:
    facts: Facts = {"policy": {"p": {}}, "step": {"p/1": {"notify": ("team:berths", "team:nobody"), "wait": 60}}}
    with pytest.raises(Problem, match="no team 'nobody'"):
        plan(STANDING, wanted(facts))


def test_a_removed_person_may_still_be_named_for_they_are_only_deactivated() -> None:
    standing: Facts = {"person": {"a@x": {**NEW["person"], "name": "A"}}, "team": {"t": {**NEW["team"], "members": ("a@x",)}}}
    assert lines(standing, {"team": {"t": {"name": "T"}}}, prune=True) == ["~ team t name none -> T", "- person a@x"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("active", True, "yes"),
        ("active", False, "no"),
        ("tier", 0, "0"),
        ("exposure", "", "none"),
        ("exposure", None, "none"),
        ("members", (), "none"),
        ("members", ("a", "b"), "a, b"),
        ("codeowners", "a\nb\n", "2 lines"),
        ("codeowners", "", "none"),
    ],
)
def test_values_are_shown_in_words(name: str, value: str | int | tuple[str, ...] | None, text: str) -> None:
    assert shown(name, value) == text


# ---- properties

slugs = st.sampled_from(["a", "b", "c"])


@st.composite
def rosters(draw: st.DrawFn) -> Facts:
    """Teams, and services of theirs; whole and consistent."""
    teams = {
        slug: {**NEW["team"], "name": draw(slugs), "zone": draw(st.sampled_from(["UTC", "Asia/Tokyo"]))}
        for slug in draw(st.sets(slugs, min_size=1))
    }
    services: dict[str, Fields] = {
        slug: {**NEW["service"], "team": draw(st.sampled_from(sorted(teams))), "tier": draw(st.integers(0, 4))}
        for slug in draw(st.sets(slugs))
    }
    return {"team": teams, "service": services}


def applied(standing: Facts, changes: tuple[Change, ...]) -> Facts:
    """The slow twin: the changes done one after another."""
    now = {kind: dict(standing.get(kind, {})) for kind in KINDS}
    for change in changes:
        if change.sign == "-":
            del now[change.kind][change.key]
        else:
            now[change.kind][change.key] = change.after
    return {kind: things for kind, things in now.items() if things}


@given(standing=rosters(), file=rosters())
def test_after_a_pruning_file_the_roster_is_the_file(standing: Facts, file: Facts) -> None:
    after = applied(standing, plan(standing, wanted(file, prune=True)))
    assert after == {kind: things for kind, things in file.items() if things}


@given(standing=rosters(), file=rosters(), prune=st.booleans())
def test_the_same_file_again_changes_nothing(standing: Facts, file: Facts, prune: bool) -> None:
    after = applied(standing, plan(standing, wanted(file, prune=prune)))
    assert plan(after, wanted(file, prune=prune)) == ()


@given(standing=rosters(), file=rosters())
def test_without_pruning_nothing_is_ever_removed(standing: Facts, file: Facts) -> None:
    assert all(change.sign != "-" for change in plan(standing, wanted(file)))


@given(standing=rosters(), file=rosters(), prune=st.booleans())
def test_every_change_has_a_line_and_every_line_its_sign(standing: Facts, file: Facts, prune: bool) -> None:
    for change in plan(standing, wanted(file, prune=prune)):
        told = list(change.lines())
        assert told
        assert all(line.startswith(f"{change.sign} {change.kind} {change.key}") for line in told)
