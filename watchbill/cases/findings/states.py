"""The life of a finding as one table of allowed steps and one function. Pure; it stores nothing and knows no time.

`reopened` is a count and `not_seen` a mark, not states. Silence is no event here: nothing leaves the open states because nobody looked.
"""

from typing import Literal

from watchbill.base.problem import Problem

State = Literal[
    "new", "triaged", "open", "fix_claimed", "verifying", "fixed", "not_affected", "accepted", "duplicate", "withdrawn", "retired"
]
Event = Literal[
    "triage",  # somebody from security has looked, and an answer is still open
    "decide",  # every input is known
    "claim_fix",  # a person says that it is fixed
    "verify",  # another room has begun to prove it
    "refute",  # newer evidence still sees it
    "prove",  # newer, complete, same-scope evidence shows it gone
    "see",  # seen by a scan, without any claim
    "accept",  # a second person signed
    "expire",  # an acceptance ran out
    "outgrow",  # an accepted risk became more urgent than what was signed
    "dismiss",  # not affected, on security's word
    "duplicate",
    "withdraw",  # the advisory was withdrawn
    "retire",  # the thing itself is gone: manifest, service
    "reopen",  # a person takes a closing back
]

STATES: tuple[State, ...] = (
    "new",
    "triaged",
    "open",
    "fix_claimed",
    "verifying",
    "fixed",
    "not_affected",
    "accepted",
    "duplicate",
    "withdrawn",
    "retired",
)
OPEN_STATES: frozenset[str] = frozenset({"new", "triaged", "open", "fix_claimed", "verifying"})
CLOSED_STATES: frozenset[str] = frozenset(STATES) - OPEN_STATES - {"accepted"}

_FROM_ANY_OPEN: dict[str, State] = {
    "prove": "fixed",
    "accept": "accepted",
    "dismiss": "not_affected",
    "duplicate": "duplicate",
    "withdraw": "withdrawn",
    "retire": "retired",
}


def _table() -> dict[tuple[str, str], State]:
    steps: dict[tuple[str, str], State] = {(state, event): to for state in OPEN_STATES for event, to in _FROM_ANY_OPEN.items()}
    steps |= {(state, "see"): state for state in STATES if state not in ("fixed", "retired", "withdrawn")}
    steps |= {(state, "see"): "open" for state in ("fixed", "retired", "withdrawn")}
    steps |= {(state, "claim_fix"): "fix_claimed" for state in ("new", "triaged", "open")}
    steps |= {(state, "refute"): "open" for state in ("fix_claimed", "verifying")}
    steps |= {(state, "reopen"): "open" for state in CLOSED_STATES}
    steps |= {
        ("new", "triage"): "triaged",
        ("new", "decide"): "open",
        ("triaged", "decide"): "open",
        ("open", "decide"): "open",
        ("fix_claimed", "decide"): "fix_claimed",
        ("verifying", "decide"): "verifying",
        ("accepted", "decide"): "accepted",
        ("fix_claimed", "verify"): "verifying",
        ("accepted", "expire"): "open",
        ("accepted", "outgrow"): "open",
        ("accepted", "prove"): "fixed",
        ("accepted", "retire"): "retired",
        ("accepted", "withdraw"): "withdrawn",
    }
    return steps


STEPS: dict[tuple[str, str], State] = _table()
_WORDS = {"fix_claimed": "fix claimed", "not_affected": "not affected"}
_ASKED = {
    "triage": "be triaged",
    "decide": "be decided",
    "claim_fix": "be claimed as fixed",
    "verify": "be verified",
    "refute": "be refuted",
    "prove": "be proven fixed",
    "see": "be seen again",
    "accept": "be accepted",
    "expire": "come back from an acceptance",
    "outgrow": "outgrow an acceptance",
    "dismiss": "be called not affected",
    "duplicate": "be called a duplicate",
    "withdraw": "be withdrawn",
    "retire": "be retired",
    "reopen": "be reopened",
}


def allowed(state: str, event: str) -> bool:
    """Whether the table has this step."""
    return (state, event) in STEPS


def step(state: str, event: str) -> State:
    """The state after an event. Raises Problem(conflict, 409) for a step the table doesn't have."""
    after = STEPS.get((state, event))
    if after is not None:
        return after
    possible = ", ".join(sorted(_ASKED[name] for at, name in STEPS if at == state and name not in ("see", "decide")))
    detail = f"A finding that is {state_words(state)} can't {_ASKED.get(event, event)}."
    raise Problem("conflict", "Not possible in this state", detail, remedy=f"It can {possible}." if possible else "", status=409)


def state_words(state: str) -> str:
    """The state as people say it."""
    return _WORDS.get(state, state)


def is_reopening(before: str, after: str) -> bool:
    """Whether a step counts as a reopening: a closed finding is open again."""
    return before in CLOSED_STATES and after in OPEN_STATES
