"""SPDX 3.0 in JSON-LD, brought into the shape of SPDX 2.3's JSON, so that both are read alike.

Only what the SPDX context writes is understood: its own names, one flat graph. Another context's names could mean anything.
Source: the SPDX specification 3.0.1, profiles Core, Software and Lite.
"""

from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies.formats.values import mappings_at, text_at
from watchbill.engines.dependencies.packages import RefusedError, shortened

_CONTEXT = "https://spdx.org/rdf/3.0"
_AGENTS = {"Person": "Person", "Organization": "Organization", "SoftwareAgent": "Tool", "Agent": "Organization", "Tool": "Tool"}
_SCOPES = {"development": "DEV_DEPENDENCY_OF", "test": "TEST_DEPENDENCY_OF", "build": "BUILD_DEPENDENCY_OF"}
_OPTIONAL = {"hasOptionalDependency": "OPTIONAL_DEPENDENCY_OF", "hasProvidedDependency": "PROVIDED_DEPENDENCY_OF"}
_NEEDS = frozenset(("dependsOn", "hasPrerequisite", "hasDynamicLink", "hasStaticLink"))
_DOCUMENT = "SPDXRef-DOCUMENT"


def document_of_graph(document: dict[str, Any]) -> dict[str, Any]:
    """The document in SPDX 2.3's shape. Raises RefusedError, unsupported for another context or version."""
    contexts = document.get("@context")
    named = contexts if isinstance(contexts, list) else [contexts]
    if not any(isinstance(context, str) and context.startswith(_CONTEXT) for context in named):
        raise RefusedError("unsupported", "the file is JSON-LD, but not in the context of SPDX 3.0", "@context")
    elements = mappings_at(document, "@graph")
    by_id = {_id(element): element for element in elements if _id(element)}
    info = next((element for element in elements if _type(element) == "CreationInfo"), {})
    version = text_at(info, "specVersion")
    if not version.startswith("3.0"):
        raise RefusedError(
            "unsupported", f"this version of the SPDX specification is not known here: {shortened(version, 20)}", "specVersion"
        )
    top = next((element for element in elements if _type(element) == "SpdxDocument"), {})
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": _DOCUMENT,
        "name": text_at(top, "name"),
        "creationInfo": {"creators": [_actor(by_id, one) for one in _references(info, "createdBy")]},
        "documentDescribes": list(_roots(by_id, top)),
        "packages": [_package(by_id, element) for element in elements if _type(element) == "Package"],
        "relationships": [edge for element in elements if "Relationship" in _type(element) for edge in _edges(element)],
    }


def _id(element: dict[str, Any]) -> str:
    return text_at(element, "spdxId") or text_at(element, "@id")


def _type(element: dict[str, Any]) -> str:
    """The element's class without its profile: "Package" of software_Package."""
    return (text_at(element, "type") or text_at(element, "@type")).rpartition("_")[2].rpartition("/")[2]


def _references(element: dict[str, Any], key: str) -> list[str]:
    value = element.get(key)
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _roots(by_id: dict[str, dict[str, Any]], top: dict[str, Any]) -> Iterator[str]:
    """What the document is about: its root elements, and theirs where one is a bill of materials itself."""
    for reference in _references(top, "rootElement"):
        element = by_id.get(reference, {})
        if _type(element) in ("Sbom", "Bom", "Bundle"):
            yield from _references(element, "rootElement")
        else:
            yield reference


def _package(by_id: dict[str, dict[str, Any]], element: dict[str, Any]) -> dict[str, Any]:
    purls = [text_at(element, "software_packageUrl") or text_at(element, "packageUrl")]
    for key, kind, locators in (
        ("externalIdentifier", "externalIdentifierType", ("identifier",)),
        ("externalRef", "externalRefType", ("locator",)),
    ):
        for entry in mappings_at(element, key):
            if text_at(entry, kind).lower() in ("purl", "packageurl"):
                purls += [text for locator in locators for text in _references(entry, locator)]
    supplier = next(iter(_references(element, "suppliedBy")), "")
    originator = next(iter(_references(element, "originatedBy")), "")
    return {
        "SPDXID": _id(element),
        "name": text_at(element, "name"),
        "versionInfo": text_at(element, "software_packageVersion") or text_at(element, "packageVersion"),
        "externalRefs": [{"referenceType": "purl", "referenceLocator": purl} for purl in purls if purl],
        "checksums": [
            {"algorithm": text_at(one, "algorithm"), "checksumValue": text_at(one, "hashValue")}
            for one in mappings_at(element, "verifiedUsing")
        ],
        "primaryPackagePurpose": text_at(element, "software_primaryPurpose") or text_at(element, "primaryPurpose"),
        "supplier": _actor(by_id, supplier),
        "originator": _actor(by_id, originator),
    }


def _actor(by_id: dict[str, dict[str, Any]], reference: str) -> str:
    """ "Person: Alice (alice@saltmarsh.example)" of a reference to an agent, empty for another one."""
    element = by_id.get(reference, {})
    kind = _AGENTS.get(_type(element))
    if kind is None:
        return ""
    addresses = (
        text_at(one, "identifier")
        for one in mappings_at(element, "externalIdentifier")
        if text_at(one, "externalIdentifierType") == "email"
    )
    address = next(addresses, "")
    return f"{kind}: {text_at(element, 'name')}" + (f" ({address})" if address else "")


def _edges(element: dict[str, Any]) -> Iterator[dict[str, str]]:
    """One relationship of SPDX 2.3 for each element that it leads to; its scope says for what a dependency is needed."""
    relation, here = text_at(element, "relationshipType"), text_at(element, "from")
    backwards = _OPTIONAL.get(relation) or (_SCOPES.get(text_at(element, "scope")) if relation in _NEEDS else None)
    for there in _references(element, "to"):
        if backwards:
            yield {"spdxElementId": there, "relationshipType": backwards, "relatedSpdxElement": here}
        elif relation in _NEEDS:
            yield {"spdxElementId": here, "relationshipType": "DEPENDS_ON", "relatedSpdxElement": there}
        elif relation == "describes":
            yield {"spdxElementId": _DOCUMENT, "relationshipType": "DESCRIBES", "relatedSpdxElement": there}
