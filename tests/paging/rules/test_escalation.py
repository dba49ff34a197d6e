"""Walking a policy: every step of every round in order, then the end."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watchbill.paging.rules.escalation import (
    START,
    Policy,
    Position,
    Step,
    following,
    from_snapshot,
    gives_until,
    is_past_the_end,
    snapshot,
)

BERTHS = Policy(
    "berths", "Berths, urgent", 1, (Step(300, ("schedule:berths",)), Step(600, ("person:mira@saltmarsh.example", "team:security")))
)


def walk(policy: Policy) -> list[Position]:
    at: Position | None = START
    seen = []
    while at is not None:
        seen.append(at)
        at = following(policy, at)
    return seen


def test_steps_follow_one_another() -> None:
    assert following(BERTHS, START) == Position(0, 1)


def test_after_the_last_step_the_next_round_begins() -> None:
    assert following(BERTHS, Position(0, 1)) == Position(1, 0)


def test_after_the_last_round_there_is_nothing() -> None:
    assert following(BERTHS, Position(1, 1)) is None


def test_a_step_has_its_time() -> None:
    nine = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert gives_until(BERTHS, Position(1, 1), nine) == nine + timedelta(minutes=10)


def test_a_policy_without_steps_is_past_its_end_at_once() -> None:
    nothing = Policy("none", "none", 3, ())
    assert is_past_the_end(nothing, START)
    assert following(nothing, START) is None


def test_the_last_step_is_not_past_the_end() -> None:
    assert not is_past_the_end(BERTHS, Position(0, 1))
    assert is_past_the_end(BERTHS, Position(2, 2))


targets = st.lists(st.sampled_from(["schedule:a", "team:b", "person:c@d.example"]), max_size=3).map(tuple)
policies = st.builds(
    Policy,
    st.text(max_size=5),
    st.text(max_size=5),
    st.integers(0, 4),
    st.lists(st.builds(Step, st.integers(0, 9), targets), max_size=5).map(tuple),
)


@given(policies)
def test_a_snapshot_is_the_policy(policy: Policy) -> None:
    assert from_snapshot(snapshot(policy)) == policy


@given(policies.filter(lambda policy: bool(policy.steps)))
def test_every_step_of_every_round_comes_once_and_in_order(policy: Policy) -> None:
    seen = walk(policy)
    assert seen == sorted(set(seen))
    assert len(seen) == len(policy.steps) * (policy.repeat + 1)
