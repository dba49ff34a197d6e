"""Reading the trail: by time, actor, target, action and words."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettableClock
from watchbill.base import checkpoints, limits, trail
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.canonical import FIELDS
from watchbill.base.models import AuditName
from watchbill.base.writer import audit, write
from watchbill.engines.merkle.hashing import EMPTY_ROOT
from watchbill.engines.merkle.notes import read_checkpoint
from watchbill.engines.merkle.tree import tree_hash

ALICE = Actor("person", "alice@saltmarsh.example", "web")
BOB = Actor("person", "bob@saltmarsh.example", "cli")
pytestmark = pytest.mark.django_db


def did(by: Actor, action: str, target: str, **how: Any) -> None:
    write(lambda: audit(by, action, target, **how))


@pytest.fixture
def a_morning(clock: SettableClock) -> None:
    """Four events, five minutes apart, from nine o'clock."""
    did(SYSTEM, "finding.opened", "finding:1", body={"package": "lodash"})
    clock.forward(minutes=5)
    did(SYSTEM, "page.sent", "page:7", ref="finding:1")
    clock.forward(minutes=5)
    did(BOB, "page.acknowledged", "page:7")
    clock.forward(minutes=5)
    did(ALICE, "finding.fixed", "finding:1", outcome="proven")


def actions(**asked: Any) -> list[str]:
    return [event.action for event in trail.events(**asked)]


@pytest.mark.usefixtures("a_morning")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["finding.fixed", "page.acknowledged", "page.sent", "finding.opened"]),
        ({"actor": "bob@saltmarsh.example"}, ["page.acknowledged"]),
        ({"target": "finding:1"}, ["finding.fixed", "finding.opened"]),
        ({"action": "page.sent"}, ["page.sent"]),
        ({"action": "page."}, ["page.acknowledged", "page.sent"]),
        ({"action": "page"}, []),
        ({"text": "lodash"}, ["finding.opened"]),
        ({"text": "FINDING:1"}, ["finding.fixed", "page.sent", "finding.opened"]),
        ({"text": "100%"}, []),
        ({"limit": 2}, ["finding.fixed", "page.acknowledged"]),
        ({"before_seq": 3}, ["page.sent", "finding.opened"]),
        ({"before_seq": 3, "limit": 1}, ["page.sent"]),
        ({"actor": "watchbill", "target": "page:7"}, ["page.sent"]),
        ({"actor": "charlie"}, []),
    ],
)
def test_events_are_found_by_what_is_asked(asked: dict[str, Any], found: list[str]) -> None:
    assert actions(**asked) == found


@pytest.mark.usefixtures("a_morning")
def test_a_time_span_takes_its_start_and_leaves_its_end(clock: SettableClock) -> None:
    nine = clock.now() - timedelta(minutes=15)
    assert actions(start=nine + timedelta(minutes=5), end=nine + timedelta(minutes=15)) == ["page.acknowledged", "page.sent"]
    assert actions(start=clock.now()) == ["finding.fixed"]


@pytest.mark.usefixtures("a_morning")
def test_events_about_several_targets_come_oldest_first() -> None:
    found = trail.events_for(["finding:1", "page:7"])
    assert [event.action for event in found] == ["finding.opened", "page.sent", "page.acknowledged", "finding.fixed"]
    assert [event.action for event in trail.events_for(["page:7"])] == ["page.sent", "page.acknowledged"]


@pytest.mark.usefixtures("a_morning")
def test_of_many_events_about_a_target_the_latest_are_kept() -> None:
    assert [event.action for event in trail.events_for(["finding:1", "page:7"], limit=2)] == ["page.acknowledged", "finding.fixed"]


@pytest.mark.usefixtures("a_morning")
def test_numbers_count_from_one_without_a_gap() -> None:
    assert [event.seq for event in reversed(trail.events())] == [1, 2, 3, 4]
    assert trail.size() == 4


def test_with_a_clock_set_back_pages_still_lose_and_repeat_nothing(clock: SettableClock) -> None:
    for minutes in (0, 10, 5, 15, 5):
        clock.set(datetime(2026, 6, 1, 9, minutes, tzinfo=UTC))
        did(ALICE, "host.seen", "host:db3")
    whole = [event.seq for event in trail.events()]
    assert whole == [4, 2, 5, 3, 1]  # by the time of recording, then by number
    paged: list[int] = []
    while page := trail.events(before_seq=paged[-1] if paged else None, limit=2):
        paged += [event.seq for event in page]
    assert paged == whole
    assert trail.verify().ok


def test_nobody_gets_more_than_a_page_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRAIL_PAGE", 3)
    for number in range(5):
        did(ALICE, "finding.opened", f"finding:{number}")
    assert len(trail.events(limit=1_000_000)) == 3


def test_an_empty_trail_has_the_root_of_nothing() -> None:
    assert (trail.size(), trail.root(), trail.events()) == (0, EMPTY_ROOT, [])


def plain_bytes(event: trail.TrailEvent) -> bytes:
    """The hashed form written a second time, without the code that wrote it first. People's names stand in it as commitments."""
    fields: dict[str, Any] = {name: getattr(event, name) for name in FIELDS}
    if event.actor_kind != "system":
        salt = bytes(AuditName.objects.get(name=event.actor).salt)
        fields["actor"] = "~" + urlsafe_b64encode(hmac.digest(salt, event.actor.encode(), "sha256")).decode().rstrip("=")
    for name in ("recorded_at", "occurred_at"):
        fields[name] = fields[name].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.usefixtures("a_morning")
def test_the_root_can_be_rebuilt_from_what_is_shown() -> None:
    assert trail.root() == tree_hash([plain_bytes(event) for event in reversed(trail.events())])


@pytest.mark.usefixtures("a_morning")
def test_an_export_holds_the_hashed_bytes_and_its_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    assert trail.export(file) == 4
    lines = file.read_bytes().splitlines()
    checkpoint = read_checkpoint((tmp_path / "trail.jsonl.checkpoint").read_text(), checkpoints.origin(), checkpoints.public_key())
    assert checkpoint.size == len(lines) == 4
    assert tree_hash(lines) == checkpoint.root


def test_an_empty_trail_exports_nothing(tmp_path: Path) -> None:
    assert trail.export(tmp_path / "trail.jsonl") == 0
    assert (tmp_path / "trail.jsonl").read_bytes() == b""
    assert not (tmp_path / "trail.jsonl.checkpoint").exists()


def test_hostile_text_stays_on_its_line_in_an_export(tmp_path: Path) -> None:
    did(ALICE, "finding.opened", "finding:1\n{}", body={"why": "a\r\nb\u2028\x1b[31m"})
    trail.export(tmp_path / "trail.jsonl")
    lines = (tmp_path / "trail.jsonl").read_bytes().split(b"\n")
    assert len(lines) == 2
    assert json.loads(lines[0])["body"] == {"why": "a\r\nb\u2028\x1b[31m"}
