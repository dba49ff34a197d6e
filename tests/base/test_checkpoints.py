"""Checkpoints: signed when there is news, handed to a witness, and its absence said out loud."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from watchbill.base import checkpoints, trail
from watchbill.base import settings as own
from watchbill.base.acting import SYSTEM
from watchbill.base.checkpoints import checkpoint_now, latest_checkpoint, witness_status
from watchbill.base.models import Checkpoint, News
from watchbill.base.witnesses import file as witness
from watchbill.base.writer import audit, write
from watchbill.engines.merkle.notes import read_checkpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def witness_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "witness" / "checkpoints"
    file.parent.mkdir()
    monkeypatch.setenv("WATCHBILL_WITNESS_FILE", str(file))
    own.forget()
    yield file
    monkeypatch.undo()
    own.forget()


def something_happens() -> None:
    write(lambda: audit(SYSTEM, "finding.opened", "finding:1"))


def topics() -> list[str]:
    return list(News.objects.order_by("pk").values_list("topic", flat=True))


def test_an_empty_trail_needs_no_checkpoint() -> None:
    assert checkpoint_now() is None
    assert latest_checkpoint() is None


def test_a_checkpoint_states_size_and_root(clock: SettableClock) -> None:
    something_happens()
    made = checkpoint_now()
    assert made is not None
    assert (made.size, made.root, made.at) == (1, trail.root().hex(), clock.now())
    stated = read_checkpoint(made.text, checkpoints.origin(), checkpoints.public_key())
    assert (stated.size, stated.root) == (1, trail.root())


def test_without_news_no_new_one_is_made() -> None:
    something_happens()
    first = checkpoint_now()
    assert checkpoint_now() == first == latest_checkpoint()
    assert Checkpoint.objects.count() == 1


def test_with_news_another_one_is_made() -> None:
    for size in (1, 2):
        something_happens()
        made = checkpoint_now()
        assert made is not None
        assert made.size == size
    assert Checkpoint.objects.count() == 2


def test_the_logs_name_comes_from_its_key() -> None:
    assert checkpoints.origin() == "watchbill/" + checkpoints.public_key().hex()[:16]


def test_the_witness_gets_each_checkpoint(witness_file: Path, clock: SettableClock) -> None:
    for _ in range(2):
        something_happens()
        made = checkpoint_now()
        assert made is not None
        assert made.witnessed_at == clock.now()
    texts = list(Checkpoint.objects.order_by("size").values_list("text", flat=True))
    assert witness.notes(witness_file) == texts


def test_the_witness_is_told_once_about_the_same_checkpoint(witness_file: Path) -> None:
    something_happens()
    checkpoint_now()
    checkpoint_now()
    assert len(witness.notes(witness_file)) == 1


def test_with_a_witness_its_state_says_who_and_since_when(witness_file: Path, clock: SettableClock) -> None:
    something_happens()
    checkpoint_now()
    status = witness_status()
    assert (status.configured, status.last_ok, status.name, status.problem) == (True, clock.now(), str(witness_file), "")


def test_no_witness_is_news_once() -> None:
    for _ in range(3):
        something_happens()
        checkpoint_now()
    assert topics() == ["base.no_witness"]
    assert "could rewrite" in News.objects.get().body


def test_no_witness_shows_in_its_state() -> None:
    something_happens()
    checkpoint_now()
    status = witness_status()
    assert (status.configured, status.last_ok, status.name) == (False, None, "")


def test_a_witness_that_fails_is_news_and_shows_in_its_state(witness_file: Path) -> None:
    witness_file.mkdir()
    something_happens()
    made = checkpoint_now()
    assert made is not None
    assert made.witnessed_at is None
    assert topics() == ["base.witness_failed"]
    assert witness_status().problem == "Is a directory"


def test_a_witness_that_failed_gets_the_checkpoint_as_soon_as_it_can(witness_file: Path, clock: SettableClock) -> None:
    witness_file.mkdir()
    something_happens()
    checkpoint_now()
    witness_file.rmdir()
    clock.forward(minutes=1)
    made = checkpoint_now()
    assert made is not None
    assert made.witnessed_at == clock.now()
    assert len(witness.notes(witness_file)) == 1
    assert topics() == ["base.witness_failed", "base.witness_ok"]
    assert witness_status().problem == ""


def test_a_torn_line_in_the_witness_hides_nothing(tmp_path: Path) -> None:
    something_happens()
    made = checkpoint_now()
    assert made is not None
    file = tmp_path / "witness"
    witness.append(file, made.text)
    with file.open("a") as torn:
        torn.write("watchbill/0000000000000000\n7\nAAAA")
    witness.append(file, made.text)
    assert witness.notes(file) == [made.text, made.text]


def test_the_witness_file_is_only_ever_added_to(tmp_path: Path) -> None:
    file = tmp_path / "witness"
    file.write_text("# kept by Charlie\n")
    witness.append(file, "log\n1\nAAAA\n\n\N{EM DASH} log AAAA\n")
    assert file.read_text().startswith("# kept by Charlie\nlog\n1\n")
