"""The roster's server verbs, as the command line calls them."""

from datetime import UTC, datetime

import pytest

from tests.roster.conftest import BY_TEST, COMPANY
from watchbill.base.control import run
from watchbill.base.problem import Problem
from watchbill.roster import queries, verbs

pytestmark = pytest.mark.django_db


def test_a_roster_is_applied_and_the_diff_told(db: None, clock: object) -> None:
    tried = run("roster.apply", {"text": COMPANY, "dry_run": True}, BY_TEST)
    done = run("roster.apply", {"text": COMPANY, "where": "roster.toml"}, BY_TEST)
    assert tried["lines"] == done["lines"]
    assert (tried["dry_run"], done["dry_run"]) == (True, False)
    assert "+ team berths" in done["lines"]
    assert run("roster.apply", {"text": COMPANY}, BY_TEST)["changed"] == 0


def test_a_token_is_made_and_shown_once(company: None) -> None:
    made = run("token.create", {"person": "alice@saltmarsh.example", "name": "ci", "scopes": ["send"], "days": 7}, BY_TEST)
    assert made["token"].startswith("wbk_")
    assert (made["scopes"], made["person"]) == (["send"], "alice@saltmarsh.example")
    assert made["expires"].startswith("2026-06-08")
    assert queries.token_holder(made["token"]) is not None


def test_the_watch_of_a_service_is_its_teams_and_securitys(company: None) -> None:
    told = run("oncall", {"service": "berth-board"}, BY_TEST)
    found = {row["schedule"]: row for row in told["schedules"]}
    assert set(found) == {"berths", "security"}
    assert found["berths"]["now"] == [{"name": "Alice", "email": "alice@saltmarsh.example"}]
    assert found["berths"]["next"] == "Alice"
    assert found["security"]["next"] in {"Bob", "Dora"}


def test_the_watch_of_everybody_is_every_schedule(company: None) -> None:
    assert [row["schedule"] for row in run("oncall", {}, BY_TEST)["schedules"]] == ["berths", "security"]


def test_a_gap_is_told_as_nobody_with_the_next(company: None, clock: object) -> None:
    clock.set(datetime(2026, 6, 1, 22, tzinfo=UTC))  # type: ignore[attr-defined]  # the test clock
    (row,) = [row for row in run("oncall", {}, BY_TEST)["schedules"] if row["schedule"] == "berths"]
    assert (row["now"], row["next"], row["next_at"][:16]) == ([], "Alice", "2026-06-02T06:00")


def test_an_unknown_service_is_not_found(company: None) -> None:
    with pytest.raises(Problem) as told:
        run("oncall", {"service": "ghost"}, BY_TEST)
    assert told.value.status == 404


@pytest.mark.parametrize(
    ("verb", "payload"), [("roster.apply", {}), ("token.create", {"person": "a@b.c", "scope": []}), ("oncall", {"service": 3})]
)
def test_a_payload_of_another_shape_is_refused(verb: str, payload: dict[str, object]) -> None:
    with pytest.raises(Problem) as told:
        run(verb, payload, BY_TEST)
    assert told.value.field == "payload"


def test_the_verbs_carry_the_names_that_scripts_rely_on() -> None:
    assert {verbs.apply_roster.__name__, verbs.create_token.__name__, verbs.oncall.__name__} == {"apply_roster", "create_token", "oncall"}
