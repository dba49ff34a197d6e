"""The list of changes beside a mirror's archive: the few that changed are fetched one by one; whatever is odd falls back to the whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.intake.conftest import osv
from tests.intake.test_mirror import NPM, archive, bring, held, mirror, outcomes
from tests.mirror import Mirror
from watchbill.engines.dependencies.results import MirrorMark
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.engines.dependencies.store_load import mark_fact
from watchbill.intake.scans import mirror_changes
from watchbill.intake.scans.mirror_changes import changed_since

__all__ = ["held", "mirror"]
LIST = "/npm/modified_id.csv"
OLD = "2026-11-01T00:00:00Z,SALT-1\n"


def document(number: int, modified: str = "2026-11-20T00:00:00Z", fixed: str = "1.2.0") -> bytes:
    return json.dumps(json.loads(osv(f"SALT-{number}", f"package-{number}", fixed)) | {"modified": modified}).encode()


@pytest.fixture
def filled(mirror: Mirror, held: AdvisoryStore) -> Mirror:
    """A mirror whose archive was taken; since then SALT-5 is new and SALT-1 changed."""
    bring(mirror, held)
    mirror.put(NPM, archive(1, 2, 3, 4, 5), '"2"')
    mirror.put("/npm/SALT-5.json", document(5))
    mirror.put("/npm/SALT-1.json", document(1, "2026-11-21T00:00:00Z", "9.0.0"))
    mirror.put(LIST, b"2026-11-21T00:00:00Z,SALT-1\n2026-11-20T00:00:00Z,SALT-5\n" + OLD.encode())
    mirror.asked.clear()
    return mirror


def test_the_few_that_changed_are_fetched_one_by_one(filled: Mirror, held: AdvisoryStore) -> None:
    report = bring(filled, held)
    assert (report.added, report.changed, sorted(report.changed_ids)) == (1, 1, ["SALT-1", "SALT-5"])
    assert filled.paths() == [LIST, "/npm/SALT-1.json", "/npm/SALT-5.json"]


def test_afterwards_nothing_is_fetched_but_the_list(filled: Mirror, held: AdvisoryStore) -> None:
    bring(filled, held)
    filled.asked.clear()
    assert outcomes(bring(filled, held)) == {"npm": "unchanged"}
    assert filled.paths() == [LIST]


def test_only_the_beginning_of_the_list_is_asked_for(filled: Mirror, held: AdvisoryStore) -> None:
    bring(filled, held)
    assert filled.asked[0].headers["Range"] == f"bytes=0-{mirror_changes.LIST_BYTES - 1}"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"2026-11-21T00:00:00Z,SALT-1\n",
        b"2026-11-20T00:00:00Z,SALT-5\n2026-11-21T00:00:00Z,SALT-1\n" + OLD.encode(),
        b"2026-11-21T00:00:00Z,../../etc\n" + OLD.encode(),
        b"yesterday,SALT-1\n" + OLD.encode(),
        b"2026-11-21T00:00:00Z,SALT-404\n" + OLD.encode(),
    ],
    ids=["empty", "a page", "does not reach back", "not in order", "no id", "no time", "leads nowhere"],
)
def test_an_odd_list_falls_back_to_the_archive(filled: Mirror, held: AdvisoryStore, text: bytes) -> None:
    filled.put(LIST, text)
    report = bring(filled, held)
    assert (report.changed_ids, filled.paths()[-2]) == (("SALT-5",), NPM)


def test_a_document_that_is_another_falls_back_to_the_archive(filled: Mirror, held: AdvisoryStore) -> None:
    filled.put("/npm/SALT-5.json", document(6))
    assert bring(filled, held).changed_ids == ("SALT-5",)
    assert held.get("SALT-6") is None


def test_too_many_changes_fall_back_to_the_archive(filled: Mirror, held: AdvisoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_changes, "ONE_BY_ONE", 1)
    bring(filled, held)
    assert NPM in filled.paths()


def test_once_a_day_the_archive_is_asked_for(filled: Mirror, held: AdvisoryStore) -> None:
    (mark,) = held.status().mirrored
    held.note(*mark_fact(replace(mark, at=(datetime.now(UTC) - timedelta(hours=24)).isoformat())))
    bring(filled, held)
    assert filled.paths()[0] == NPM


def test_forced_the_archive_is_asked_for(filled: Mirror, held: AdvisoryStore) -> None:
    bring(filled, held, force=True)
    assert filled.paths()[0] == NPM


def test_without_an_archive_there_is_no_short_cut(held: AdvisoryStore) -> None:
    now = datetime.now(UTC)
    assert mirror_changes.bring_changes(held, None, "http://127.0.0.1:9/npm/all.zip", now) is None
    other = MirrorMark("npm", "http://elsewhere.example/npm/all.zip", at=now.isoformat(), newest="2026-11-01T00:00:00Z")
    assert mirror_changes.bring_changes(held, other, "http://127.0.0.1:9/npm/all.zip", now) is None


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["2026-11-02T00:00:00Z,B", "2026-11-01T00:00:00Z,A"], {"B": "2026-11-02T00:00:00Z"}),
        (["2026-11-02T00:00:00.123456Z,B", "2026-11-01T00:00:00Z,A"], {"B": "2026-11-02T00:00:00.123456Z"}),
        (["2026-11-01T00:00:00Z,A"], {}),
        (["2026-11-02T00:00:00Z,B"], None),
        ([], None),
    ],
)
def test_what_is_newer_than_what_is_held(lines: list[str], found: dict[str, str] | None) -> None:
    assert changed_since(lines, "2026-11-01T00:00:00Z") == found


def test_past_the_time_given_there_is_no_short_cut(filled: Mirror, held: AdvisoryStore) -> None:
    (mark,) = held.status().mirrored
    assert mirror_changes.bring_changes(held, mark, filled.url + NPM, datetime.now(UTC), until=0.0) is None
    assert filled.paths() == [LIST]
