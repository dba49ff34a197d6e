"""Ids sort by time, secrets are long."""

from datetime import timedelta

import pytest

from tests.conftest import SettableClock
from watchbill.base.ids import new_id, new_secret

LETTERS = set("0123456789abcdefghjkmnpqrstvwxyz")


def test_an_id_has_26_letters_of_crockfords_alphabet() -> None:
    made = new_id()
    assert len(made) == 26
    assert set(made) <= LETTERS


def test_ids_of_one_process_grow_even_within_a_millisecond(clock: SettableClock) -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(set(made))


def test_a_later_id_sorts_behind_an_earlier_one(clock: SettableClock) -> None:
    earlier = new_id()
    clock.forward(seconds=1)
    assert earlier < new_id()


def test_the_time_can_be_read_from_an_id(clock: SettableClock) -> None:
    clock.set(clock.now() + timedelta(days=40_000))  # later than any id made before, so that no older one pushes it up
    digits = "0123456789abcdefghjkmnpqrstvwxyz"
    stamp = 0
    for letter in new_id()[:10]:
        stamp = stamp * 32 + digits.index(letter)
    assert stamp == int(clock.now().timestamp() * 1000)


def test_secrets_differ_and_have_the_bytes_asked_for() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(new_secret(32)) == 43


def test_a_short_secret_is_refused() -> None:
    assert new_secret(16)
    with pytest.raises(ValueError):
        new_secret(15)
