"""packages.lock.json: the packages that NuGet locks, over all target frameworks of the project.

Projects that the project refers to are left out: they are code of the same house; what they need is shown to come in through them.
Format: NuGet's documentation of PackageReference, "Locking dependencies", and `PackagesLockFileFormat.cs`.
"""

from collections.abc import Iterator
from typing import Any

from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import mapping_at, text_at
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.purl import make_purl
from watchbill.engines.dependencies.reachable import shortest_paths

INFO = ReaderInfo(
    name="nuget",
    title="packages.lock.json",
    files=("packages.lock.json",),
    patterns=("packages.*.lock.json", "*packages*.lock.json"),
    ecosystems=("NuGet",),
)

_VERSIONS = (1, 2)


def sniff(head: bytes) -> bool:
    """A JSON object with packages as NuGet resolves them near its beginning."""
    return head.lstrip().startswith(b"{") and all(word in head for word in (b'"dependencies"', b'"resolved"', b'"contentHash"'))


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The packages that the file locks. Raises RefusedError, unsupported for a later version of the format."""
    del filename, beside
    document = json_object(data)
    if not isinstance(document.get("dependencies"), dict):
        raise RefusedError("shape", "the file is JSON, but holds no dependencies as NuGet writes them", "dependencies")
    version = document.get("version")
    if isinstance(version, bool) or version not in _VERSIONS:
        raise RefusedError("unsupported", "this version of the format is not known here", "version")
    gathered = Collector("nuget", "NuGet")
    for framework, packages in document["dependencies"].items():
        if isinstance(packages, dict):
            _take(gathered, framework, packages)
        else:
            gathered.note("shape", "what is needed for a framework is no object", framework)
    return gathered.inventory()


def _take(gathered: Collector, framework: str, packages: dict[str, Any]) -> None:
    entries = dict(_entries(gathered, framework, packages))
    kinds = {name: text_at(entry, "type").lower() for name, (_, entry) in entries.items()}
    roots = [name for name, kind in kinds.items() if kind == "direct"] + [name for name, kind in kinds.items() if kind == "project"]

    def needs(name: str) -> Iterator[str]:
        found = (needed.lower() for needed in mapping_at(entries[name][1], "dependencies"))
        return (needed for needed in found if needed in entries)

    def label(name: str) -> str:
        written, entry = entries[name]
        version = text_at(entry, "resolved")
        return f"{written}@{version}" if version else written

    paths = shortest_paths(roots, needs, label)
    for name, (written, entry) in entries.items():
        if kinds[name] != "project":
            version = text_at(entry, "resolved")
            gathered.add(
                written,
                version,
                place=f"{framework} {written}",
                direct=kinds[name] == "direct",
                bound="" if version else text_at(entry, "requested"),
                integrity=f"sha512-{text_at(entry, 'contentHash')}" if text_at(entry, "contentHash") else "",
                purl=make_purl("NuGet", written, version),
                path=paths.get(name, ()),
            )


def _entries(gathered: Collector, framework: str, packages: dict[str, Any]) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """(name in lower case, (name as written, entry)); NuGet's names ignore case."""
    for written, entry in packages.items():
        if isinstance(entry, dict):
            yield written.lower(), (written, entry)
        else:
            gathered.note("shape", "a package is no object", f"{framework} {written}")
