"""Keeping Backstage catalog files: an import that somebody asked for, all or nothing with its diff; and what a watched path was seen to
hold.

The only writer of their tables. An import is whoever runs it's word and stands until another; a look at a watched path changes only what
the same path brought, so that two paths never argue over one folder.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, invalid
from watchbill.base.writer import audit, news, write
from watchbill.roster import limits, models, owning, rules
from watchbill.roster.catalog import OWNED_KINDS, Entity, check_place, folder_of, read_catalog, repo_of
from watchbill.roster.facts import CatalogDiff

IMPORTED = "import"
_SHOWN = ("owner", "system", "lifecycle", "email", "annotations")


@dataclass(frozen=True, slots=True)
class BroughtFile:
    """A catalog file as it comes in: its place below the repository's top, and its bytes."""

    place: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One file read: where it is kept, and what it holds."""

    home: str
    place: str
    digest: str
    entities: tuple[Entity, ...]


def import_catalog(files: Sequence[BroughtFile], *, by: Actor, home: str = "", dry_run: bool = False, prune: bool = False) -> CatalogDiff:
    """Keep these files in place of what stood at their places, all or nothing. With ``dry_run`` nothing is written.

    They are kept under ``home`` (``queries.catalog_home``), else under the repository that they say (``github.com/project-slug``).
    ``prune`` removes what else is kept there. Raises ``Problem`` naming the file and place that can't be used, or the file whose repository
    nobody says.
    """
    if not files or len(files) > limits.CATALOG_FILES:
        raise invalid("files", f"{len(files)} catalog files were given.", f"Give 1 to {limits.CATALOG_FILES}.")
    wanted, notes = _read(files, home)
    gone = _others(wanted) if prune else []
    if dry_run:
        return _diff(wanted, gone, notes)

    def keep() -> CatalogDiff:
        diff = _diff(wanted, gone, notes)
        homes = sorted({one.home for one in wanted if _keep(one, IMPORTED, by)} | {_remove(row, by) for row in gone})
        for one in homes:
            news("ownership.changed", _subject(one))
        return diff

    return write(keep, name="roster.import_catalog")


def see_catalogs(home: str, files: Sequence[BroughtFile], folders: Iterable[str], *, brought_by: str, by: Actor) -> tuple[str, ...]:
    """Keep what a look at a watched path saw; sentences about what could not be used, whose last good reading then stands.

    ``folders`` are those that were looked into: a file that this path brought before and that is gone from one of them is removed.
    """
    notes: list[str] = []
    wanted: list[_Wanted] = []
    for file in files[: limits.CATALOG_FILES]:
        try:
            read, told = _read_one(file)
        except Problem as problem:
            notes.append(problem.detail)
            continue
        notes.extend(told)
        wanted.append(_Wanted(home, read.place, read.digest, read.entities))
    unread = {folder_of(file.place) for file in files} - {folder_of(one.place) for one in wanted}
    looked = set(folders) - unread

    def keep() -> None:
        here = {folder_of(one.place) for one in wanted}
        others = models.Catalog.objects.filter(home=home, folder__in=here).exclude(brought_by=brought_by)
        taken = set(others.values_list("folder", flat=True))
        changed = [_keep(one, brought_by, by) for one in wanted if folder_of(one.place) not in taken]
        mine = models.Catalog.objects.filter(home=home, brought_by=brought_by)
        gone = [row for row in mine if row.folder in looked and row.folder not in here]
        changed += [bool(_remove(row, by)) for row in gone]
        if any(changed):
            news("ownership.changed", _subject(home))

    if wanted or models.Catalog.objects.filter(home=home, brought_by=brought_by).exists():
        write(keep, name="roster.see_catalogs")
    return tuple(notes)


def _read(files: Sequence[BroughtFile], given: str) -> tuple[list[_Wanted], tuple[str, ...]]:
    read = [(file, *_read_one(file)) for file in files]
    said = {one.place: given or repo_of(one.entities) for _, one, _ in read}
    top = next((said[place] for place in sorted(said, key=lambda place: (place.count("/"), place)) if said[place]), "")
    found: dict[tuple[str, str], _Wanted] = {}
    for _, one, _ in read:
        home = said[one.place] or top
        if not home:
            raise invalid("repo", f"{one.place} does not say which repository it belongs to.", "Give --repo org/name or --service.")
        if not given:
            rules.check_repo(home, f"{one.place}, github.com/project-slug")
        key = (home, folder_of(one.place))
        if key in found:
            raise invalid(one.place, f"{one.place} and {found[key].place} stand in one folder.", "Keep one of them.")
        found[key] = _Wanted(home, one.place, one.digest, one.entities)
    return list(found.values()), tuple(note for _, _, notes in read for note in notes)


def _read_one(file: BroughtFile) -> tuple[_Wanted, tuple[str, ...]]:
    place = check_place(file.place)
    read = read_catalog(file.data, place)
    return _Wanted("", place, hashlib.sha256(file.data).hexdigest(), read.entities), read.notes


def _others(wanted: Sequence[_Wanted]) -> list[models.Catalog]:
    """The other catalog files of the repositories that these belong to."""
    kept = {(one.home, folder_of(one.place)) for one in wanted}
    rows = models.Catalog.objects.filter(home__in={one.home for one in wanted}).order_by("home", "place")
    return [row for row in rows if (row.home, row.folder) not in kept]


def _standing(one: _Wanted) -> models.Catalog | None:
    return models.Catalog.objects.filter(home=one.home, folder=folder_of(one.place)).prefetch_related("entities").first()


def _diff(wanted: Sequence[_Wanted], gone: Sequence[models.Catalog], notes: tuple[str, ...]) -> CatalogDiff:
    lines = [line for one in wanted for line in _lines(one)]
    removed = [f"- catalog {row.home} {row.place}" for row in gone]
    known = owning.catalog_names() | {f"group:default/{slug}": slug for slug in models.Team.objects.values_list("slug", flat=True)}
    owners = {entity.owner for one in wanted for entity in one.entities if entity.owner}
    strangers = tuple(sorted(owner for owner in owners if not known.get(owner)))
    return CatalogDiff((*lines, *removed), len(lines) + len(removed), strangers, notes)


def _lines(one: _Wanted) -> Iterator[str]:
    """What keeping the file changes, a line each; none when it stands like that."""
    row = _standing(one)
    before = {entity.ref: entity for entity in map(owning.entity_of, row.entities.all())} if row else {}
    head = f"catalog {one.home} {one.place}"
    if row and row.place != one.place:
        yield f"~ {head} instead of {row.place}"
    for entity in one.entities:
        old = before.pop(entity.ref, None)
        if old is None:
            yield f"+ {head} {entity.ref}" + (f" owner {entity.owner}" if entity.owner else "")
            continue
        for name in _SHOWN:
            if getattr(old, name) != getattr(entity, name):
                yield f"~ {head} {entity.ref} {name} {_shown(getattr(old, name))} -> {_shown(getattr(entity, name))}"
    yield from (f"- {head} {ref}" for ref in before)


def _shown(value: str | tuple[tuple[str, str], ...]) -> str:
    return (value if isinstance(value, str) else ", ".join(f"{name}={text}" for name, text in value)) or "none"


def _keep(one: _Wanted, brought_by: str, by: Actor) -> bool:
    """Make the tables say what the file says; whether that changed anything."""
    lines = list(_lines(one))
    row = _standing(one)
    if row and not lines:
        if brought_by == IMPORTED and row.brought_by != IMPORTED:
            models.Catalog.objects.filter(pk=row.pk).update(brought_by=IMPORTED)
        return False
    folder, owned = folder_of(one.place), any(entity.kind in OWNED_KINDS and entity.owner for entity in one.entities)
    values = {"place": one.place, "brought_by": brought_by, "digest": one.digest, "owned": owned, "read_at": clock.now()}
    kept, _ = models.Catalog.objects.update_or_create(home=one.home, folder=folder, defaults=values)
    kept.entities.all().delete()
    models.CatalogEntity.objects.bulk_create(_row(kept, place, entity) for place, entity in enumerate(one.entities))
    body = {"place": one.place, "sha256": one.digest, "from": brought_by, "lines": [line[:300] for line in lines[:40]]}
    audit(by, "catalog.read", _subject(one.home), body=body)
    return True


def _row(catalog: models.Catalog, position: int, entity: Entity) -> models.CatalogEntity:
    fields = {name: getattr(entity, name) for name in ("kind", "namespace", "name", "owner", "system", "lifecycle", "email")}
    return models.CatalogEntity(catalog=catalog, position=position, annotations=dict(entity.annotations), **fields)


def _remove(row: models.Catalog, by: Actor) -> str:
    """Take a file's entities away; the home that it was kept under."""
    row.delete()
    audit(by, "catalog.removed", _subject(row.home), body={"place": row.place, "from": row.brought_by})
    return row.home


def _subject(home: str) -> str:
    """What the change is about, as audit and news name it."""
    return home if home.startswith("service:") else f"repo:{home}"
