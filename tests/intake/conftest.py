"""What intake's tests share: a small company, an advisory store of its own with two advisories, and lockfiles to send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettableClock
from watchbill.base.acting import SYSTEM
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans import advisories
from watchbill.roster.services import apply_roster

ROSTER = """
[company]
security_team = "security"
security_schedule = "security"

[[person]]
email = "alice@saltmarsh.example"
name = "Alice Duarte"

[[person]]
email = "bob@saltmarsh.example"
name = "Bob Lindqvist"
role = "security"

[[team]]
slug = "berths"
name = "Berths"
members = ["alice@saltmarsh.example"]
policy = "berths"

[[team]]
slug = "security"
members = ["bob@saltmarsh.example"]

[[policy]]
slug = "berths"
name = "Berths"
[[policy.step]]
notify = ["person:alice@saltmarsh.example"]
wait = "10m"

[[service]]
slug = "berth-board"
name = "berth-board"
team = "berths"
tier = 1
exposure = "open"
"""


def osv(ident: str, package: str, fixed: str, *aliases: str, withdrawn: str = "") -> bytes:
    """A small OSV advisory for an npm package, affected below `fixed`."""
    advisory: dict[str, Any] = {
        "id": ident,
        "modified": "2026-11-01T00:00:00Z",
        "summary": f"{package} can be misused",
        "aliases": list(aliases),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": package},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
            }
        ],
    }
    if withdrawn:
        advisory["withdrawn"] = withdrawn
    return json.dumps(advisory).encode()


def lockfile(**pins: str) -> bytes:
    """A package-lock.json, version 3, with these pins; `_` in a name stands for `-`."""
    entries = {f"node_modules/{name.replace('_', '-')}": {"version": version} for name, version in pins.items()}
    return json.dumps({"name": "board", "lockfileVersion": 3, "packages": {"": {"name": "board"}, **entries}}).encode()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdvisoryStore]:
    """An advisory store in a file of its own, knowing one problem of left-shelf."""
    path = tmp_path / "advisories.db"
    monkeypatch.setattr(advisories, "store_path", lambda: path)
    opened = advisories.store()
    opened.load_advisories([("left-shelf.json", osv("GHSA-left", "left-shelf", "1.2.0", "CVE-2026-1"))])
    yield opened
    opened.close()


@pytest.fixture
def saltmarsh(db: None, clock: SettableClock, store: AdvisoryStore) -> SettableClock:
    """The company, at 10:00 UTC on Monday 23 November 2026."""
    clock.set(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    apply_roster(ROSTER, by=SYSTEM)
    return clock
