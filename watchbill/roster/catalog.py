"""Backstage's catalog-info.yaml: read strictly into the few facts that say who owns what, and which of them speaks for a service. Pure.

It takes bytes from anywhere: bounded in size, depth and number of entities, no aliases, nothing constructed, values as written. What it
can't use is a ``Problem`` at its place or a note, never a guess. Entity references are kept in one spelling, ``group:default/payments``
(Backstage's descriptor format: kind, namespace and name, letter case aside).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from watchbill.base.problem import Problem, invalid
from watchbill.engines.dependencies.formats.strict_yaml import yaml_documents
from watchbill.engines.dependencies.packages import RefusedError
from watchbill.roster import limits

FILE_NAMES = ("catalog-info.yaml", "catalog-info.yml")
OWNED_KINDS = ("component", "system", "resource", "api")
"""Kinds that have an owner; what speaks for a folder is looked for in this order."""

KINDS = (*OWNED_KINDS, "group", "user")
ANNOTATIONS = ("pagerduty.com/service-id", "backstage.io/source-location", "github.com/project-slug")
"""The annotations that are kept; every other one (code coverage and the like) is passed over."""

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_REFERENCE = re.compile(rf"(?:(?P<kind>[A-Za-z][A-Za-z0-9]{{0,62}}):)?(?:(?P<namespace>{_NAME})/)?(?P<name>{_NAME})")
_ONE_NAME = re.compile(_NAME)


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of a catalog file. ``owner`` is a canonical reference, "" when none is named; ``annotations`` are the kept ones."""

    kind: str
    namespace: str
    name: str
    owner: str = ""
    system: str = ""
    lifecycle: str = ""
    email: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def ref(self) -> str:
        """Its own canonical reference."""
        return f"{self.kind}:{self.namespace}/{self.name}".lower()

    def annotation(self, name: str) -> str:
        """The annotation's value, "" without one."""
        return dict(self.annotations).get(name, "")


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """What one file holds; ``notes`` are sentences about what was passed over."""

    entities: tuple[Entity, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NearCatalog:
    """The catalog file nearest to a path, among those that name an owner: its place in the repository and its entities."""

    place: str
    entities: Sequence[Entity]


def read_catalog(data: bytes, where: str) -> CatalogFile:
    """The entities of one file. Raises ``Problem`` naming ``where`` and the document for whatever can't be used."""
    if len(data) > limits.CATALOG_BYTES:
        raise invalid(where, f"{where} has more than {limits.CATALOG_BYTES} bytes.", "Split it: each folder may have its own.")
    try:
        documents = yaml_documents(data)
    except RefusedError as error:
        told = error.unreadable
        place = f" ({told.where})" if told.where else ""
        reason = "it uses a YAML alias" if told.code == "unsupported" else told.reason
        raise invalid(where, f"{where} can't be read: {reason}{place}.", "Mend that place in the file and read it again.") from error
    if len(documents) > limits.CATALOG_ENTITIES:
        raise invalid(where, f"{where} holds {len(documents)} documents.", f"At most {limits.CATALOG_ENTITIES} fit.")
    entities: dict[str, Entity] = {}
    notes: list[str] = []
    for number, document in enumerate(documents, start=1):
        place = f"{where}, document {number}"
        found = _entity(document, place) if document is not None else ""
        if isinstance(found, str):
            notes.extend([found] if found else [])
            continue
        if found.ref in entities:
            raise invalid(place, f"{found.ref} is in the file twice.", "Keep one of them.")
        entities[found.ref] = found
        if found.kind in OWNED_KINDS and not found.owner:
            notes.append(f"{place}: {found.ref} names no owner")
    return CatalogFile(tuple(entities.values()), tuple(notes))


def _entity(document: Any, place: str) -> Entity | str:  # noqa: ANN401 - a YAML value
    """One document as an entity; a sentence for one of a kind that says nothing of owners."""
    if not isinstance(document, dict):
        raise invalid(place, f"{place} is no mapping.", "An entity begins with apiVersion and kind.")
    version, kind = _text(document, "apiVersion", place), _text(document, "kind", place).lower()
    if not version.startswith("backstage.io/"):
        return f"{place}: passed over, its apiVersion {version[:60]!r} is not Backstage's"
    if kind not in KINDS:
        return f"{place}: passed over, a {kind[:60] or 'nameless kind'} has no owner here"
    metadata, spec = _mapping(document, "metadata", place), _mapping(document, "spec", place)
    namespace, name = _text(metadata, "namespace", place) or "default", _text(metadata, "name", place)
    for word, text in (("name", name), ("namespace", namespace)):
        if not _ONE_NAME.fullmatch(text):
            raise invalid(f"{place}, metadata.{word}", f"{text[:80]!r} is no {word} of an entity.", "Use letters, digits, - _ and .")
    owner = _text(spec, "owner", place) if kind in OWNED_KINDS else ""
    return Entity(
        kind=kind,
        namespace=namespace.lower(),
        name=name,
        owner=reference(owner, f"{place}, spec.owner", namespace=namespace) if owner else "",
        system=_text(spec, "system", place),
        lifecycle=_text(spec, "lifecycle", place),
        email=_text(_mapping(spec, "profile", place), "email", place).lower() if kind == "user" else "",
        annotations=_annotations(_mapping(metadata, "annotations", place), place),
    )


def _mapping(parent: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    found = parent.get(name)
    if found is not None and not isinstance(found, dict):
        raise invalid(f"{place}, {name}", f"{name} is no mapping.", "Indent what belongs to it.")
    return found or {}


def _text(parent: dict[str, Any], name: str, place: str) -> str:
    found = parent.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > limits.CATALOG_TEXT_CHARS or not found.isprintable():
        raise invalid(f"{place}, {name}", f"{name} is no plain text of up to {limits.CATALOG_TEXT_CHARS} characters.", "Write it out.")
    return found.strip()


def _annotations(given: dict[str, Any], place: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name in ANNOTATIONS if (text := _text(given, name, place)))


def reference(text: str, where: str, *, namespace: str = "default") -> str:
    """An owner's reference in its one spelling. A plain name is a group of ``namespace``. Raises ``Problem`` at ``where``.

    Source: Backstage, "Entity references": ``[kind:][namespace/]name``, compared without regard to letter case.
    """
    found = _REFERENCE.fullmatch(text)
    kind = (found["kind"] or "group").lower() if found else ""
    if found is None or kind not in ("group", "user"):
        raise invalid(where, f"{text[:80]!r} names no owner.", "Write group:default/payments, user:default/alice or a group's plain name.")
    return f"{kind}:{found['namespace'] or namespace}/{found['name']}".lower()


def speakers(entities: Iterable[Entity], service: str, folder: str) -> tuple[Entity, ...]:
    """The entities of the nearest file that speak for a service or folder: those named like the service, else those whose source
    location is the folder, else all of the first kind that has an owner.
    """
    owned = [one for one in entities if one.owner]
    named = [one for one in owned if one.kind == "component" and one.name.lower() == service.lower()]
    placed = [one for one in owned if folder and _source_folder(one).endswith(f"/{folder}")]
    by_kind = next((same for kind in OWNED_KINDS if (same := [one for one in owned if one.kind == kind])), [])
    return tuple(named or placed or by_kind)


def _source_folder(entity: Entity) -> str:
    return entity.annotation("backstage.io/source-location").rstrip("/")


def repo_of(entities: Iterable[Entity]) -> str:
    """The repository that the file says it belongs to, ``org/name``; "" when it doesn't, or says two."""
    said = {slug for one in entities if (slug := one.annotation("github.com/project-slug"))}
    return said.pop() if len(said) == 1 else ""


def folder_of(place: str) -> str:
    """The folder of a file's place in its repository; "" is the top."""
    return place.rpartition("/")[0]


def folders_above(path: str) -> tuple[str, ...]:
    """The folder of ``path`` and every one above it, nearest first, the top ("") last; at most ``limits.CATALOG_DEPTH``."""
    parts = folder_of(path).split("/") if "/" in path else []
    above = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return (*above[: limits.CATALOG_DEPTH], "")


def check_place(place: str) -> str:
    """A catalog file's place as a plain path below its repository's top. Raises ``Problem`` for another name or one that climbs."""
    parts = [part for part in place.replace("\\", "/").split("/") if part not in ("", ".")]
    plain = "/".join(parts)
    if not parts or ".." in parts or parts[-1] not in FILE_NAMES or len(plain) > limits.CATALOG_PLACE_CHARS or not plain.isprintable():
        raise _no_place(place)
    return plain


def _no_place(place: str) -> Problem:
    return invalid("place", f"{place[:80]!r} is no catalog file's place in a repository.", f"Name it {FILE_NAMES[0]}, in any folder.")
