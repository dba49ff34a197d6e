"""CycloneDX bills of materials in JSON, specification 1.2 to 1.7: components at any depth, named by their purl.

The subject of the bill (`metadata.component`) is left out; files, data and hardware without a purl are no packages.
Format: the CycloneDX specification (ECMA-424).
"""

from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import list_at, mapping_at, mappings_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, shortened
from watchbill.engines.dependencies.purl import parse_purl

INFO = ReaderInfo(
    name="cyclonedx",
    title="CycloneDX JSON",
    files=("bom.json", "sbom.json"),
    patterns=("*.cdx.json", "*bom.json", "*cyclonedx*.json"),
    ecosystems=("PyPI", "npm", "Go", "crates.io", "Maven", "RubyGems", "Packagist", "NuGet", "Pub", "Hex", "Hackage", "CRAN"),
)

_SPECIFICATIONS = frozenset(f"1.{minor}" for minor in range(2, 8))
_PACKAGES = frozenset(("application", "framework", "library", "container", "platform", "operating-system"))
_ALGORITHMS = ("SHA-256", "SHA-512", "SHA-384", "SHA-1", "MD5")


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
    subject = mapping_at(mapping_at(bill, "metadata"), "component")
    wanted = _wanted(bill, subject)
    gathered = Collector("cyclonedx")
    for place, component in _components(bill, subject):
        if isinstance(component, dict):
            _add(gathered, component, place, wanted)
        else:
            gathered.note("shape", "a component is no object", place)
    return gathered.inventory()


def _components(bill: dict[str, Any], subject: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(place, component) of all levels, those inside the subject too."""
    waiting = [("components", list_at(bill, "components")), ("metadata.component.components", list_at(subject, "components"))]
    while waiting:
        place, level = waiting.pop(0)
        for number, component in enumerate(level):
            here = f"{place}[{number}]"
            yield here, component
            if isinstance(component, dict) and list_at(component, "components"):
                waiting.append((here + ".components", component["components"]))


def _wanted(bill: dict[str, Any], subject: dict[str, Any]) -> set[str] | None:
    """References of what the subject depends on itself; None where the bill doesn't tell."""
    reference = text_at(subject, "bom-ref")
    if not reference:
        return None
    for node in mappings_at(bill, "dependencies"):
        if node.get("ref") == reference:
            return {needed for needed in list_at(node, "dependsOn") if isinstance(needed, str)}
    return None


def _add(gathered: Collector, component: dict[str, Any], place: str, wanted: set[str] | None) -> None:
    purl = text_at(component, "purl")
    if not purl and text_at(component, "type") not in _PACKAGES:
        return
    meant = parse_purl(purl) if purl else None
    if purl and meant is None:
        gathered.note("shape", f"{shortened(purl, 200)} is no package URL", place)
    reference = text_at(component, "bom-ref")
    ecosystem, name, version = meant or ("", _full_name(component), "")
    scope = text_at(component, "scope")
    gathered.add(
        name,
        version or text_at(component, "version"),
        ecosystem=ecosystem,
        purl=None if ecosystem else (shortened(purl, 1_024) if meant else ""),
        place=reference or place,
        direct=None if wanted is None or not reference else reference in wanted,
        groups=(scope,) if scope in ("optional", "excluded") else (),
        integrity=_checksum(component),
    )


def _full_name(component: dict[str, Any]) -> str:
    group, name = text_at(component, "group"), text_at(component, "name")
    return f"{group}/{name}" if group and name else name


def _checksum(component: dict[str, Any]) -> str:
    found = {text_at(entry, "alg"): text_at(entry, "content") for entry in mappings_at(component, "hashes")}
    return next((f"{alg.replace('-', '').lower()}:{found[alg]}" for alg in _ALGORITHMS if found.get(alg)), "")
