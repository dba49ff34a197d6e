"""Walking an escalation policy: which step comes next, when, and when there is none. The policy is the snapshot taken when the alert
opened, so a later edit never moves an alert that already rings. It never looks anybody up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

# After the last step of the last round, security's watch is paged this often until somebody acknowledges (law 2: nobody is left asleep).
AFTER_THE_END = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Step:
    """Whom to page (`person:<email>`, `schedule:<slug>`, `team:<slug>`) and how long to give them before the next step."""

    wait_seconds: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was when the alert opened. `repeat` counts further rounds after the first."""

    slug: str
    name: str
    repeat: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an alert stands: `loop` rounds done, at `step` (from 0) of this one."""

    loop: int
    step: int


START = Position(0, 0)


def following(policy: Policy, at: Position) -> Position | None:
    """The position after `at`, or None when the policy is exhausted."""
    if at.step + 1 < len(policy.steps):
        return Position(at.loop, at.step + 1)
    if at.loop < policy.repeat and policy.steps:
        return Position(at.loop + 1, 0)
    return None


def gives_until(policy: Policy, at: Position, started: datetime) -> datetime:
    """When the step that started at `started` has had its time."""
    return started + timedelta(seconds=policy.steps[at.step].wait_seconds)


def is_past_the_end(policy: Policy, at: Position) -> bool:
    """Whether `at` is no step of the policy: it was exhausted before."""
    return at.step >= len(policy.steps)


def snapshot(policy: Policy) -> dict[str, Any]:
    """The policy as JSON to keep with the alert."""
    return {
        "slug": policy.slug,
        "name": policy.name,
        "repeat": policy.repeat,
        "steps": [{"wait_seconds": step.wait_seconds, "targets": list(step.targets)} for step in policy.steps],
    }


def from_snapshot(kept: Mapping[str, Any]) -> Policy:
    """The policy back from `snapshot`."""
    steps: Sequence[Mapping[str, Any]] = kept["steps"]
    return Policy(
        slug=str(kept["slug"]),
        name=str(kept["name"]),
        repeat=int(kept["repeat"]),
        steps=tuple(Step(int(step["wait_seconds"]), tuple(step["targets"])) for step in steps),
    )
