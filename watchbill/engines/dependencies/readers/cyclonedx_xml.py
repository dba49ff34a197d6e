"""CycloneDX bills of materials in XML, specification 1.0 to 1.7: brought into the shape of the JSON form and read as that.

A bill and its JSON twin give the same packages, places included. Format: the CycloneDX specification (ECMA-424), its XML schema.
"""

from typing import Any

from watchbill.engines.dependencies.formats.strict_xml import Element, begins_like, xml_root
from watchbill.engines.dependencies.packages import Beside, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.readers.cyclonedx import INFO as JSON_INFO
from watchbill.engines.dependencies.readers.cyclonedx import packages_of

INFO = ReaderInfo(
    name="cyclonedx_xml",
    title="CycloneDX XML",
    files=("bom.xml",),
    patterns=("*.cdx.xml", "*bom.xml", "*cyclonedx*.xml"),
    ecosystems=JSON_INFO.ecosystems,
)

_NAMESPACE = "http://cyclonedx.org/schema/bom/"
_SPECIFICATIONS = frozenset(f"1.{minor}" for minor in range(8))
_TEXTS = ("author", "publisher", "group", "name", "version", "purl", "scope")
_ORGANISATIONS = ("supplier", "manufacturer", "manufacture", "provider")
# fmt: off
_OF_NO_USE = frozenset((
    "annotations", "annotators", "commits", "compositions", "copyright", "cpe", "cryptoProperties", "data", "declarations",
    "definitions", "description", "diffs", "endpoints", "evidence", "externalReferences", "formulation", "licenses", "lifecycles",
    "mime-type", "modelCard", "notes", "omniborId", "patches", "pedigree", "releaseNotes", "signature", "swhid", "swid", "tags",
    "tools", "vulnerabilities",
))
# fmt: on


def sniff(head: bytes) -> bool:
    """An XML document with the specification's namespace near its beginning."""
    return begins_like(head, _NAMESPACE)


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The components that are packages. Raises RefusedError, unsupported for another kind of XML or a later specification."""
    del filename, beside
    namespace, root = xml_root(data, _OF_NO_USE)
    if root.name != "bom" or not namespace.startswith(_NAMESPACE):
        raise RefusedError("unsupported", "the file is XML, but does not call itself CycloneDX", f"line {root.line}")
    if namespace.removeprefix(_NAMESPACE) not in _SPECIFICATIONS:
        raise RefusedError("unsupported", "this version of the CycloneDX specification is not known here", f"line {root.line}")
    bill: dict[str, Any] = {
        "components": [_holder(component) for component in root.all("components", "component")],
        "services": [_holder(service) for service in root.all("services", "service")],
        "dependencies": [_dependency(node) for node in root.all("dependencies", "dependency")],
    }
    metadata = root.first("metadata")
    if metadata is not None:
        bill["metadata"] = {**_holder(metadata), "component": next(map(_holder, metadata.all("component")), {})}
    root.children.clear()  # so that a large file is not held twice
    return packages_of(bill, INFO.name)


def _holder(element: Element) -> dict[str, Any]:
    """A component, a service or the metadata, with what is used of them."""
    found: dict[str, Any] = dict(element.attributes)
    for key in _TEXTS:
        text = element.text_at(key)
        if text:
            found[key] = text
    for key in _ORGANISATIONS:
        organisation = element.first(key)
        if organisation is not None:
            found[key] = {"name": organisation.text_at("name"), "contact": [_person(one) for one in organisation.all("contact")]}
    lists: dict[str, list[Any]] = {
        "authors": [_person(one) for one in element.all("authors", "author")],
        "properties": [{"name": one.attributes.get("name", ""), "value": one.text} for one in element.all("properties", "property")],
        "hashes": [{"alg": one.attributes.get("alg", ""), "content": one.text} for one in element.all("hashes", "hash")],
        "components": [_holder(inner) for inner in element.all("components", "component")],
    }
    found.update((key, value) for key, value in lists.items() if value)
    return found


def _person(element: Element) -> dict[str, str]:
    return {"name": element.text_at("name"), "email": element.text_at("email")}


def _dependency(element: Element) -> dict[str, Any]:
    needed = [inner.attributes["ref"] for inner in element.all("dependency") if "ref" in inner.attributes]
    return {"ref": element.attributes.get("ref"), "dependsOn": needed}
