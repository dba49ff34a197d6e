"""Who may accept a risk, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from watchbill.base.problem import Problem
from watchbill.cases.findings.acceptance import Signer, check_reason, check_second_look, check_signer, check_until, is_over
from watchbill.cases.limits import REASON_CHARS

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ALICE, BOB = "alice@saltmarsh.example", "bob@saltmarsh.example"


def test_security_signs_what_somebody_else_asked_for():
    check_signer(ALICE, Signer(BOB, "security"), 2)


def test_nobody_signs_their_own_request():
    with pytest.raises(Problem, match="their own"):
        check_signer(BOB, Signer(BOB, "security"), 2)


def test_a_different_spelling_of_an_address_is_the_same_person():
    with pytest.raises(Problem, match="their own"):
        check_signer("Bob@Saltmarsh.example", Signer(BOB, "admin"), 2)


def test_an_owner_does_not_sign_while_there_is_other_security():
    with pytest.raises(Problem, match="takes somebody from security"):
        check_signer(BOB, Signer(ALICE, "engineer", owns=True), 1)


def test_the_owner_signs_for_a_security_team_of_one():
    check_signer(BOB, Signer(ALICE, "engineer", owns=True), 0)


def test_who_neither_owns_nor_is_security_never_signs():
    with pytest.raises(Problem):
        check_signer(BOB, Signer("charlie@saltmarsh.example", "engineer"), 0)


def test_180_days_is_the_most():
    assert check_until(NOW + timedelta(days=180), NOW) == NOW + timedelta(days=180)
    with pytest.raises(Problem, match="at most 180 days"):
        check_until(NOW + timedelta(days=181), NOW)


def test_the_last_day_is_cut_to_180_days():
    assert check_until(NOW + timedelta(days=180, hours=13), NOW) == NOW + timedelta(days=180)


def test_the_end_lies_in_the_future():
    with pytest.raises(Problem, match="not in the future"):
        check_until(NOW, NOW)


@pytest.mark.parametrize("reason", ["", "   ", "ok", "x" * (REASON_CHARS + 1)])
def test_a_reason_is_given_and_bounded(reason):
    with pytest.raises(Problem):
        check_reason(reason)


def test_a_second_look_takes_security_and_another_person():
    check_second_look(ALICE, Signer(BOB, "security"))
    with pytest.raises(Problem):
        check_second_look(BOB, Signer(BOB, "security"))
    with pytest.raises(Problem):
        check_second_look(BOB, Signer(ALICE, "engineer", owns=True))


def test_an_acceptance_is_over_at_its_instant_and_one_without_end_never():
    assert is_over(NOW, NOW)
    assert not is_over(NOW + timedelta(seconds=1), NOW)
    assert not is_over(None, NOW)
