"""Problem: the same error for page, API and terminal."""

import pytest

from watchbill.base.problem import Problem, busy, conflict, forbidden, invalid, not_found


def test_it_says_what_happened_and_to_what() -> None:
    assert str(Problem("lost", "Gone", "The scan of berths-api is gone.")) == "Gone: The scan of berths-api is gone."


def test_without_a_detail_it_is_just_its_title() -> None:
    assert str(Problem("lost", "Gone")) == "Gone"


def test_it_is_told_over_the_api_as_problem_details() -> None:
    told = Problem("lost", "Gone", "It is gone.", field="scan.key", remedy="Send it again.", status=410, retryable=True).as_dict()
    assert told == {
        "type": "urn:watchbill:problem:lost",
        "title": "Gone",
        "status": 410,
        "detail": "It is gone.",
        "field": "scan.key",
        "remedy": "Send it again.",
        "retryable": True,
    }


def test_the_time_to_wait_is_told_when_there_is_one() -> None:
    assert busy(2.0).as_dict()["retry_after"] == 2.0
    assert "retry_after" not in not_found("finding", 4).as_dict()


def test_a_terminal_gets_lines_with_the_next_step() -> None:
    problem = invalid("mail.port", "It is no number.", "Give a number such as 25.")
    assert problem.as_text().split("\n") == [
        "Error: This can't be taken as it is",
        "  It is no number.",
        "  in: mail.port",
        "  What to do: Give a number such as 25.",
    ]


def test_hostile_text_is_inert_on_a_terminal() -> None:
    text = Problem("bad", "Bad \x1b[31mname", "one\r\ntwo").as_text()
    assert "\x1b" not in text
    assert "\r" not in text
    assert "\\x1b[31mname" in text


def test_a_right_to_left_override_is_inert_on_a_terminal() -> None:
    assert "\u202e" not in Problem("bad", "Bad \u202egpj.exe").as_text()


@pytest.mark.parametrize(
    ("problem", "code", "status"),
    [
        (not_found("finding", 412), "not_found", 404),
        (forbidden("Charlie may only read."), "forbidden", 403),
        (invalid("name", "It is empty."), "invalid", 422),
        (busy(2), "busy", 503),
        (conflict("It is fixed already."), "conflict", 409),
    ],
)
def test_each_usual_problem_has_its_code_and_status(problem: Problem, code: str, status: int) -> None:
    assert (problem.code, problem.status) == (code, status)


def test_only_busy_is_worth_trying_again() -> None:
    assert busy(2).retryable
    assert not conflict("no").retryable


def test_it_names_what_was_not_found() -> None:
    assert not_found("finding", 412).detail == "There is no finding 412."
