"""The turn: one owner at a time, in the order of asking."""

import threading
import time

import pytest

from watchbill.base.sqlite.turn import Turn, turn_for

ALICE, BOB, CHARLIE = "alice", "bob", "charlie"
PATIENT = 30.0


def waiting(turn: Turn, how_many: int) -> None:
    """Until so many stand in line."""
    until = time.monotonic() + PATIENT
    while len(turn._waiting) < how_many:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_the_first_to_ask_has_it() -> None:
    turn = Turn()
    assert turn.take(ALICE, 0)
    assert turn.held_by(ALICE)


def test_whoever_has_it_may_ask_again() -> None:
    turn = Turn()
    assert turn.take(ALICE, 0)
    assert turn.take(ALICE, 0)


def test_another_waits_no_longer_than_asked() -> None:
    turn = Turn()
    turn.take(ALICE, 0)
    assert not turn.take(BOB, 0.01)
    assert turn.held_by(ALICE)


def test_one_who_gave_up_is_not_called_later() -> None:
    turn = Turn()
    turn.take(ALICE, 0)
    turn.take(BOB, 0.01)
    turn.give(ALICE)
    assert not turn.held_by(BOB)
    assert turn.take(CHARLIE, 0)


def test_giving_what_one_does_not_have_changes_nothing() -> None:
    turn = Turn()
    turn.take(ALICE, 0)
    turn.give(BOB)
    assert turn.held_by(ALICE)


def test_it_passes_to_those_in_line_in_their_order() -> None:
    turn = Turn()
    turn.take(ALICE, 0)
    served: list[str] = []

    def wait_and_serve(name: str) -> None:
        assert turn.take(name, PATIENT)
        served.append(name)
        turn.give(name)

    threads = []
    for place, name in enumerate(["bob", "charlie", "dave", "erin"], 1):
        threads.append(threading.Thread(target=wait_and_serve, args=(name,)))
        threads[-1].start()
        waiting(turn, place)
    turn.give(ALICE)
    for thread in threads:
        thread.join()
    assert served == ["bob", "charlie", "dave", "erin"]


def test_no_newcomer_slips_in_before_the_one_who_is_called() -> None:
    turn = Turn()
    turn.take(ALICE, 0)
    thread = threading.Thread(target=turn.take, args=(BOB, PATIENT))
    thread.start()
    waiting(turn, 1)
    turn.give(ALICE)
    assert not turn.take(CHARLIE, 0)
    thread.join()
    assert turn.held_by(BOB)


def test_never_two_at_once() -> None:
    turn = Turn()
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(50):
            assert turn.take(number, PATIENT)
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)
            turn.give(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 400
    assert max(most) == 1


@pytest.mark.parametrize(("one", "other", "same"), [("a.db", "a.db", True), ("a.db", "b.db", False)])
def test_each_file_has_one_turn(one: str, other: str, same: bool) -> None:
    assert (turn_for(one) is turn_for(other)) is same
