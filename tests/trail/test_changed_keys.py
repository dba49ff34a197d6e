"""The log's key is changed, and what an auditor kept from before still tells whether the trail is the one that was recorded."""

import pytest

from tests.trail.conftest import ALICE, EVENTS, Kept, add
from tests.trail.exports import honest, members, packed, verdict
from tests.trail.forging import FORGER, change_of_key, edited, lines, origin, public, put, signed
from watchbill.base import trail
from watchbill.base.trail_export import export_zip
from watchbill.engines.merkle.notes import verifier_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed(clean_keys: None, kept: Kept) -> Kept:
    """After a hundred events the key was changed, ten more were recorded, it was changed again, and all was exported."""
    for first in (EVENTS + 1, EVENTS + 11):
        trail.rotate_key(ALICE)
        add(10, first)
    export_zip(kept.export)
    return kept


def test_an_old_checkpoint_leads_through_the_changes_to_the_new_key(changed: Kept) -> None:
    assert honest(changed.export, changed.checkpoint) == EVENTS + 22
    assert len(verdict(changed.export, changed.checkpoint).told["keys"]) == 3


def test_the_first_key_may_be_the_one_that_the_auditor_knows(changed: Kept) -> None:
    told = verdict(changed.export, changed.checkpoint).told
    for known in told["keys"]:
        assert verdict(changed.export, changed.checkpoint, f"--key={known}").code == 0


def test_a_change_of_the_key_taken_out_is_found(changed: Kept) -> None:
    files = members(changed.export)
    listed, *changes = files["keys.txt"].split(b"\nwatchbill key rotation v1\n")
    files["keys.txt"] = listed + b"\nwatchbill key rotation v1\n" + changes[1]
    assert verdict(packed(changed.folder / "forged.zip", files), changed.checkpoint).code == 1


def test_a_forger_who_adds_a_change_to_a_key_of_his_own_is_found(changed: Kept) -> None:
    files = members(changed.export)
    told = lines(files)
    told[EVENTS + 15] = edited(told[EVENTS + 15], target="finding:1")
    put(files, told)
    del files["hashes.bin"]
    name = origin(files)
    note = change_of_key(name, FORGER, FORGER, EVENTS + 20, FORGER)
    files["keys.txt"] += verifier_key(name, public(FORGER)).encode() + b"\n\n" + note
    files["checkpoint.txt"] = signed(files, len(told), FORGER)
    found = verdict(packed(changed.folder / "forged.zip", files), changed.checkpoint)
    assert found.code == 1
    assert found.first is not None


def test_a_part_goes_through_the_changes_too(changed: Kept) -> None:
    export_zip(changed.export, seqs=range(3, EVENTS + 20, 9), since=changed.checkpoint.read_text())
    assert honest(changed.export, changed.checkpoint) == 13
