"""CycloneDX bills of materials in JSON, specification 1.2 to 1.7: components at any depth, named by their purl.

The subject of the bill (`metadata.component`) is left out, but what is said of its owners is kept; files, data and hardware without a
purl are no packages. Format: the CycloneDX specification (ECMA-424). The XML form comes through here too, brought into this shape.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies.bills import Bill, Part, inventory_of, strongest, subject_of
from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import list_at, mapping_at, mappings_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, SbomSubject
from watchbill.engines.dependencies.purl_ecosystems import DISTRIBUTIONS, TYPES

INFO = ReaderInfo(
    name="cyclonedx",
    title="CycloneDX JSON",
    files=("bom.json",),
    patterns=("sbom.json", "*.cdx.json", "*bom.json", "*cyclonedx*.json"),
    ecosystems=(*TYPES, *DISTRIBUTIONS),
)

_SPECIFICATIONS = frozenset(f"1.{minor}" for minor in range(2, 8))
_PACKAGES = frozenset(("application", "framework", "library", "container", "platform", "operating-system"))
_OWNER = re.compile(r"(?:^|[:./_ -])(?:owners?|owned[ _-]?by|teams?|contacts?|maintainers?)$", re.IGNORECASE)


def sniff(head: bytes) -> bool:
    """A JSON object that calls itself CycloneDX near its beginning."""
    return head.lstrip().startswith(b"{") and b'"bomFormat"' in head and b'"CycloneDX"' in head


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The components that are packages. Raises RefusedError, unsupported for another kind of JSON or a later specification."""
    del filename, beside
    bill = json_object(data)
    if bill.get("bomFormat") != "CycloneDX":
        raise RefusedError("unsupported", "the file is JSON, but does not call itself CycloneDX", "bomFormat")
    if text_at(bill, "specVersion") not in _SPECIFICATIONS:
        raise RefusedError("unsupported", "this version of the CycloneDX specification is not known here", "specVersion")
    for key in ("components", "dependencies"):
        if not isinstance(bill.get(key, []), list):
            raise RefusedError("shape", f"`{key}` is no list", key)
    return packages_of(bill, INFO.name)


def packages_of(bill: dict[str, Any], kind: str) -> Inventory:
    """The packages of a bill in the shape of the JSON form, `kind` being the reader's name. Raises RefusedError past MAX_PACKAGES."""
    subject = mapping_at(mapping_at(bill, "metadata"), "component")
    gathered = Collector(kind)
    parts = []
    for place, component in _components(bill, subject):
        if isinstance(component, dict):
            parts.append(_part(component, place))
        else:
            gathered.note("shape", "a component is no object", place)
    reference, needs = text_at(subject, "bom-ref"), _needs(bill)
    roots = {"": needs[reference]} if reference and reference in needs else None
    return inventory_of(Bill(parts, roots, needs, _subject(bill, subject)), gathered)


def _components(bill: dict[str, Any], subject: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(place, component) of all levels, those inside the subject too."""
    waiting = deque((("components", list_at(bill, "components")), ("metadata.component.components", list_at(subject, "components"))))
    while waiting:
        place, level = waiting.popleft()
        for number, component in enumerate(level):
            here = f"{place}[{number}]"
            yield here, component
            if isinstance(component, dict) and list_at(component, "components"):
                waiting.append((here + ".components", component["components"]))


def _needs(bill: dict[str, Any]) -> dict[str, list[str]]:
    """What each reference depends on, by the first entry that names it."""
    found: dict[str, list[str]] = {}
    for node in mappings_at(bill, "dependencies"):
        if isinstance(node.get("ref"), str):
            found.setdefault(node["ref"], [needed for needed in list_at(node, "dependsOn") if isinstance(needed, str)])
    return found


def _part(component: dict[str, Any], place: str) -> Part:
    scope = text_at(component, "scope")
    return Part(
        reference=text_at(component, "bom-ref"),
        place=place,
        name=_full_name(component),
        version=text_at(component, "version"),
        purl=text_at(component, "purl"),
        groups=(scope,) if scope in ("optional", "excluded") else (),
        integrity=strongest({text_at(entry, "alg"): text_at(entry, "content") for entry in mappings_at(component, "hashes")}),
        software=text_at(component, "type") in _PACKAGES,
    )


def _full_name(component: dict[str, Any]) -> str:
    group, name = text_at(component, "group"), text_at(component, "name")
    return f"{group}/{name}" if group and name else name


def _subject(bill: dict[str, Any], component: dict[str, Any]) -> SbomSubject | None:
    """What the bill says of its own subject, of who supplies it and of whom to ask."""
    metadata = mapping_at(bill, "metadata")
    organisations = [mapping_at(holder, key) for holder in (component, metadata) for key in ("supplier", "manufacturer", "manufacture")]
    providers = [mapping_at(service, "provider") for service in mappings_at(bill, "services")]
    named = [text_at(organisation, "name") for organisation in organisations[:3]]
    named += [text_at(component, "publisher"), *(text_at(organisation, "name") for organisation in organisations[3:])]
    named += [text_at(provider, "name") for provider in providers]
    return subject_of(
        _full_name(component),
        text_at(component, "version"),
        text_at(component, "purl"),
        next(filter(None, named), ""),
        _contacts(bill, component, organisations, providers),
    )


def _contacts(
    bill: dict[str, Any], component: dict[str, Any], organisations: list[dict[str, Any]], providers: list[dict[str, Any]]
) -> Iterator[str]:
    """Whom the bill names: who a property calls the owner, then authors, then the suppliers' people, then the services' providers."""
    metadata = mapping_at(bill, "metadata")
    for holder in (component, metadata, *mappings_at(bill, "services")):
        for entry in mappings_at(holder, "properties"):
            if _OWNER.search(text_at(entry, "name").strip()):
                yield text_at(entry, "value")
    yield from _people(component, "authors")
    yield text_at(component, "author")
    yield from _people(metadata, "authors")
    for organisation in (*organisations, *providers):
        yield from _people(organisation, "contact")
    yield from (text_at(provider, "name") for provider in providers)


def _people(holder: dict[str, Any], key: str) -> Iterator[str]:
    for person in mappings_at(holder, key):
        yield text_at(person, "email")
        yield text_at(person, "name")
