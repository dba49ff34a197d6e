"""A part of the trail: each event proves itself, and whatever is done to one is found and named."""

import json
from collections.abc import Callable

import pytest

from tests.trail import forging
from tests.trail.conftest import EVENTS, Kept, add
from tests.trail.exports import honest, members, packed, verdict
from tests.trail.forging import FORGER, Files, edited, lines, put
from watchbill.base import trail, trail_rows
from watchbill.base.models import AuditRow
from watchbill.base.trail_export import export_zip
from watchbill.engines.merkle import blocks

pytestmark = pytest.mark.django_db
SEQS = list(range(3, EVENTS, 7))  # 3, 10, 17, 24, 31, ... 94


def proofs(files: Files) -> list[bytes]:
    return files["inclusion.jsonl"].splitlines(keepends=True)


def change(place: int, **fields: object) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        told = lines(files)
        told[place] = edited(told[place], **fields)
        put(files, told)

    return forge


def take_out(place: int, *, proof: bool) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        told, paths = lines(files), proofs(files)
        del told[place]
        put(files, told)
        if proof:
            del paths[place]
            files["inclusion.jsonl"] = b"".join(paths)

    return forge


def exchanged(files: Files) -> None:
    told, paths = lines(files), proofs(files)
    told[4], told[5], paths[4], paths[5] = told[5], told[4], paths[5], paths[4]
    put(files, told)
    files["inclusion.jsonl"] = b"".join(paths)


def proof_of_another(files: Files) -> None:
    paths = proofs(files)
    fourth, fifth = json.loads(paths[4]), json.loads(paths[5])
    paths[4] = json.dumps({**fourth, "path": fifth["path"]}).encode() + b"\n"
    files["inclusion.jsonl"] = b"".join(paths)


def without_the_way_from_the_auditors(files: Files) -> None:
    told = json.loads(files["proofs.json"])
    told["consistency"] = [one for one in told["consistency"] if one["size"] != 80]
    files["proofs.json"] = json.dumps(told).encode()


def a_wrong_way(files: Files) -> None:
    told = json.loads(files["proofs.json"])
    for one in told["consistency"]:
        one["path"] = one["path"][::-1]
    files["proofs.json"] = json.dumps(told).encode()


def of_a_tree_of_its_own(files: Files) -> None:
    """All events and proofs of another tree, well signed by a forger."""
    name = forging.origin(files)
    files["keys.txt"] = forging.keys_file(name, FORGER)
    told = [edited(lines(files)[0], seq=1)]
    put(files, told)
    files["inclusion.jsonl"] = b'{"seq":1,"path":[]}\n'
    files["checkpoint.txt"] = forging.signed(files, 1, FORGER)
    files["checkpoints.txt"] = b""


FORGERIES = [
    ("an event edited", change(4, target="finding:1"), 1, 31, "event 31 is not in the tree"),
    ("its time edited", change(4, occurred_at="2026-06-01T08:00:00.000000Z"), 1, 31, "event 31 is not in the tree"),
    ("its number edited", change(4, seq=32), 1, 31, "event 31 is missing"),
    ("an event taken out", take_out(4, proof=False), 1, 31, "event 31 is missing"),
    ("the last taken out", take_out(len(SEQS) - 1, proof=False), 1, SEQS[-1], "its proof is there"),
    ("two exchanged", exchanged, 1, 31, "event 31 comes after event 38"),
    ("another's proof", proof_of_another, 1, 31, "event 31 is not in the tree"),
    ("no proof from the auditor's checkpoint", without_the_way_from_the_auditors, 2, None, "ask for one made since that checkpoint"),
    ("a wrong proof from it", a_wrong_way, 1, 1, "is not the beginning of this trail"),
    ("a tree of a forger's own", of_a_tree_of_its_own, 1, 1, "the keys were exchanged"),
    ("rubbish for a proof", lambda files: files.__setitem__("inclusion.jsonl", b"{}\n" * 20), 1, 1, "inclusion.jsonl is damaged"),
]


def test_every_forgery_of_a_part_is_found_and_named(part: Kept) -> None:
    original, wrong = members(part.export), []
    for name, forge, code, first, says in FORGERIES:
        files = dict(original)
        forge(files)
        found = verdict(packed(part.folder / "forged.zip", files), part.checkpoint)
        if (found.code, found.first, says in found.reason) != (code, first, True):
            wrong.append((name, found.code, found.first, found.reason))
    assert not wrong, "\n".join(map(str, wrong))


def test_an_honest_part_is_fine_and_says_that_it_is_one(part: Kept) -> None:
    assert honest(part.export, part.checkpoint) == len(SEQS)
    told = verdict(part.export, part.checkpoint).told
    assert told["whole"] is False
    assert any("This is a part: 14 of 100 events" in remark for remark in told["remarks"])


def test_a_part_that_leaves_no_event_out_proves_that(kept: Kept) -> None:
    export_zip(kept.export, seqs=range(20, 31), since=kept.checkpoint.read_text())
    remarks = verdict(kept.export, kept.checkpoint).told["remarks"]
    assert any("20 to 30 without a gap" in remark for remark in remarks)


def test_a_part_without_its_neighbour_is_as_honest_as_before(part: Kept) -> None:
    """Nobody can tell what a part leaves out, and it doesn't claim to."""
    files = members(part.export)
    take_out(4, proof=True)(files)
    assert honest(packed(part.folder / "less.zip", files), part.checkpoint) == len(SEQS) - 1


def test_a_part_that_holds_nothing_is_still_a_part(kept: Kept) -> None:
    export_zip(kept.export, seqs=[], since=kept.checkpoint.read_text())
    found = verdict(kept.export, kept.checkpoint)
    assert (found.code, found.told["events"], found.told["whole"]) == (0, 0, False)


def test_sealed_a_part_opens_nothing_and_is_verified_all_the_same(kept: Kept) -> None:
    export_zip(kept.export, seqs=SEQS, since=kept.checkpoint.read_text(), opened=False)
    assert "private.jsonl" not in members(kept.export)
    assert honest(kept.export, kept.checkpoint) == len(SEQS)


class TestStoredRows:
    @pytest.fixture
    def small_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Rows of 32 events, so that a hundred events have three."""
        for module in (blocks, trail_rows):
            monkeypatch.setattr(module, "ROW", 32)
        monkeypatch.setattr(blocks, "BLOCKS", 2)

    @pytest.mark.usefixtures("small_rows")
    def test_proofs_are_made_from_them(self, kept: Kept) -> None:
        export_zip(kept.export, seqs=SEQS, since=kept.checkpoint.read_text())
        assert list(AuditRow.objects.order_by("number").values_list("number", flat=True)) == [0, 1, 2]
        assert honest(kept.export, kept.checkpoint) == len(SEQS)

    @pytest.mark.usefixtures("small_rows")
    def test_wrong_ones_cost_time_and_spoil_nothing(self, kept: Kept) -> None:
        trail_rows.store_rows()
        AuditRow.objects.filter(number=1).update(hashes=bytes(64), root=bytes(32))
        export_zip(kept.export, seqs=SEQS, since=kept.checkpoint.read_text())
        assert honest(kept.export, kept.checkpoint) == len(SEQS)

    @pytest.mark.usefixtures("small_rows")
    def test_they_are_made_once_and_go_on(self, kept: Kept) -> None:
        assert (trail_rows.store_rows(), trail_rows.store_rows()) == (3, 0)
        add(40, 101)
        assert trail_rows.store_rows() == 1

    @pytest.mark.usefixtures("small_rows")
    def test_where_events_are_missing_none_is_made(self, kept: Kept) -> None:
        trail_rows.AuditRow.objects.all().delete()
        trail.AuditEvent.objects.filter(seq=40).delete()
        assert trail_rows.store_rows() == 1
