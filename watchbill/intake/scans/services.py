"""The verbs of scanning: take a file in, look at a source, apply what was seen, look through the inventory for new advisories.

Only these functions write intake's tables. Reading and matching happen before the transaction; the transaction replaces the inventory
of what was read and hands the sightings to `cases`, all or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from watchbill.base import clock, ids, inbox, limits, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import invalid, not_found
from watchbill.cases.findings import services as findings
from watchbill.cases.findings.rules import ScanOutcome, Sighting
from watchbill.engines.dependencies.packages import Package
from watchbill.engines.dependencies.results import MatchResult
from watchbill.engines.dependencies.versions import normalise_name
from watchbill.intake.scans import advisories, catalogs
from watchbill.intake.scans.committers import told_committers
from watchbill.intake.scans.hints import Asking, Hints, kept, with_hints
from watchbill.intake.scans.manifests import find_manifests, read_file, read_manifest
from watchbill.intake.scans.models import InventoryRow, Scan, Source
from watchbill.intake.scans.rules import name_for_push, outcome_sentence, sightings_of, summarise, versions_standing
from watchbill.intake.scans.values import Look, ReadManifest, UnreadManifest
from watchbill.roster import queries as roster

_ROWS_PER_STATEMENT = 500


@dataclass(frozen=True)
class Received:
    """A file was taken in: its number in the inbox, and whether the same key had brought it before."""

    inbox_id: int
    repeated: bool


@dataclass(frozen=True)
class LookResult:
    """What one look at a source did: the scan's key, cases' outcome, and the sentence shown for it."""

    scan_key: str
    outcome: ScanOutcome
    sentence: str


def receive(
    data: bytes,
    *,
    filename: str,
    service: str,
    by: Actor,
    repo: str = "",
    branch: str = "",
    complete: bool = True,
    key: str = "",
    committers: str = "",
) -> Received:
    """Take a lockfile or SBOM in: durable when this returns, read by a job right after. `committers` is the sender's hint of who changed
    it last, lines such as "4/10 Alice Duarte <alice@saltmarsh.example>"; what is no such line, or too much, is passed over.

    Raises `Problem` for an unknown service, an empty name, or a file past `limits.MANIFEST_BYTES`.
    """
    roster.require_service(service)  # before a large file is kept for nobody
    return writer.write(
        receiving(
            data,
            filename=filename,
            service=service,
            by=by,
            repo=repo,
            branch=branch,
            complete=complete,
            key=key,
            committers=committers,
        ),
        name="scans.receive",
    )


def receiving(
    data: bytes,
    *,
    filename: str,
    service: str,
    by: Actor,
    repo: str = "",
    branch: str = "",
    complete: bool = True,
    key: str = "",
    committers: str = "",
) -> Callable[[], Received]:
    """What `receive` gives to `write`, for a caller that hands it in by itself. Raises `Problem` for a bad name or size; the closure does
    for an unknown service.
    """
    manifest = _manifest_name(filename)
    if len(data) > limits.MANIFEST_BYTES:
        raise invalid("file", f"{manifest} is larger than {limits.MANIFEST_BYTES} bytes", "send the lockfile itself, not an archive")
    if len(repo) > limits.PLACE_LETTERS or len(branch) > limits.PLACE_LETTERS:
        raise invalid("repo", f"a repository or branch has at most {limits.PLACE_LETTERS} letters", "name it as the forge does")
    meta = {"filename": manifest, "service": service, "repo": repo, "branch": branch, "complete": complete}
    if told_committers(committers):
        meta["committers"] = committers[: limits.GIT_TOLD_CHARS]
    try:
        accept = inbox.accepting(data, kind="scan", source=f"pushed:{service}", by=by, meta=meta, key=key)
    except ValueError:
        raise invalid("repo", "Service, repository, branch and committers are too long to be kept.", "name them in fewer letters") from None

    def receive_it() -> Received:
        roster.require_service(service)
        accepted = accept()
        return Received(accepted.id, accepted.repeated)

    return receive_it


def _manifest_name(filename: str) -> str:
    """A manifest's place as a plain relative path; raises `Problem` for an absolute one or one that climbs."""
    parts = [part for part in filename.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts or len(filename) > limits.MANIFEST_NAME_LETTERS or not filename.isprintable():
        raise invalid(
            "filename", f"{filename[:80]!r} is no place inside a repository", "give a relative path such as apps/board/package-lock.json"
        )
    return "/".join(parts)


def read_received(inbox_id: int, *, by: Actor) -> LookResult | None:
    """Read one file from the inbox and apply it; `None` when it was applied before. An unreadable one is recorded as such."""
    item = inbox.load(inbox_id)
    if item.state != "new" or Scan.objects.filter(key=f"inbox-{inbox_id}").exists():
        return None
    manifest, service = str(item.meta["filename"]), str(item.meta["service"])
    found = read_manifest(manifest, inbox.read_bytes(inbox_id))
    if isinstance(found, ReadManifest):
        found = replace(found, committers=told_committers(str(item.meta.get("committers", ""))))
    source = _source_for_push(service, manifest, str(item.meta.get("repo", "")), str(item.meta.get("branch", "")))
    look = Look(
        key=f"inbox-{inbox_id}",
        source=source.name,
        service=service,
        repo=source.repo,
        branch=source.branch,
        scope_inputs=(manifest,),
        started_at=item.received_at,
        finished_at=item.received_at,
        complete=bool(item.meta.get("complete", True)) and isinstance(found, ReadManifest),
        read=(found,) if isinstance(found, ReadManifest) else (),
        unread=(found,) if isinstance(found, UnreadManifest) else (),
    )
    return _apply(source, look, inbox_id=inbox_id, by=by)


def _source_for_push(service: str, manifest: str, repo: str, branch: str) -> Source:
    """The source that stands for this manifest of this service's repository and branch, made on first sight."""
    name = name_for_push(service, manifest, repo, branch)
    earlier = ":".join(part for part in ("pushed", service, branch, manifest) if part)  # before repositories were told apart

    def make() -> int:
        made, _ = Source.objects.get_or_create(
            name=name,
            defaults={
                "kind": "pushed",
                "service": service,
                "repo": repo,
                "branch": branch,
                "created_at": clock.now(),
                "inputs": [manifest],
            },
        )
        return int(made.pk)

    existing = Source.objects.filter(name__in=(name, earlier), repo=repo, branch=branch).first()
    return existing or Source.objects.get(pk=writer.write(make, name="scans.source"))


def watch_path(path: Path, *, service: str, by: Actor, repo: str = "", branch: str = "") -> int:
    """Configure a folder or file on this machine to be looked at regularly; the source's number.

    Raises `Problem` for a path that is not there or an unknown service. The caller checks who may configure.
    """
    resolved = path.resolve()
    if not resolved.exists():
        raise invalid("path", f"there is nothing at {resolved}", "give a folder that this server can read")
    roster.service(service)
    name = f"path:{service}:{resolved}"

    def make() -> int:
        source, made = Source.objects.get_or_create(
            name=name,
            defaults={
                "kind": "path", "service": service, "repo": repo, "branch": branch, "path": str(resolved), "created_at": clock.now(),
            },
        )  # fmt: skip
        if made:
            writer.audit(by, "source.added", f"source:{source.pk}", body={"name": name, "service": service})
        return int(source.pk)

    return writer.write(make, name="scans.watch_path")


def check_now(source_id: int, *, by: Actor) -> LookResult:
    """Look at a watched path again, now. Raises `Problem` for a source that only receives, or whose path has gone."""
    source = Source.objects.filter(pk=source_id).first()
    if source is None:
        raise not_found("source", str(source_id))
    if source.kind != "path":
        raise invalid("source", "this source is pushed to, so Watchbill cannot look by itself", f"wb send FILE --service {source.service}")
    started = clock.now()
    files = list(find_manifests(Path(source.path)))
    looked = [read_file(found) for found in files]
    known = [str(name) for name in source.inputs]
    gone = tuple(
        UnreadManifest(name, "was there at the last look and is not any more")
        for name in known
        if name not in {found.manifest for found in files}
    )
    read = tuple(found for found in looked if isinstance(found, ReadManifest))
    unread = tuple(found for found in looked if isinstance(found, UnreadManifest)) + gone
    look = Look(
        key=f"look-{ids.new_id()}",
        source=source.name,
        service=source.service,
        repo=source.repo,
        branch=source.branch,
        scope_inputs=tuple(sorted({*known, *(found.manifest for found in files)})),
        started_at=started,
        finished_at=clock.now(),
        complete=True,
        read=read,
        unread=unread,
        root=str(files[0].root) if files else "",
        notes=catalogs.see(source, files, by=by),
    )
    return _apply(source, look, inbox_id=None, by=by)


def _apply(source: Source, look: Look, *, inbox_id: int | None, by: Actor) -> LookResult:
    """Match outside the transaction, then in one: inventory, scan row, findings, audit."""
    advisories.require_loaded()
    matched = {manifest.manifest: advisories.store().match(manifest.packages) for manifest in look.read}
    sightings: list[Sighting] = []
    asking, people = Asking(look), dict[str, Hints]()
    for manifest in look.read:
        result = matched[manifest.manifest]
        found = sightings_of(manifest.manifest, manifest.kind, result.hits, result.unknown, advisories.facts)
        people[manifest.manifest] = asking.of(manifest, wanted=bool(found))
        sightings.extend(with_hints(found, people[manifest.manifest]))
    summary = summarise(look)
    unknown = _unknown_lines(matched)
    standing = versions_standing(look.read)

    def apply() -> LookResult:
        outcome = findings.record_scan(summary, tuple(sightings), by=by, version_now=standing)
        sentence = outcome_sentence(look, outcome)
        if not outcome.held:
            _replace_inventory(source.pk, look.read)
            _keep_hints(source.pk, people)
        _write_scan(source, look, outcome, sentence, unknown, inbox_id)
        if inbox_id is not None:
            reason = "; ".join(f"{manifest.reason} {manifest.where}".strip() for manifest in look.unread)
            inbox.mark(inbox_id, "unreadable" if not look.read else "held" if outcome.held else "read", reason or outcome.held_reason)
        return LookResult(look.key, outcome, sentence)

    return writer.write(apply, name="scans.apply")


def _unknown_lines(matched: dict[str, MatchResult]) -> list[str]:
    lines = [
        f"{manifest}: {match.package.name} {match.package.version or match.package.bound or '(not pinned)'}: {match.reason}"
        for manifest, result in matched.items()
        for match in result.unknown
    ]
    return lines[: limits.SCAN_LINES_KEPT]


def _write_scan(source: Source, look: Look, outcome: ScanOutcome, sentence: str, unknown: list[str], inbox_id: int | None) -> None:
    Scan.objects.create(
        source_id=source.pk,
        key=look.key,
        inbox_id=inbox_id,
        started_at=look.started_at,
        finished_at=look.finished_at,
        complete=look.complete,
        packages=look.packages,
        inputs_read=[manifest.manifest for manifest in look.read],
        unreadable=[[manifest.manifest, manifest.reason, manifest.where] for manifest in look.unread],
        notes=[*look.notes, *(f"{manifest.manifest}: {note}" for manifest in look.read for note in manifest.notes)][
            : limits.SCAN_LINES_KEPT
        ],
        unknown=unknown,
        outcome=sentence,
        held=outcome.held,
    )
    changes = {
        "last_scan_at": look.finished_at,
        "last_outcome": sentence,
        "last_ok": bool(look.read) and not look.unread and not outcome.held,
    }
    if look.read and not outcome.held:
        changes["inputs"] = sorted(set(look.scope_inputs) - {manifest.manifest for manifest in look.unread})
    Source.objects.filter(pk=source.pk).update(**changes)


def _replace_inventory(source_id: int, read: Iterable[ReadManifest]) -> None:
    """What each readable manifest pins now, in place of what it pinned before; unreadable ones keep their last known rows."""
    for manifest in read:
        InventoryRow.objects.filter(source_id=source_id, manifest=manifest.manifest).delete()
        rows = [_inventory_row(source_id, manifest, package) for package in manifest.packages]
        InventoryRow.objects.bulk_create(rows, batch_size=_ROWS_PER_STATEMENT)


def _keep_hints(source_id: int, people: dict[str, Hints]) -> None:
    """What the manifests that were read say about people now; those that were not read keep what they said."""
    stored = dict(Source.objects.values_list("hints", flat=True).get(pk=source_id))
    told = {**{name: hint for name, hint in stored.items() if name not in people}, **kept(people)}
    if told != stored:
        Source.objects.filter(pk=source_id).update(hints=told)


def _inventory_row(source_id: int, manifest: ReadManifest, package: Package) -> InventoryRow:
    return InventoryRow(
        source_id=source_id,
        manifest=manifest.manifest,
        ecosystem=package.ecosystem[:40],
        name=normalise_name(package.ecosystem, package.name)[:300],
        version=package.version[:200],
        bound=package.bound[:200],
        purl=package.purl[:600],
        direct=package.direct,
        path=list(package.path),
        kind=manifest.kind,
    )


def look_at_stale_paths(*, older_than: timedelta, by: Actor) -> int:
    """Look again at each watched path whose last look is older; how many were looked at."""
    before = clock.now() - older_than
    due = [source.pk for source in Source.objects.filter(kind="path") if source.last_scan_at is None or source.last_scan_at < before]
    for source_id in due:
        check_now(source_id, by=by)
    return len(due)
