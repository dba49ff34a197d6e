"""Brings the advisory store up to date from a mirror: each ecosystem's archive, the known-exploited catalogue and the EPSS scores, each
taken whole or not at all. It runs in a child process, knows no Django and decides nothing about findings.

A failure of one document is told and stops no other; what was held of it stays. What has arrived of a document that was cut is kept, and
the next run goes on there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

from watchbill.base import limits, outgoing
from watchbill.base.downloads import DiskFull, Document, Mark, NotThere, download, forget
from watchbill.base.outgoing import CallFailed
from watchbill.base.problem import Problem
from watchbill.engines.dependencies import store_limits
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.results import LoadReport, MirrorMark
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.mirror_changes import bring_changes

KEV, EPSS = "known exploited", "EPSS"
UPDATE_NOTE = "update"
_ECOSYSTEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}", re.ASCII)
_DIGEST = re.compile(rb"\s*([0-9A-Fa-f]{64})\b")
_KEEPS_THE_FILE = ("disk", "busy")


class Wanted(msgspec.Struct, frozen=True):
    """What to bring: the mirror's address ("" for none), its ecosystems, the two lists; `force` takes what shrank by half; `seconds` for
    all of it."""

    url: str = ""
    ecosystems: tuple[str, ...] = ()
    kev_url: str = ""
    epss_url: str = ""
    force: bool = False
    seconds: float = limits.DOWNLOAD_SECONDS


class Brought(msgspec.Struct, frozen=True):
    """What became of one document. `text` is a sentence; `size` its bytes, `kept` how many of them lay there from an earlier try."""

    name: str
    outcome: Literal["loaded", "unchanged", "failed"]
    text: str
    size: int = 0
    kept: int = 0


class MirrorReport(msgspec.Struct, frozen=True):
    """What an update did. `changed_ids` are advisories, `changed_cves` those newly known to be exploited or no longer so; `scored`: there
    are new EPSS scores. `busy`: another update is at work, and this one did nothing."""

    brought: tuple[Brought, ...] = ()
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    refused: int = 0
    changed_ids: tuple[str, ...] = ()
    changed_cves: tuple[str, ...] = ()
    scored: bool = False
    busy: bool = False

    @property
    def failures(self) -> tuple[str, ...]:
        """What failed, as "name: sentence" lines."""
        return tuple(f"{one.name}: {one.text}" for one in self.brought if one.outcome == "failed")


class UpdateNote(msgspec.Struct, frozen=True):
    """How the last update went, as it is kept beside the advisories: when it was tried, when one last went well, what failed."""

    at: str = ""
    well_at: str = ""
    failures: tuple[str, ...] = ()


def last_update(store: AdvisoryStore) -> UpdateNote:
    """How the last update went; empty when there was none."""
    with contextlib.suppress(msgspec.MsgspecError):
        return msgspec.json.decode(store.noted(UPDATE_NOTE) or "{}", type=UpdateNote)
    return UpdateNote()


@dataclass(frozen=True, slots=True)
class _Wish:
    """One document: its name (an ecosystem's, or one of the two lists), where it lies, the most it may have."""

    name: str
    url: str
    most: int


def update(store: AdvisoryStore, folder: Path, wanted: Wanted, pause: Callable[[float], None] = time.sleep) -> MirrorReport:
    """Bring everything wanted up to date; parts lie in `folder` meanwhile. Raises Problem(invalid) for an ecosystem that is no name, and
    what making the folder raises.
    """
    wishes = _wishes(wanted)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder) as alone:
        if not alone:
            return MirrorReport(busy=True)
        run = _Run(store, folder, wanted, pause)
        for wish in wishes:
            if not run.bring(wish):
                break
        report = run.report()
        _note(store, report)
    return report


def in_progress(folder: Path) -> bool:
    """Whether an update is at work in `folder`, in whichever process."""
    if not folder.is_dir():
        return False
    with _alone(folder) as alone:
        return not alone


class _Run:
    """One update while it goes."""

    def __init__(self, store: AdvisoryStore, folder: Path, wanted: Wanted, pause: Callable[[float], None]) -> None:
        self.store, self.folder, self.wanted, self.pause = store, folder, wanted, pause
        self.until = time.monotonic() + wanted.seconds
        self.held = {mark.name: mark for mark in store.status().mirrored}
        self.brought: list[Brought] = []
        self.loads: list[LoadReport] = []
        self.cves: tuple[str, ...] = ()
        self.scored = False

    def bring(self, wish: _Wish) -> bool:
        """Fetch and load one document; False when it is no use to go on with others."""
        file = self.folder / re.sub(r"[^A-Za-z0-9.-]", "_", wish.name)
        try:
            self.brought.append(self._bring(wish, file))
        except LoadRefused as refused:
            if refused.unreadable.code not in _KEEPS_THE_FILE:
                forget(file)
            self._failed(wish, refused.unreadable.reason)
            return refused.unreadable.code not in _KEEPS_THE_FILE
        except DiskFull as full:
            self._failed(wish, full.detail)
            return False
        except Problem as problem:
            self._failed(wish, " ".join(part for part in (problem.detail, problem.remedy) if part))
        return True

    def _failed(self, wish: _Wish, why: str) -> None:
        self.brought.append(Brought(wish.name, "failed", f"{why.rstrip('.')}. What was held before stays."))

    def _bring(self, wish: _Wish, file: Path) -> Brought:
        held = self.held.get(wish.name)
        if wish.name not in (KEV, EPSS) and not self.wanted.force:
            changes = bring_changes(self.store, held, wish.url, datetime.now(UTC), self.until)
            if changes is not None:
                return self._brought_singly(wish, changes)
        known = Mark(held.etag, held.modified) if held and held.url == wish.url else Mark()
        left = max(self.until - time.monotonic(), 0.0)
        document = download(wish.url, file, known=known, most=wish.most, seconds=left, pause=self.pause)
        if document is None:
            return Brought(wish.name, "unchanged", "As before.")
        _check_digest(wish.url, document, left)
        mark = MirrorMark(wish.name, wish.url, document.mark.etag, document.mark.modified, document.size, document.sha256)
        text = self._load(file, mark)
        forget(file)
        return Brought(wish.name, "loaded", text, document.size, document.kept)

    def _brought_singly(self, wish: _Wish, report: LoadReport) -> Brought:
        self.loads.append(report)
        if not report.changed_ids and not report.refused_count:
            return Brought(wish.name, "unchanged", "As before, by the mirror's list of changes.")
        refused = f", {report.refused_count:,} not readable" if report.refused_count else ""
        return Brought(wish.name, "loaded", f"{report.added:,} added, {report.changed:,} changed, fetched one by one{refused}.")

    def _load(self, file: Path, mark: MirrorMark) -> str:
        force = self.wanted.force
        if mark.name == KEV:
            kev = self.store.load_kev(file, mark=mark, force=force)
            self.cves = kev.changed_cves
            return f"{kev.entries:,} entries, {kev.added:,} added, {kev.removed:,} removed."
        if mark.name == EPSS:
            epss = self.store.load_epss(file, mark=mark, force=force)
            self.scored = True
            return f"{epss.scores:,} scores of {epss.date}."
        report = self.store.load_mirrored(file, mark, force=force)
        self.loads.append(report)
        refused = f", {report.refused_count:,} not readable" if report.refused_count else ""
        return f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} as before{refused}."

    def report(self) -> MirrorReport:
        """All of it together."""
        return MirrorReport(
            brought=tuple(self.brought),
            added=sum(one.added for one in self.loads),
            changed=sum(one.changed for one in self.loads),
            withdrawn=sum(one.withdrawn for one in self.loads),
            refused=sum(one.refused_count for one in self.loads),
            changed_ids=tuple(ident for one in self.loads for ident in one.changed_ids),
            changed_cves=self.cves,
            scored=self.scored,
        )


def _wishes(wanted: Wanted) -> list[_Wish]:
    """The documents in order: the lists that weigh most and cost least come first. Raises Problem(invalid)."""
    wishes = [_Wish(KEV, wanted.kev_url, store_limits.MAX_KEV_BYTES)] if wanted.kev_url else []
    wishes += [_Wish(EPSS, wanted.epss_url, store_limits.MAX_EPSS_BYTES)] if wanted.epss_url else []
    if not wanted.url:
        return wishes
    for name in dict.fromkeys(wanted.ecosystems):
        if _ECOSYSTEM.fullmatch(name) is None:
            detail = f"{name[:60]!r} is no name of an ecosystem."
            raise Problem(
                "invalid", "No such ecosystem", detail, field="ecosystems", remedy="Such as PyPI, npm, Go or crates.io.", status=422
            )
        wishes.append(_Wish(name, f"{wanted.url.rstrip('/')}/{quote(name)}/all.zip", store_limits.MAX_ARCHIVE_BYTES))
    return wishes


def _check_digest(url: str, document: Document, seconds: float) -> None:
    """Compare with `<url>.sha256` where the mirror has one. Raises LoadRefused when it says otherwise, and CallFailed."""
    answer = outgoing.request("GET", url + ".sha256", timeout=max(min(seconds, limits.OUTGOING_SECONDS), 0.1))
    if answer.status != 200:
        return
    found = _DIGEST.match(answer.body)
    if found is None:
        raise LoadRefused("digest", "the .sha256 beside it holds no digest", url)
    if found[1].decode().lower() != document.sha256:
        raise LoadRefused("digest", "it is not what the .sha256 beside it says; one of them is damaged or newer", url)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock; yields False when another has it. The system drops it when the process dies."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _note(store: AdvisoryStore, report: MirrorReport) -> None:
    """Keep how it went; where that can't be written the report still tells."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = last_update(store)
    note = UpdateNote(now, before.well_at if report.failures else now, report.failures)
    with contextlib.suppress(LoadRefused):
        store.note(UPDATE_NOTE, json.dumps(msgspec.to_builtins(note)))


__all__ = [
    "EPSS",
    "KEV",
    "Brought",
    "CallFailed",
    "MirrorReport",
    "NotThere",
    "UpdateNote",
    "Wanted",
    "in_progress",
    "last_update",
    "update",
]
