"""The signing key and its successors: each checkpoint is believed by the key that was in force at its size, and a crash at any point of a
change leaves the trail with one key or the other.
"""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from watchbill.base import checkpoints, datadir, keyring, keys, state, trail
from watchbill.base import settings as own
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.checkpoints import checkpoint_now, rotate_key
from watchbill.base.models import Checkpoint, News
from watchbill.base.problem import Problem
from watchbill.base.writer import audit, write
from watchbill.client import verify_trail
from watchbill.engines.merkle.notes import CheckpointText, NoteDamaged, sign_checkpoint, sign_note, verify_note

ALICE = Actor("person", "alice@saltmarsh.example", "cli")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keys of this test's own."""
    monkeypatch.setenv("WATCHBILL_DATA", str(tmp_path))
    own.forget()
    yield tmp_path
    monkeypatch.undo()
    own.forget()


def something_happens(times: int = 1) -> None:
    for _ in range(times):
        write(lambda: audit(SYSTEM, "finding.opened", "finding:1"))


def files(data: Path) -> set[str]:
    return {file.name for file in (data / "keys").iterdir()}


class TestAChange:
    """What stands after it."""

    def test_the_new_key_signs_and_the_log_keeps_its_name(self) -> None:
        something_happens()
        before = checkpoint_now()
        name, old = checkpoints.origin(), checkpoints.public_key()
        told = rotate_key(ALICE)
        after = trail.latest_checkpoint()
        assert before is not None
        assert after is not None
        assert (told.old, told.new, told.size, told.origin) == (old, checkpoints.public_key(), 1, name)
        assert (before.text.split("\n")[0], after.text.split("\n")[0]) == (name, name)
        assert verify_note(after.text, name, told.new)

    def test_the_old_key_signed_the_word_for_the_new_one(self) -> None:
        something_happens()
        told = rotate_key(ALICE)
        (statement,) = keyring.ring().statements
        old, new = (base64.b64encode(key).decode() for key in (told.old, told.new))
        assert verify_note(statement, told.origin, told.old) == f"watchbill key rotation v1\n{told.origin}\n{old}\n{new}\n1\n"

    def test_the_old_private_key_is_gone(self, data: Path) -> None:
        old = keys.checkpoint_key().private_bytes_raw()
        rotate_key(ALICE)
        kept = b"".join(base64.b64decode(file.read_bytes() + b"==") for file in (data / "keys").iterdir() if file.stat().st_size < 50)
        assert old not in kept
        assert files(data) == {"checkpoints", "checkpoints.rotations", "checkpoints.lock"}

    def test_it_stands_in_the_trail_and_is_news(self) -> None:
        told = rotate_key(ALICE)
        (event,) = trail.events(action="trail.key_rotated")
        assert (event.actor, event.target) == (ALICE.name, "trail:own")
        assert (event.body["new"], event.body["statement"]) == (told.new.hex()[:16], keyring.ring().statements[0])
        assert News.objects.filter(topic="base.key_rotated").count() == 1

    def test_an_empty_trail_can_change_its_key(self) -> None:
        assert rotate_key(ALICE).size == 0
        assert trail.verify().ok

    def test_keys_and_statements_are_private_files(self, data: Path) -> None:
        rotate_key(ALICE)
        assert {file.stat().st_mode & 0o777 for file in (data / "keys").iterdir()} == {0o600}

    def test_the_standalone_verifier_reads_the_same_keys_from_the_words_for_outsiders(self) -> None:
        for _ in range(2):
            something_happens()
            rotate_key(ALICE)
        ring = keyring.ring()
        read = verify_trail.read_keys(ring.text(), ring.origin)
        assert [(one.key, one.first, one.last) for one in read] == [(one.key, one.after, one.last) for one in ring.in_force]

    def test_the_words_for_outsiders_list_each_key_and_statement(self) -> None:
        for _ in range(2):
            something_happens()
            rotate_key(ALICE)
        ring = keyring.ring()
        text = ring.text()
        assert [line.split("+")[0] for line in text.splitlines()[:3]] == [ring.origin] * 3
        assert all(statement in text for statement in ring.statements)

    @given(st.lists(st.integers(0, 3), max_size=5))
    @hypothesis_settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_after_any_number_of_them_the_whole_trail_verifies(self, pauses: list[int]) -> None:
        for events in pauses:
            something_happens(events)
            rotate_key(ALICE)
        something_happens()
        checkpoint_now()
        report = trail.verify()
        assert (report.ok, report.checkpoint_size) == (True, trail.size())


class TestWhatIsBelieved:
    """A checkpoint counts only under the key that was in force at its size."""

    @pytest.fixture
    def changed(self) -> tuple[bytes, keyring.Change]:
        """Three events, then a new key; the old private key, which somebody had copied."""
        something_happens(3)
        checkpoint_now()
        stolen = keys.checkpoint_key().private_bytes_raw()
        return stolen, rotate_key(ALICE)

    def note(self, private: bytes, size: int) -> str:
        return sign_checkpoint(CheckpointText(checkpoints.origin(), size, bytes(32)), Ed25519PrivateKey.from_private_bytes(private))

    def test_the_old_key_speaks_for_what_it_signed(self, changed: tuple[bytes, keyring.Change]) -> None:
        assert keyring.ring().read(Checkpoint.objects.order_by("size")[0].text).size == 3

    def test_the_old_key_can_sign_nothing_after_its_time(self, changed: tuple[bytes, keyring.Change]) -> None:
        assert keyring.ring().read(self.note(changed[0], 3)).size == 3
        with pytest.raises(NoteDamaged):
            keyring.ring().read(self.note(changed[0], 4))

    def test_the_new_key_can_not_sign_what_was_before_it(self, changed: tuple[bytes, keyring.Change]) -> None:
        new = keys.checkpoint_key().private_bytes_raw()
        assert keyring.ring().read(self.note(new, 4)).size == 4
        with pytest.raises(NoteDamaged):
            keyring.ring().read(self.note(new, 3))

    @pytest.mark.parametrize(
        "text", ["", "x", "log\n-1\nAAAA\n\n", "log\n99999999999999999999999\nAAAA\n\n", "log\n\N{ARABIC-INDIC DIGIT ONE}\n"]
    )
    def test_what_is_no_checkpoint_is_damaged(self, text: str) -> None:
        with pytest.raises(NoteDamaged):
            keyring.ring().read(text)

    def test_a_checkpoint_forged_with_the_old_key_is_found(self, changed: tuple[bytes, keyring.Change]) -> None:
        something_happens()
        forged = self.note(changed[0], trail.size())
        Checkpoint.objects.create(size=trail.size(), root="00" * 32, at=Checkpoint.objects.all()[0].at, text=forged)
        assert "has no valid signature of ours" in trail.verify().reason


class Killed(BaseException):
    """The process died here."""


def dying(function: Callable[..., object], after: bool) -> Callable[..., object]:
    def die(*arguments: object, **named: object) -> object:
        if after:
            function(*arguments, **named)
        raise Killed

    return die


STEPS = {
    "the new key is made": (keys, "make_key"),
    "the statement is written": (keyring, "write_private"),
    "the statement is in place": (datadir, "fsync_folder"),
    "the new key takes its place": (Path, "replace"),
    "the folder is flushed": (keyring, "fsync_folder"),
    "the trail is told": (state, "put"),
}


class TestACrash:
    """kill -9 at each step: one key or the other is in force afterwards, nothing signed is lost, and the change is told."""

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("step", STEPS)
    def test_leaves_a_trail_that_goes_on(self, monkeypatch: pytest.MonkeyPatch, step: str, after: bool) -> None:
        something_happens(2)
        checkpoint_now()
        where, name = STEPS[step]
        with monkeypatch.context() as patched:
            patched.setattr(where, name, dying(getattr(where, name), after))
            with pytest.raises(Killed):
                rotate_key(ALICE)
        something_happens()
        checkpoint_now()
        ring = keyring.ring()
        assert trail.verify().ok
        assert ring.newest == keys.checkpoint_key().public_key().public_bytes_raw()
        assert len(trail.events(action="trail.key_rotated")) == len(ring.statements)
        told = rotate_key(ALICE)
        assert told.old == ring.newest
        assert trail.verify().ok
        assert len(trail.events(action="trail.key_rotated")) == len(keyring.ring().statements)

    def test_a_key_that_was_made_and_never_named_is_thrown_away(self, data: Path) -> None:
        something_happens()
        keys.make_key("checkpoints.next")
        unnamed = keys.read_key("checkpoints.next").public_key().public_bytes_raw()
        assert rotate_key(ALICE).new != unnamed

    def test_a_change_cut_short_is_finished_and_told_by_the_next_checkpoint(self, monkeypatch: pytest.MonkeyPatch) -> None:
        something_happens()
        with monkeypatch.context() as patched:
            patched.setattr(keyring, "_finish", dying(keyring._finish, after=False))
            with pytest.raises(Killed):
                rotate_key(ALICE)
        assert trail.events(action="trail.key_rotated") == []
        checkpoint_now()
        (event,) = trail.events(action="trail.key_rotated")
        assert event.actor_kind == "system"


class TestDamage:
    """Keys that don't belong together are refused, never papered over."""

    def test_a_private_key_that_is_not_the_last_one_named_is_refused(self, data: Path) -> None:
        something_happens()
        rotate_key(ALICE)
        something_happens()
        (data / "keys" / "checkpoints").unlink()
        with pytest.raises(Problem, match="not the key that"):
            checkpoint_now()

    @pytest.mark.parametrize(
        "damage",
        [lambda text: text.replace("\n0\n", "\n1\n"), lambda text: text[:-20], lambda text: text.replace("watchbill/", "watchbull/")],
    )
    def test_statements_that_were_changed_are_refused(self, data: Path, damage: Callable[[str], str]) -> None:
        rotate_key(ALICE)
        file = data / "keys" / "checkpoints.rotations"
        file.write_text(damage(file.read_text()))
        with pytest.raises(Problem, match="don't follow"):
            keyring.ring()

    def test_statements_out_of_order_are_refused(self, data: Path) -> None:
        for _ in range(2):
            something_happens()
            rotate_key(ALICE)
        one, other = keyring.ring().statements
        (data / "keys" / "checkpoints.rotations").write_text(f"{other}\n{one}")
        with pytest.raises(Problem, match="don't follow"):
            keyring.ring()

    def test_a_note_that_says_something_else_is_no_statement(self) -> None:
        key = keys.checkpoint_key()
        with pytest.raises(NoteDamaged):
            keyring.read_statement(sign_note("hello\n", "watchbill/x", key))
