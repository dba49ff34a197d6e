"""SPDX documents in the tag-value form, specification 2.2 and 2.3: brought into the shape of the JSON form and read as that.

A document and its JSON twin give the same packages. Format: the SPDX specification 2.3, annex "Tag-value".
"""

import re
from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.packages import Beside, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.readers.spdx import INFO as JSON_INFO
from watchbill.engines.dependencies.readers.spdx import RELATIONS, packages_of

INFO = ReaderInfo(
    name="spdx_tagvalue",
    title="SPDX tag-value",
    files=("sbom.spdx",),
    patterns=("*.spdx", "*.spdx.tag", "*.spdx.txt"),
    ecosystems=JSON_INFO.ecosystems,
)

_FIRST_LINES = re.compile(rb"^SPDXVersion:[ \t]*SPDX-", re.MULTILINE)
_TAG = re.compile(r"([A-Za-z][A-Za-z0-9]*):[ \t]*(.*)")
_OPEN, _CLOSE = "<text>", "</text>"
_DOCUMENT_TEXTS = {"SPDXVersion": "spdxVersion", "DocumentName": "name"}
_PACKAGE_TEXTS = {
    "PackageVersion": "versionInfo",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
_OTHER_SECTIONS = frozenset(("FileName", "SnippetSPDXID", "LicenseID", "Reviewer", "Annotator"))


def sniff(head: bytes) -> bool:
    """The tag that every such document begins with."""
    return _FIRST_LINES.search(head) is not None


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages of the document. Raises RefusedError, unsupported for another version of the specification."""
    del filename, beside
    document: dict[str, Any] = {"creationInfo": {"creators": []}, "packages": [], "relationships": []}
    section: dict[str, Any] | None = document
    number = 0
    for number, tag, value in _tags(text_of(data)):
        if tag == "PackageName":
            section = {"name": value, "externalRefs": [], "checksums": []}
            document["packages"].append(section)
        elif tag in _OTHER_SECTIONS:
            section = None
        elif tag == "SPDXID":
            if section is not None:
                section.setdefault("SPDXID", value)
        elif not _take_document(document, tag, value, number) and section is not None and section is not document:
            _take_package(section, tag, value)
    if not number:
        return Inventory(kind=INFO.name, packages=())
    return packages_of(document, INFO.name)


def _tags(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, tag, value); a value between <text> and </text> may go over many lines. Comments are left out."""
    tag, start, kept = "", 0, ""
    open_text: list[str] | None = None
    for number, line in lines_of(text):
        if open_text is not None:
            before, closed, _ = line.partition(_CLOSE)
            open_text.append(before)
            if closed:
                yield start, tag, "\n".join(open_text).strip()
                open_text = None
            continue
        found = _TAG.fullmatch(line.strip())
        if not found:
            if line.strip() and not line.lstrip().startswith("#"):
                raise RefusedError("syntax", "a line has no tag", f"line {number}")
            continue
        tag, start, kept = found[1], number, found[2].strip()
        if not kept.startswith(_OPEN):
            yield number, tag, kept
        elif _CLOSE in kept:
            yield number, tag, kept[len(_OPEN) :].partition(_CLOSE)[0].strip()
        else:
            open_text = [kept[len(_OPEN) :]]
    if open_text is not None:
        raise RefusedError("truncated", "the file ends inside a text", f"line {start}")


def _take_document(document: dict[str, Any], tag: str, value: str, number: int) -> bool:
    """Take in a tag that belongs to the whole document wherever it stands; whether it was one."""
    if tag in _DOCUMENT_TEXTS:
        document.setdefault(_DOCUMENT_TEXTS[tag], value)
    elif tag == "Creator":
        document["creationInfo"]["creators"].append(value)
    elif tag == "Relationship":
        words = value.split()
        if len(words) != 3:
            raise RefusedError("syntax", "a relationship is not made of two elements and what is between them", f"line {number}")
        if words[1] in RELATIONS:
            document["relationships"].append({"spdxElementId": words[0], "relationshipType": words[1], "relatedSpdxElement": words[2]})
        if len(document["relationships"]) > limits.MAX_RELATIONS:
            raise RefusedError("too_large", f"the file holds more than {limits.MAX_RELATIONS:,} relationships", f"line {number}")
    else:
        return False
    return True


def _take_package(package: dict[str, Any], tag: str, value: str) -> None:
    if tag in _PACKAGE_TEXTS:
        package.setdefault(_PACKAGE_TEXTS[tag], value)
    elif tag == "ExternalRef":
        words = value.split()
        if len(words) >= 3:
            package["externalRefs"].append({"referenceType": words[1], "referenceLocator": words[2]})
    elif tag == "PackageChecksum":
        algorithm, _, checksum = value.partition(":")
        package["checksums"].append({"algorithm": algorithm.strip(), "checksumValue": checksum.strip()})
