"""What may close: the guard that keeps silence from looking like a fix. Pure; it closes nothing itself, it says what a scan proves.

A sighting is proven gone only by evidence that is

- of the same source and place (the caller passes only sightings of that feed), covering the sighting's own manifest;
- complete, by the source's own word;
- newer than anything that looked at that manifest, and newer than the sighting;
- proven to have looked: the manifest was read and held at least one package;
- and where the installed version is known, no longer at the version that was affected (a source that forgot an advisory proves nothing).

Three kinds of scan wait for a person before they close anything: an empty one after a non-empty one, one that read fewer files than the
scan which saw the problem, and one that would close more than half of what it covers (and at least ten). Whatever is not proven gone is
`not_seen`: still open.

A corrected advisory is evidence too, though nobody looked anew: `is_newer_advice` and `corrections_held` say when it counts."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from watchbill.cases.findings.facts import Facts, moment
from watchbill.cases.findings.rules import ScanSummary
from watchbill.cases.limits import HELD_AT_LEAST, HELD_SHARE


class LastLook(msgspec.Struct, frozen=True):
    """When a manifest was last read by this feed, and how many packages it held then."""

    finished_at: datetime
    packages: int


class OpenSighting(msgspec.Struct, frozen=True):
    """One open sighting of the feed: when it was last seen, by a scan that read which inputs. `unmoved`: the affected version is known
    to be installed still.
    """

    id: int
    manifest: str
    last_seen_at: datetime
    inputs_then: tuple[str, ...]
    unmoved: bool = False


class NotSeen(msgspec.Struct, frozen=True):
    """A sighting that the scan did not show and does not prove gone, with the reason as a sentence."""

    id: int
    why: str


class Verdict(msgspec.Struct, frozen=True):
    """What a scan proves. `close` is empty while it is held; `would_close` says what a person may release."""

    close: tuple[int, ...] = ()
    would_close: tuple[int, ...] = ()
    not_seen: tuple[NotSeen, ...] = ()
    held_reason: str = ""


def declared(scan: ScanSummary) -> frozenset[str]:
    """The manifests a scan speaks for: what it declared, else what it read."""
    return frozenset(scan.scope.inputs or scan.inputs_read)


def stale_inputs(scan: ScanSummary, looks: Mapping[str, LastLook]) -> frozenset[str]:
    """Manifests that a newer scan of the same feed has already looked at: what this one says of them is history."""
    spoken_for = declared(scan) | frozenset(scan.inputs_read)
    return frozenset(name for name in spoken_for if name in looks and looks[name].finished_at > scan.finished_at)


def ignored_reason(scan: ScanSummary, looks: Mapping[str, LastLook]) -> str:
    """Why the whole scan is history, or empty. A scan that names no input at all is measured against the newest look of its feed."""
    spoken_for = declared(scan) | frozenset(scan.inputs_read)
    if spoken_for:
        is_old = stale_inputs(scan, looks) == spoken_for
    else:
        is_old = any(look.finished_at > scan.finished_at for look in looks.values())
    return "Older than what was looked at since; nothing was changed" if is_old else ""


def adds_only(scan: ScanSummary) -> bool:
    """Whether it says only what is there and nothing of what is not: it read no input, failed at none, and does not call itself complete.

    So does a match of new advisories against the kept inventory. It opens and worsens; it closes, marks and holds nothing.
    """
    return not scan.complete and not scan.inputs_read and not scan.inputs_unreadable and scan.packages > 0


def is_empty(scan: ScanSummary) -> bool:
    """Nothing was looked at: no input read, or no package in any (0 findings is not empty)."""
    return not scan.inputs_read or scan.packages <= 0


def judge_scan(scan: ScanSummary, looks: Mapping[str, LastLook], unseen: Iterable[OpenSighting], covered_open: int) -> Verdict:
    """What the scan proves about the open sightings of its feed that it did not show.

    `unseen`: those of manifests the scan speaks for; `covered_open`: how many were open there before, seen or not.
    """
    if adds_only(scan):
        return Verdict()
    stale = stale_inputs(scan, looks)
    candidates = [item for item in unseen if item.manifest not in stale and item.last_seen_at < scan.finished_at]
    reasons = {item.id: _open_reason(scan, looks, item) for item in candidates}
    gone = [item for item in candidates if not reasons[item.id]]
    held = _held_reason(scan, looks, candidates, gone, covered_open)
    if held:
        reasons |= {item.id: f"The scan that did not show it waits for a person: {held.removesuffix('.')}" for item in gone}
    return Verdict(
        close=() if held else tuple(item.id for item in gone),
        would_close=tuple(item.id for item in gone),
        not_seen=tuple(NotSeen(item.id, reasons[item.id]) for item in candidates if reasons[item.id]),
        held_reason=held,
    )


def _open_reason(scan: ScanSummary, looks: Mapping[str, LastLook], item: OpenSighting) -> str:
    """Why a sighting that was not shown stays open; empty when nothing stands against closing it."""
    if not scan.inputs_read:
        return "The last scan looked at nothing"
    if item.manifest not in scan.inputs_read:
        said = dict(scan.inputs_unreadable).get(item.manifest, "")
        return f"{item.manifest} could not be read" + (f": {said}" if said else "")
    if not scan.complete:
        return "The last scan was not complete"
    if scan.packages_by_input.get(item.manifest, 0) <= 0:
        return f"{item.manifest} was read, but held no packages"
    last = looks.get(item.manifest)
    if last is not None and last.finished_at >= scan.finished_at:
        return "The last scan is no newer than the one before it"
    if item.unmoved:
        return "The affected version is still installed; only the source stopped reporting it"
    return ""


def _held_reason(
    scan: ScanSummary, looks: Mapping[str, LastLook], candidates: list[OpenSighting], gone: list[OpenSighting], covered_open: int
) -> str:
    if is_empty(scan):
        before = [look for name, look in looks.items() if not scan.scope.inputs or name in scan.scope.inputs]
        if candidates or any(look.packages > 0 for look in before):
            return "nothing was looked at, where packages were found before."
        return ""
    missing = sorted({name for item in gone for name in item.inputs_then} - set(scan.inputs_read))
    if missing:
        return f"it read fewer files than the scan before it; missing: {_named(missing)}."
    if len(gone) >= HELD_AT_LEAST and len(gone) > HELD_SHARE * covered_open:
        return f"it would close {len(gone)} of the {covered_open} open findings it covers."
    return ""


def is_newer_advice(known: Facts, installed: str, modified: str) -> bool:
    """Whether a correction may speak about a sighting: it is about the version that was seen, and the advisory is newer than the one the
    sighting was told by. An older list of advisories, or one whose age nobody can read, closes nothing.
    """
    before, now = moment(known.modified), moment(modified)
    return known.pin == "pinned" and known.installed == installed and before is not None and now is not None and now > before


def corrections_held(would: Mapping[int, int], open_now: Mapping[int, int], everything: int) -> dict[int, str]:
    """By feed, why corrections of advisories wait for a person: they would close more than half (and at least ten) of what the feed has
    open, or all feeds together have.
    """
    total = sum(would.values())
    if total >= HELD_AT_LEAST and total > HELD_SHARE * everything:
        return dict.fromkeys(would, f"the advisories as loaded would close {total:,} of all {everything:,} open sightings at once")
    return {
        feed: f"the advisories as loaded would close {count:,} of the {open_now[feed]:,} open sightings here at once"
        for feed, count in would.items()
        if count >= HELD_AT_LEAST and count > HELD_SHARE * open_now[feed]
    }


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
