"""SPDX documents in JSON: specification 2.2 and 2.3 as they are, 3.0 brought into their shape.

The one package that a document describes is its subject and left out, unless it is the only one; several described ones are all
packages. A package without a purl is of no ecosystem, and one that says that it is a file, a source archive or a device is none.
Format: the SPDX specification 2.3 (relationships in chapter 11) and 3.0.1.
"""

from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies.bills import Bill, Part, inventory_of, strongest, subject_of
from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import list_at, mapping_at, mappings_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, SbomSubject
from watchbill.engines.dependencies.purl import identified
from watchbill.engines.dependencies.purl_ecosystems import DISTRIBUTIONS, TYPES
from watchbill.engines.dependencies.spdx3 import document_of_graph

INFO = ReaderInfo(
    name="spdx",
    title="SPDX JSON",
    files=("spdx.json",),
    patterns=("*.spdx.json", "*.spdx3.json", "*spdx*.json", "*.spdx.jsonld"),
    ecosystems=(*TYPES, *DISTRIBUTIONS),
)

_SPECIFICATIONS = ("SPDX-2.2", "SPDX-2.3")
_UNSAID = frozenset(("NOASSERTION", "NONE"))
_NO_SOFTWARE = frozenset(("FILE", "SOURCE", "ARCHIVE", "DEVICE", "FIRMWARE", "DATA", "DOCUMENTATION", "MODEL"))
_NEEDED = {"DEPENDS_ON": "", "HAS_PREREQUISITE": "", "DYNAMIC_LINK": "", "STATIC_LINK": ""}
_NEEDED_BY = {
    "DEPENDENCY_OF": "",
    "RUNTIME_DEPENDENCY_OF": "",
    "PREREQUISITE_FOR": "",
    "DEV_DEPENDENCY_OF": "dev",
    "DEV_TOOL_OF": "dev",
    "TEST_DEPENDENCY_OF": "test",
    "TEST_TOOL_OF": "test",
    "BUILD_DEPENDENCY_OF": "build",
    "BUILD_TOOL_OF": "build",
    "OPTIONAL_DEPENDENCY_OF": "optional",
    "PROVIDED_DEPENDENCY_OF": "provided",
}
RELATIONS = frozenset((*_NEEDED, *_NEEDED_BY, "DESCRIBES", "DESCRIBED_BY"))
"""The kinds of relationship that are looked at; files contained, licences and the like are not."""

_DOCUMENT = "SPDXRef-DOCUMENT"
_HEADS = (b'"spdxVersion"', b'"SPDXID"')
_GRAPH_HEADS = (b'"@context"', b'"@graph"', b"spdx")

Edges = dict[str, dict[str, list[str]]]
"""What each element needs: by its reference, then by group."""


def sniff(head: bytes) -> bool:
    """A JSON object with SPDX's version, or with its context and graph, near its beginning."""
    if not head.lstrip().startswith(b"{"):
        return False
    return _HEADS[0] in head or all(word in head for word in _GRAPH_HEADS)


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages of the document. Raises RefusedError, unsupported for another kind of JSON or another specification."""
    del filename, beside
    document = json_object(data)
    if "spdxVersion" not in document and isinstance(document.get("@graph"), list):
        document = document_of_graph(document)
    if not isinstance(document.get("spdxVersion"), str):
        raise RefusedError("unsupported", "the file is JSON, but does not call itself SPDX", "spdxVersion")
    return packages_of(document, INFO.name)


def packages_of(document: dict[str, Any], kind: str) -> Inventory:
    """The packages of a document in the shape of SPDX 2.3's JSON, `kind` being the reader's name.

    Raises RefusedError, unsupported for another version of the specification, shape if a list is none.
    """
    if text_at(document, "spdxVersion") not in _SPECIFICATIONS:
        raise RefusedError("unsupported", "this version of the SPDX specification is not known here", "spdxVersion")
    for key in ("packages", "relationships", "documentDescribes"):
        if not isinstance(document.get(key, []), list):
            raise RefusedError("shape", f"`{key}` is no list", key)
    gathered = Collector(kind)
    parts: dict[str, dict[str, Any]] = {}
    for number, package in enumerate(list_at(document, "packages")):
        place = f"packages[{number}]"
        if isinstance(package, dict):
            reference = text_at(package, "SPDXID")
            parts[place if reference in parts else reference or place] = package
        else:
            gathered.note("shape", "a package is no object", place)
    subject = _subject_reference(document, parts)
    edges = _edges(document)
    needs = {reference: [needed for group in by_group.values() for needed in group] for reference, by_group in edges.items()}
    listed = [_part(package, reference) for reference, package in parts.items() if reference != subject]
    return inventory_of(Bill(listed, edges.get(subject) if subject else None, needs, _subject(document, parts.get(subject, {}))), gathered)


def _subject_reference(document: dict[str, Any], parts: dict[str, dict[str, Any]]) -> str:
    """The one package that the document describes, empty if that is no package, several, or all that there is."""
    itself = text_at(document, "SPDXID") or _DOCUMENT
    described = {text: None for text in list_at(document, "documentDescribes") if isinstance(text, str)}
    for first, relation, second in _relations(document):
        if relation == "DESCRIBES" and first == itself:
            described[second] = None
        elif relation == "DESCRIBED_BY" and second == itself:
            described[first] = None
    known = [reference for reference in described if reference in parts]
    return known[0] if len(known) == 1 and len(parts) > 1 else ""


def _relations(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(element, relation, element) of every relationship."""
    for relation in mappings_at(document, "relationships"):
        yield text_at(relation, "spdxElementId"), text_at(relation, "relationshipType"), text_at(relation, "relatedSpdxElement")


def _edges(document: dict[str, Any]) -> Edges:
    edges: Edges = {}
    for first, relation, second in _relations(document):
        if relation in _NEEDED:
            edges.setdefault(first, {}).setdefault(_NEEDED[relation], []).append(second)
        elif relation in _NEEDED_BY:
            edges.setdefault(second, {}).setdefault(_NEEDED_BY[relation], []).append(first)
    return edges


def _part(package: dict[str, Any], reference: str) -> Part:
    sums = {text_at(entry, "algorithm"): text_at(entry, "checksumValue") for entry in mappings_at(package, "checksums")}
    return Part(
        reference=reference,
        place=reference,
        name=text_at(package, "name"),
        version=_said(text_at(package, "versionInfo")),
        purl=_purl(package),
        integrity=strongest(sums),
        software=text_at(package, "primaryPackagePurpose").upper().replace("-", "_") not in _NO_SOFTWARE,
    )


def _purl(package: dict[str, Any]) -> str:
    """The purl among the references to elsewhere; of several the first that belongs to an ecosystem."""
    purls = [
        text_at(entry, "referenceLocator").strip()
        for entry in mappings_at(package, "externalRefs")
        if text_at(entry, "referenceType").rpartition("/")[2].lower() == "purl"
    ]
    known = ((purl, identified(purl)) for purl in purls)
    return next((purl for purl, meant in known if meant and meant[0]), purls[0] if purls else "")


def _said(text: str) -> str:
    return "" if text in _UNSAID else text


def _subject(document: dict[str, Any], package: dict[str, Any]) -> SbomSubject | None:
    """The described package, else the document's name; its supplier; who originated it and who wrote the document."""
    contacts: list[str] = []
    named: list[str] = []
    actors = [text_at(package, "supplier"), text_at(package, "originator")]
    actors += [text for text in list_at(mapping_at(document, "creationInfo"), "creators") if isinstance(text, str)]
    for actor in actors:
        kind, name, address = _actor(actor)
        if kind != "tool":
            contacts += [address, name]
        if kind == "organization":
            named.append(name)
    said = _actor(actors[0])
    return subject_of(
        text_at(package, "name") or text_at(document, "name"),
        _said(text_at(package, "versionInfo")),
        _purl(package),
        said[1] or next(iter(named), ""),
        contacts,
    )


def _actor(text: str) -> tuple[str, str, str]:
    """(kind in lower case, name, address) of "Person: Alice (alice@saltmarsh.example)"; empty for none."""
    kind, colon, rest = text.partition(":")
    if not colon or text in _UNSAID:
        return "tool", "", ""
    name, _, address = rest.strip().partition(" (")
    return kind.strip().lower(), name.strip(), address.removesuffix(")").strip()
