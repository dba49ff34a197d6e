"""The database itself is tampered with, and then exported by the honest server: the auditor's one checkpoint finds it all the same."""

from collections.abc import Callable

import pytest
from django.db.models import F

from tests.trail.conftest import EVENTS, Kept
from tests.trail.exports import honest, verdict
from tests.trail.forging import rebuild_database
from watchbill.base.models import AuditEvent, AuditFrontier, AuditName, AuditRow, Checkpoint
from watchbill.base.trail_export import export_zip
from watchbill.engines.merkle.frontier import Frontier

pytestmark = pytest.mark.django_db


def change(**fields: object) -> None:
    AuditEvent.objects.filter(seq=37).update(**fields)


def exchange(one: int, other: int) -> None:
    AuditEvent.objects.filter(seq=one).update(seq=100_000)
    AuditEvent.objects.filter(seq=other).update(seq=one)
    AuditEvent.objects.filter(seq=100_000).update(seq=other)


def slip_in() -> None:
    """An event between 36 and 37, every later one moved up, the frontier left alone."""
    AuditEvent.objects.filter(seq__gte=37).update(seq=F("seq") + 100_000)
    AuditEvent.objects.filter(seq__gt=100_000).update(seq=F("seq") - 99_999)
    row = AuditEvent.objects.get(seq=36)
    row.seq = 37
    row.save(force_insert=True)


def append_unhashed() -> None:
    row = AuditEvent.objects.get(seq=EVENTS)
    row.seq = EVENTS + 1
    row.save(force_insert=True)


def all_anew(*steps: Callable[[], object], checkpoints: bool = True) -> Callable[[], None]:
    """Change something, then number, hash and fold everything anew; with the checkpoints gone too, if wanted."""

    def forge() -> None:
        for step in steps:
            step()
        rebuild_database()
        if checkpoints:
            Checkpoint.objects.all().delete()

    return forge


def cut(size: int) -> None:
    AuditEvent.objects.filter(seq__gt=size).delete()


def everything_gone() -> None:
    AuditEvent.objects.filter(seq__gt=1).delete()
    rebuild_database()
    Checkpoint.objects.all().delete()


def old_frontier() -> None:
    """The frontier of sixty events, as an old backup has it."""
    tree = Frontier()
    tree.extend(bytes(leaf) for leaf in AuditEvent.objects.filter(seq__lte=60).order_by("seq").values_list("leaf", flat=True))
    AuditFrontier.objects.update(state=tree.to_bytes())
    Checkpoint.objects.filter(size__gt=60).delete()


def other_name() -> None:
    AuditName.objects.filter(name="alice@saltmarsh.example").update(name="bob@saltmarsh.example")


def leaf_too() -> None:
    """The row and its own hash, which nothing else fits."""
    change(target="finding:1")
    row = AuditEvent.objects.get(seq=37)
    AuditEvent.objects.filter(seq=37).update(leaf=_leaf(row))


def _leaf(row: AuditEvent) -> bytes:
    from watchbill.base import canonical  # noqa: PLC0415 - only here
    from watchbill.engines.merkle.hashing import leaf_hash  # noqa: PLC0415

    return leaf_hash(canonical.event_bytes([getattr(row, name) for name in canonical.FIELDS]))


FORGERIES: list[tuple[str, Callable[[], object], tuple[int, int], str]] = [
    ("an event edited", lambda: change(target="finding:1"), (37, 37), "event 37 was changed"),
    ("its times edited", lambda: change(occurred_at="2026-06-01T08:00:00.000000Z"), (37, 37), "event 37 was changed"),
    ("its actor edited", lambda: change(actor="watchbill"), (37, 37), "event 37 was changed"),
    ("its body with a blank", lambda: change(body='{"n": 37,"why":"é 37"}'), (37, 37), "event 37 is not written as events are"),
    ("its body with a key twice", lambda: change(body='{"n":1,"n":37,"why":"é 37"}'), (37, 37), "event 37 is not written as events are"),
    ("its body with an escape", lambda: change(body='{"n":37,"why":"\\u00e9 37"}'), (37, 37), "event 37 is not written as events are"),
    ("its body no JSON", lambda: change(body="{"), (37, 37), "event 37 is not written as events are"),
    ("a line slipped into its body", lambda: change(body='{"n":37,"why":"é"}\n'), (37, 37), "event 37"),
    ("an event and its hash edited", leaf_too, (31, 40), "from 31 to 40 was changed"),
    ("an event deleted", lambda: AuditEvent.objects.filter(seq=37).delete(), (37, 37), "event 37 is missing"),
    ("an event slipped in", slip_in, (37, 37), "event 37 was changed"),
    ("an event added past the frontier", append_unhashed, (0, 0), ""),
    ("two events exchanged", lambda: exchange(37, 38), (37, 37), "event 37 was changed"),
    ("the tail cut off", lambda: cut(60), (61, 61), "the end was cut off"),
    ("the tail cut off and folded anew", all_anew(lambda: cut(60)), (61, 61), "your checkpoint knows 80 events, here are 60"),
    ("an event edited and all rebuilt", all_anew(lambda: change(target="finding:1")), (1, 80), "from 1 to 80 was changed"),
    (
        "an event edited and all rebuilt but the checkpoints",
        all_anew(lambda: change(target="finding:1"), checkpoints=False),
        (31, 40),
        "from 31 to 40 was changed",
    ),
    ("an event deleted and all rebuilt", all_anew(lambda: AuditEvent.objects.filter(seq=37).delete()), (1, 80), "from 1 to 80 was changed"),
    ("everything deleted but the first", everything_gone, (2, 2), "your checkpoint knows 80 events, here are 1"),
    ("an old backup's frontier", old_frontier, (61, 61), "your checkpoint knows 80 events, here are 60"),
    ("another name behind a commitment", other_name, (1, 1), "is not the one that was recorded"),
]


@pytest.mark.parametrize(("name", "forge", "first", "says"), FORGERIES, ids=[name for name, *_ in FORGERIES])
def test_what_is_done_to_the_database_is_found_in_its_export(
    kept: Kept, name: str, forge: Callable[[], object], first: tuple[int, int], says: str
) -> None:
    forge()
    export_zip(kept.export)
    found = verdict(kept.export, kept.checkpoint)
    if name == "an event added past the frontier":
        # Not part of the trail: the tree doesn't know it, and it isn't exported.
        assert found.code == 0
        return
    assert found.code == 1, found.told
    assert found.first is not None
    assert first[0] <= found.first <= first[1], found.told
    assert says in found.reason


def test_what_only_helps_to_make_proofs_is_no_part_of_the_trail(kept: Kept) -> None:
    AuditRow.objects.create(number=0, root=bytes(32), hashes=bytes(8192))
    export_zip(kept.export)
    assert honest(kept.export, kept.checkpoint) == EVENTS


def test_two_servers_that_show_two_auditors_two_trails_are_found_when_they_compare(kept: Kept) -> None:
    export_zip(kept.export)
    change(target="finding:1")
    rebuild_database()
    Checkpoint.objects.all().delete()
    other = kept.folder / "other.zip"
    export_zip(other)
    found = verdict(kept.export, other)
    assert (found.code, found.first, found.told["last_bad_seq"]) == (1, 1, EVENTS)
