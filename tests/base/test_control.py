"""Server verbs: JSON in, JSON out, by whoever the door says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from watchbill.base import control, limits
from watchbill.base.acting import Actor
from watchbill.base.control import run, verb, verbs
from watchbill.base.problem import Problem, conflict

ALICE = Actor("person", "alice@saltmarsh.example", "cli")


@pytest.fixture(autouse=True)
def _only_our_verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_verbs", {})


def test_a_verb_gets_its_payload_and_who_asks() -> None:
    @verb("roster.apply")
    def apply(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
        return {"lines": payload["text"].splitlines(), "by": by.name}

    assert run("roster.apply", {"text": "a\nb"}, ALICE) == {"lines": ["a", "b"], "by": "alice@saltmarsh.example"}


def test_answers_become_plain_json_types() -> None:
    verb("status")(lambda payload, by: {"at": datetime(2026, 6, 1, tzinfo=UTC), "who": ("alice", "bob")})
    assert run("status", {}, ALICE) == {"at": "2026-06-01T00:00:00Z", "who": ["alice", "bob"]}


def test_verbs_are_listed_in_order() -> None:
    verb("b.two")(lambda payload, by: {})
    verb("a.one")(lambda payload, by: {})
    assert verbs() == ("a.one", "b.two")


def test_an_unknown_verb_is_not_found() -> None:
    with pytest.raises(Problem) as caught:
        run("roster.aply", {}, ALICE)
    assert caught.value.status == 404


def test_what_a_verb_raises_reaches_the_door() -> None:
    def refuse(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
        raise conflict("Charlie is on call.")

    verb("refuse")(refuse)
    with pytest.raises(Problem, match="Charlie is on call"):
        run("refuse", {}, ALICE)


def test_a_name_belongs_to_one_function() -> None:
    def one(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
        return {}

    def other(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
        return {}

    verb("roster.apply")(one)
    verb("roster.apply")(one)
    with pytest.raises(ValueError, match="exists already"):
        verb("roster.apply")(other)


def test_a_payload_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VERB_PAYLOAD_BYTES", 20)
    verb("echo")(lambda payload, by: payload)
    assert run("echo", {"x": "y" * 12}, ALICE)
    with pytest.raises(Problem) as caught:
        run("echo", {"x": "y" * 13}, ALICE)
    assert caught.value.field == "payload"
